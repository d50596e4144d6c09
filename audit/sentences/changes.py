"""What one changed row says: a verb of its own, or which fields changed."""

from collections.abc import Callable, Iterable
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from audit.records import BOOKKEEPING
from audit.sentences.rows import Row
from audit.sentences.words import ANY, Words

type Read = Callable[[Any, Any], str]  # a version, a field -> its value in words
NAMED_FIELDS = 4


def changed_fields(row: Row) -> list[Any]:
    if row.before is None:
        return []
    fields = (f for f in row.now.tracked_fields if f.name not in BOOKKEEPING and not f.primary_key)
    return [f for f in fields if getattr(row.now, f.attname) != getattr(row.before, f.attname)]


def verb_of(row: Row, field: Any, words: Words) -> Any:
    """The template for what happened to `field`, if that has a word of its own."""
    verbs = words.verbs.get(field.name)
    if verbs is None:
        return None
    old, new = getattr(row.before, field.attname), getattr(row.now, field.attname)
    return next((verbs[key] for key in ((old, new), new, ANY) if key in verbs), None)


def told(row: Row, words: Words, read: Read) -> tuple[list[str], list[str]]:
    """Templates of what happened, and the lines that say more."""
    changed = changed_fields(row)
    verbs = {f.name: verb for f in changed if (verb := verb_of(row, f, words)) is not None}
    others = [f for f in changed if f.name not in verbs and f.name not in words.following]
    if not verbs and not others:
        others = changed
    templates = [str(verb) for verb in verbs.values()]
    if others and not verbs:
        templates.append(_one(row, others[0], words, read) if len(others) == 1 else _several(others, words))
    return templates, list(_lines(row, others, words, read)) if verbs or len(others) > 1 else []


def label_of(field: Any, words: Words) -> str:
    return str(words.fields.get(field.name, field.verbose_name))


def _one(row: Row, field: Any, words: Words, read: Read) -> str:
    """A single field with its old and new value; braces in values are not placeholders."""
    old, new = (_plain(read(version, field)) for version in (row.before, row.now))
    template = _by_kind(row, field) or _by_values(field, old, new, words)
    return template % {"field": _plain(label_of(field, words)), "old": old, "new": new}


def _by_kind(row: Row, field: Any) -> str:
    if isinstance(field, models.BooleanField):
        on, off = _("switched on “%(field)s” for {thing}"), _("switched off “%(field)s” for {thing}")
        return on if getattr(row.now, field.attname) else off
    return _("changed the %(field)s of {thing}") if _is_long(field) else ""


def _by_values(field: Any, old: str, new: str, words: Words) -> str:
    if not new:
        return _("removed the %(field)s of {thing}, which was %(old)s")
    if not old:
        return _("set the %(field)s of {thing} to %(new)s")
    if isinstance(field, models.DateField):
        return _("moved the %(field)s of {thing} from %(old)s to %(new)s")
    if words.name_fields == (field.name,):
        return _("renamed “%(old)s” to {thing}")
    return _("changed the %(field)s of {thing} from “%(old)s” to “%(new)s”")


def _several(fields: list[Any], words: Words) -> str:
    labels = [_plain(label_of(field, words)) for field in fields]
    if len(labels) > NAMED_FIELDS:
        return _("changed %(fields)s and %(count)d other fields of {thing}") % {
            "fields": ", ".join(labels[: NAMED_FIELDS - 1]),
            "count": len(labels) - NAMED_FIELDS + 1,
        }
    return _("changed %(fields)s and %(last)s of {thing}") % {"fields": ", ".join(labels[:-1]), "last": labels[-1]}


def _lines(row: Row, fields: Iterable[Any], words: Words, read: Read) -> Iterable[str]:
    for field in fields:
        if not _is_long(field):
            says = {"field": label_of(field, words), "old": read(row.before, field) or "—", "new": read(row.now, field) or "—"}
            yield _("%(field)s: %(old)s → %(new)s") % says


def _is_long(field: Any) -> bool:
    return isinstance(field, models.TextField)


def _plain(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
