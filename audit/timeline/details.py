"""Every row of one entry, with the values it had before and has after."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.text import capfirst

from audit.changes import readable
from audit.models import Entry
from audit.sentences.changes import changed_fields, label_of
from audit.sentences.names import Names, Part, Reference
from audit.sentences.rows import Row, rows_after
from audit.sentences.words import words_of

ROWS_PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Value:
    label: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Detail:
    number: int  # of the row in the whole trail
    name: Part | None
    values: tuple[Value, ...]


def details_of(entry: Entry, *, after: int, reader: Any) -> tuple[list[Detail], int | None]:
    """A page of rows beyond number `after`, and the number after which the next page begins, if there is one."""
    rows = rows_after(entry, after, ROWS_PER_PAGE + 1)
    shown = rows[:ROWS_PER_PAGE]
    names = Names(_references(entry, shown), reader)
    return [_detail(entry, row, names) for row in shown], shown[-1].now.history_id if len(rows) > len(shown) else None


def _references(entry: Entry, rows: Sequence[Row]) -> Iterator[Reference]:
    for row in rows:
        model = row.now.instance_type
        yield model, row.now.serializable_value(model._meta.pk.name), entry.at
        for version in filter(None, (row.now, row.before)):
            for field in version.tracked_fields:
                if field.is_relation and (pk := getattr(version, field.attname)) is not None:
                    yield field.remote_field.model, pk, entry.at


def _detail(entry: Entry, row: Row, names: Names) -> Detail:
    model = row.now.instance_type
    words = words_of(model)

    def read(version: Any, field: Any) -> str:
        pk = getattr(version, field.attname) if field.is_relation else None
        return readable(version, field, {}) if pk is None else names.part(field.remote_field.model, pk, entry.at).text

    values = [Value(capfirst(label_of(field, words)), *_sides(entry, row, field, read)) for field in _told(entry, row)]
    name = None
    if words.name_fields:
        name = names.part(model, row.now.serializable_value(model._meta.pk.name), entry.at, words.name_of(row.now))
    return Detail(row.now.history_id, name, tuple(value for value in values if value.old or value.new))


def _told(entry: Entry, row: Row) -> list[Any]:
    if entry.kind == Entry.Kind.CHANGED and row.before is not None:
        return changed_fields(row)
    return [field for field in row.now.tracked_fields if not field.primary_key]


def _sides(entry: Entry, row: Row, field: Any, read: Any) -> tuple[str, str]:
    if entry.kind == Entry.Kind.DELETED:
        return read(row.now, field), ""
    return read(row.before, field) if row.before is not None else "", read(row.now, field)
