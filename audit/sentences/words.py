"""The words in which a model's changes are told. Each app gives those of its models; this package knows none by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

# In templates {thing} is the row itself, {count} how many, {things} what many of them are called, {act} what it allows, and any
# other word a field of the row. A lazy translation or a plain string.
type Template = Any

ANY: Final = object()  # a change of the field to whatever


def joined(row: Any, fields: tuple[str, ...]) -> str:
    return " ".join(str(value) for name in fields if (value := getattr(row, name)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """How to say what happened to rows of one model. All has a default that is plain but true."""

    # What a row is called is made of these fields, as they were at the time; `name` says how if not by joining them.
    name_fields: tuple[str, ...] = ()
    name: Callable[[Any], str] | None = None
    quoted: bool = False
    nameless: Template = _("something whose name is not known")
    plural: Template = ""  # else the model's own

    created: Template = _("created {thing}")
    deleted: Template = _("deleted {thing}")
    created_many: Template = _("created {count} {things}")
    changed_many: Template = _("changed {count} {things}")
    deleted_many: Template = _("deleted {count} {things}")
    own_name: Template = _("one of the {things}")  # {thing} of a model whose rows have no names
    # Whose act a row is, by this foreign key; and the words for when another person did it.
    person: str = ""
    by_another: "Words | None" = None
    # The foreign key to the permission that a row gives: {act} is what `acts` calls it by its codename, or else by `ANY`.
    permission: str = ""
    acts: Mapping[Any, Template] = field(default_factory=dict)
    member: str = ""  # the foreign key that names the rows of a bulk statement; else they name themselves

    # What a change of a field to a value is called, or from one value to another: {"status": {"published": …, ("a", "b"): …}}.
    verbs: Mapping[str, Mapping[Any, Template]] = field(default_factory=dict)
    # What a field is called in a sentence, where its label does not fit into one.
    fields: Mapping[str, Template] = field(default_factory=dict)
    # Fields that only follow others: told when nothing else changed.
    following: frozenset[str] = frozenset()

    def name_of(self, row: Any) -> str:
        """`row` needs no more than `name_fields`."""
        name = self.name(row) if self.name else joined(row, self.name_fields)
        if not name.strip():
            return str(self.nameless)
        return f"“{name}”" if self.quoted else name


_words: dict[str, Words] = {}
PLAIN = Words()


def register(words: Mapping[Any, Words]) -> None:
    """Called by `AppConfig.ready`, once for each app."""
    _words.update({model._meta.label_lower: told for model, told in words.items()})


def words_of(model: Any) -> Words:
    return _words.get(model._meta.label_lower, PLAIN)


def plural_of(model: Any) -> str:
    return str(words_of(model).plural or model._meta.verbose_name_plural)
