"""Entries in sentences: who did what, as a person would say it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from string import Formatter
from typing import Any

from django.contrib.auth import get_user_model
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from audit.changes import readable
from audit.models import Entry
from audit.sentences.changes import told
from audit.sentences.names import Names, Part, Reference
from audit.sentences.rows import Row, model_of, rows_of
from audit.sentences.words import ANY, Words, plural_of, words_of
from audit.sources import Source
from audit.triggers.recording import history_of

CREATED, CHANGED, DELETED = Entry.Kind.CREATED, Entry.Kind.CHANGED, Entry.Kind.DELETED


@dataclass(frozen=True, slots=True)
class Sentence:
    who: Part
    words: tuple[Part, ...]  # what follows the name
    subject: Part | None  # the thing it is about
    details: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.who} {self.what}"

    @property
    def what(self) -> str:
        return "".join(part.text for part in self.words)


def sentences_of(entries: Sequence[Entry], *, reader: Any = None) -> dict[int, Sentence]:
    """By entry; the number of queries depends on how many models occur, never on how many entries.

    Things that `reader` may open carry their address.
    """
    rows = rows_of(entries)
    names = Names((r for entry in entries for r in _references(entry, rows.get(entry.pk, []))), reader)
    return {entry.pk: _Telling(entry, rows.get(entry.pk, []), names).sentence() for entry in entries}


def _references(entry: Entry, rows: Sequence[Row]) -> Iterator[Reference]:
    if entry.user_id is not None:
        yield get_user_model(), entry.user_id, entry.at
    model = model_of(entry.model)
    if model is None:
        return
    if entry.object_id is not None:
        yield model, entry.object_id, entry.at
    if (owner := owner_of(model)) and entry.subject_id is not None:
        yield owner, entry.subject_id, entry.at
    for row in rows:
        yield model, row.now.serializable_value(model._meta.pk.name), entry.at
        for version in filter(None, (row.now, row.before)):
            yield from _mentioned(version, entry)


def _mentioned(version: Any, entry: Entry) -> Iterator[Reference]:
    for field in version.tracked_fields:
        if field.is_relation and (pk := getattr(version, field.attname)) is not None:
            yield field.remote_field.model, pk, entry.at


def owner_of(model: Any) -> Any:
    """What the rows of a model belong to, such as the notice of an attachment; None if nothing."""
    part_of = history_of(model).part_of
    return model._meta.get_field(part_of[0]).remote_field.model if part_of else None


class _Telling:
    """One entry, with everything it takes to tell it."""

    def __init__(self, entry: Entry, rows: Sequence[Row], names: Names) -> None:
        self.entry, self.rows, self.names = entry, rows, names
        self.model = model_of(entry.model)
        self.words = self._words() if self.model else Words()

    def _words(self) -> Words:
        words = words_of(self.model)
        if words.by_another is None or self.entry.count > 1 or not self.rows:
            return words
        whose = getattr(self.rows[0].now, f"{words.person}_id")
        return words if whose == self.entry.user_id else words.by_another

    def sentence(self) -> Sentence:
        if self.model is None:
            return Sentence(self.who(), (Part(_("changed something of a kind that there is no more")),), None)
        templates, details = self._one() if self.entry.count == 1 else self._many()
        words = [part for parts in _joined([list(self._filled(t)) for t in templates]) for part in parts]
        if self.entry.source == Source.IMPORT and self.entry.source_detail:
            words.append(Part(_(" from %(file)s") % {"file": self.entry.source_detail}))
        return Sentence(self.who(), tuple(words), self._subject(), tuple(details))

    def who(self) -> Part:
        entry = self.entry
        if entry.user_id is not None:
            return self.names.part(get_user_model(), entry.user_id, entry.at)
        if entry.source != Source.NONE:
            return Part(_("The system"))
        says = {"role": entry.db_role, "program": entry.db_application or _("without a name")}
        return Part(_("Someone with the database role %(role)s (program %(program)s)") % says)

    def _one(self) -> tuple[list[str], list[str]]:
        if self.entry.kind != CHANGED:
            return [str(self.words.created if self.entry.kind == CREATED else self.words.deleted)], []
        if not self.rows or self.rows[0].before is None:
            return [_("changed {thing}")], []
        templates, details = told(self.rows[0], self.words, self._read)
        return templates or [_("changed {thing}")], details

    def _many(self) -> tuple[list[str], list[str]]:
        words = self.words
        template = {CREATED: words.created_many, CHANGED: words.changed_many, DELETED: words.deleted_many}[Entry.Kind(self.entry.kind)]
        named = [part.text for row in self.rows if (part := self._member(row)) is not None]
        if not named:
            return [str(template)], []
        line = ", ".join(named)
        if (more := self.entry.count - len(named)) > 0:
            line = _("%(names)s and %(count)s more") % {"names": line, "count": number_format(more, force_grouping=True)}
        return [str(template)], [line]

    def _member(self, row: Row) -> Part | None:
        if self.words.member:
            return self._related(row.now, self.model._meta.get_field(self.words.member))
        return self._thing(row) if self.words.name_fields else None

    # -- the placeholders --
    def _filled(self, template: str) -> Iterator[Part]:
        for text, name, _format, _conversion in Formatter().parse(template):
            if text:
                yield Part(text)
            if name == "thing" and not self.words.name_fields:
                yield from self._filled(str(self.words.own_name))
            elif name == "act":
                yield from self._filled(str(self._act()))
            elif name:
                yield self._value(name)

    def _value(self, name: str) -> Part:
        if name == "thing":
            return self._thing(self.rows[0] if self.rows else None)
        if name == "count":
            return Part(number_format(self.entry.count, force_grouping=True))
        if name == "things":
            return Part(plural_of(self.model))
        field = self.model._meta.get_field(name)
        if self.entry.count > 1:
            return self._shared(field)
        if not self.rows:
            return Part("—")
        return self._related(self.rows[0].now, field) or Part(readable(self.rows[0].now, field, {}) or "—")

    def _act(self) -> Any:
        """What the permission that the row gives allows, as a template."""
        field = self.model._meta.get_field(self.words.permission)
        permission = self.names.living(field.remote_field.model, getattr(self.rows[0].now, field.attname)) if self.rows else None
        return self.words.acts.get(getattr(permission, "codename", ANY), self.words.acts[ANY])

    def _shared(self, field: Any) -> Part:
        """What all rows of a bulk statement belong to, or that they belong to several."""
        target = field.remote_field.model
        if self.entry.subject_id is not None and target is owner_of(self.model):
            return self.names.part(target, self.entry.subject_id, self.entry.at)
        return Part(_("several %(things)s") % {"things": plural_of(target)})

    def _thing(self, row: Row | None) -> Part:
        pk = self.entry.object_id if row is None else row.now.serializable_value(self.model._meta.pk.name)
        name = "" if row is None else self.words.name_of(row.now)
        return self.names.part(self.model, pk, self.entry.at, name) if pk is not None else Part(str(self.words.nameless))

    def _related(self, version: Any, field: Any) -> Part | None:
        pk = getattr(version, field.attname) if field.is_relation else None
        return None if pk is None else self.names.part(field.remote_field.model, pk, self.entry.at)

    def _read(self, version: Any, field: Any) -> str:
        """The value of a field in words."""
        part = self._related(version, field)
        return part.text if part else readable(version, field, {})

    def _subject(self) -> Part | None:
        """What its timeline would be."""
        owner, entry = owner_of(self.model), self.entry
        if owner is not None:
            return None if entry.subject_id is None else self.names.part(owner, entry.subject_id, entry.at)
        return self._thing(self.rows[0] if self.rows else None) if entry.object_id is not None else None


def _joined(clauses: list[list[Part]]) -> Iterator[list[Part]]:
    for number, clause in enumerate(clauses):
        yield [Part(_(" and ")), *clause] if number else clause
