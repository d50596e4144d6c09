"""What happened to an object and to what belongs to it, newest first: one line for each statement, whatever number of rows."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from audit.changes import readable
from audit.models import Entry
from audit.object_history.branches import Branch
from audit.object_history.diffs import FieldDifference, differences
from audit.object_history.points import Point
from audit.sentences import Sentence, sentences_of
from audit.sentences.names import Names
from audit.sentences.rows import Row, rows_of
from audit.sentences.words import words_of
from audit.triggers.recording import history_of

MOST_COUNTED = 10_000  # rows of one statement that concern the object, where the entry does not say

# From each table the newest row of a statement, then that of the statement before it, and so on: a walk along the index
# (object, time, number) that takes as many steps as lines are shown, however many rows a statement wrote.
WALK = """
    (WITH RECURSIVE walk AS (
        (SELECT history_date, history_id, history_entry_id, 1 AS step FROM "{table}"
         WHERE "{column}" = %(pk)s AND (history_date, history_id) < (%(at)s, %(id)s)
         ORDER BY history_date DESC, history_id DESC LIMIT 1)
        UNION ALL
        SELECT older.*, walk.step + 1 FROM walk, LATERAL (
            SELECT history_date, history_id, history_entry_id FROM "{table}"
            WHERE "{column}" = %(pk)s AND (history_date, history_id) < (
                walk.history_date,
                coalesce((SELECT e.history_first FROM audit_entry e WHERE e.id = walk.history_entry_id), walk.history_id))
            ORDER BY history_date DESC, history_id DESC LIMIT 1
        ) older WHERE walk.step < %(limit)s
    ) SELECT {source} AS source, history_date, history_id, history_entry_id FROM walk)
"""
EXTENT = """
    SELECT line.entry, mine.first, mine.last, mine.count
    FROM unnest(%(entries)s::bigint[], %(moments)s::timestamptz[]) line(entry, at), LATERAL (
        SELECT min(history_id) AS first, max(history_id) AS last, count(*) AS count FROM (
            SELECT history_id FROM "{table}"
            WHERE "{column}" = %(pk)s AND history_date = line.at AND history_entry_id = line.entry LIMIT {most}) few
    ) mine
"""


@dataclass(frozen=True, slots=True)
class Line:
    point: Point
    entry: Entry  # narrowed to the rows that concern the object
    sentence: Sentence
    changes: tuple[FieldDifference, ...]
    details: tuple[str, ...]
    is_by_readers: bool


@dataclass(frozen=True, slots=True)
class _Step:
    branch: Branch | None
    point: Point
    entry_id: int


def lines_of(model: Any, pk: int, branches: Sequence[Branch], *, before: Point, limit: int, reader: Any) -> list[Line]:
    """At most `limit` lines older than `before`. The number of queries depends on the kinds of things, not on the lines."""
    steps = _walk(model, pk, branches, before, limit)
    entries = _narrowed(pk, steps)
    sentences, rows = sentences_of(entries, reader=reader), rows_of(entries)
    names = _names(entries, rows, reader)
    return [_line(step, entry, sentences[entry.pk], rows.get(entry.pk, []), names) for step, entry in zip(steps, entries, strict=True)]


def _line(step: _Step, entry: Entry, sentence: Sentence, rows: Sequence[Row], names: Names) -> Line:
    changes = tuple(_changes(entry, rows, names))
    details = () if changes else _members(step.branch, entry, rows, names) or sentence.details
    return Line(step.point, entry, sentence, changes, details, _is_by_readers(step))


def _members(branch: Branch | None, entry: Entry, rows: Sequence[Row], names: Names) -> tuple[str, ...]:
    """The other ends of many links, where the sentence would name the object itself again and again."""
    if branch is None or entry.count == 1 or words_of(branch.model).member != branch.field.name:
        return ()
    read = reading(names, entry.at)
    line = ", ".join(read(row.now, branch.shown[0]) for row in rows)
    if (more := entry.count - len(rows)) > 0:
        line = _("%(names)s and %(count)d more") % {"names": line, "count": more}
    return (line,)


def _is_by_readers(step: _Step) -> bool:
    return step.branch is not None and step.branch.history.by_readers


def newest_number(model: Any, pk: int, branches: Sequence[Branch], point: Point) -> int | None:
    """The number of the last thing that had happened to the object at a point."""
    steps = _walk(model, pk, branches, point, 1, inclusive=True)
    return steps[0].point.history_id if steps else None


def _walk(model: Any, pk: int, branches: Sequence[Branch], before: Point, limit: int, *, inclusive: bool = False) -> list[_Step]:
    sources: list[Branch | None] = [None, *branches]
    selects = [
        WALK.format(
            source=number,
            table=(source.history if source else history_of(model))._meta.db_table,
            column=source.field.column if source else model._meta.pk.column,
        )
        for number, source in enumerate(sources)
    ]
    sql = f"{' UNION ALL '.join(selects)} ORDER BY history_date DESC, history_id DESC LIMIT %(limit)s"
    if inclusive:
        sql = sql.replace("(history_date, history_id) < (%(at)s, %(id)s)", "(history_date, history_id) <= (%(at)s, %(id)s)")
    with connection.cursor() as cursor:
        cursor.execute(sql, {"pk": pk, "at": before.at, "id": before.history_id, "limit": limit})
        return [_Step(sources[number], Point(at, history_id), entry) for number, at, history_id, entry in cursor.fetchall()]


def _narrowed(pk: int, steps: Sequence[_Step]) -> list[Entry]:
    """The entry of each step, as if it held only the rows that concern the object."""
    found = Entry.objects.in_bulk([step.entry_id for step in steps])
    extents = _extents(pk, [step for step in steps if step.branch and _is_shared(found[step.entry_id], step.branch, pk)])
    entries = []
    for step in steps:
        entry = copy(found[step.entry_id])
        if step.branch is None:
            entry.object_id, entry.count = pk, 1
            entry.history_first = entry.history_last = step.point.history_id
        elif entry.pk in extents:
            entry.history_first, entry.history_last, entry.count = extents[entry.pk]
            entry.subject_id = pk if step.branch.owner_is_first else entry.subject_id
        entries.append(entry)
    return entries


def _is_shared(entry: Entry, branch: Branch, pk: int) -> bool:
    """Does it hold rows of other objects too?"""
    return entry.count > 1 and not (branch.owner_is_first and entry.subject_id == pk)


def _extents(pk: int, steps: Sequence[_Step]) -> dict[int, tuple[int, int, int]]:
    found: dict[int, tuple[int, int, int]] = {}
    for branch in {step.branch for step in steps if step.branch}:
        mine = [step for step in steps if step.branch == branch]
        sql = EXTENT.format(table=branch.history._meta.db_table, column=branch.field.column, most=MOST_COUNTED)
        with connection.cursor() as cursor:
            cursor.execute(sql, {"pk": pk, "entries": [s.entry_id for s in mine], "moments": [s.point.at for s in mine]})
            found |= {entry: (first, last, count) for entry, first, last, count in cursor.fetchall()}
    return found


def _names(entries: Sequence[Entry], rows: dict[int, list[Row]], reader: Any) -> Names:
    references = []
    for entry in entries:
        for row in rows.get(entry.pk, []):
            references += [reference for version in (row.now, row.before) if version for reference in mentioned(version, entry.at)]
    return Names(references, reader)


def mentioned(version: Any, at: Any) -> list[Any]:
    """What a version refers to, and when."""
    fields = [f for f in version.tracked_fields if f.is_relation and getattr(version, f.attname) is not None]
    return [(f.remote_field.model, getattr(version, f.attname), at) for f in fields]


def reading(names: Names, at: Any) -> Any:
    """How the value of a field is put into words: things by the name they had then."""

    def read(version: Any, field: Any) -> str:
        pk = getattr(version, field.attname) if field.is_relation else None
        return readable(version, field, {}) if pk is None else names.part(field.remote_field.model, pk, at).text

    return read


def _changes(entry: Entry, rows: Sequence[Row], names: Names) -> list[FieldDifference]:
    """Field by field, where one thing was changed."""
    if entry.kind != Entry.Kind.CHANGED or entry.count != 1 or not rows or rows[0].before is None:
        return []
    return differences(rows[0].before, rows[0].now, reading(names, entry.at), brief=True)
