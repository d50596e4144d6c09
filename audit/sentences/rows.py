"""The history rows behind entries: the first few of each, with the version before."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps

from audit.models import Entry
from audit.triggers.recording import history_of

NAMED = 3  # rows of a bulk statement that a sentence names


@dataclass(frozen=True, slots=True)
class Row:
    now: Any
    before: Any = None  # of a change


def model_of(label: str) -> Any:
    """None for a model that the programme has no more: what was recorded of it stays."""
    try:
        model = apps.get_model(label)
    except (LookupError, ValueError):
        return None
    return model if hasattr(model._meta, "simple_history_manager_attribute") else None


def rows_of(entries: Iterable[Entry]) -> dict[int, list[Row]]:
    """By entry, at most `NAMED` rows of each: one query for each model that occurs."""
    by_model = defaultdict(list)
    for entry in entries:
        by_model[entry.model].append(entry)
    found: dict[int, list[Row]] = defaultdict(list)
    for label, group in by_model.items():
        if (model := model_of(label)) is not None:
            for row in _rows(model, group, NAMED):
                found[row.now.history_entry_id].append(row)
    return found


def rows_after(entry: Entry, after: int, most: int) -> list[Row]:
    """The rows of one entry, in the order of their numbers: the next `most` above `after`."""
    model = model_of(entry.model)
    return [] if model is None else _rows(model, [entry], most, after)


def _rows(model: Any, entries: Sequence[Entry], most: int, after: int = 0) -> list[Row]:
    history = history_of(model)
    table, key = history._meta.db_table, model._meta.pk.column
    sql = f"""
        WITH shown AS MATERIALIZED (
            SELECT h.* FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) e(id, first, last), LATERAL (
                SELECT * FROM "{table}" WHERE history_id BETWEEN e.first AND e.last AND history_entry_id = e.id
                ORDER BY history_id LIMIT {int(most)}) h)
        SELECT shown.*, NULL::bigint AS version_before FROM shown
        UNION ALL
        SELECT earlier.*, shown.history_id FROM shown, LATERAL (
            SELECT * FROM "{table}" p WHERE p."{key}" = shown."{key}" AND shown.history_type = '~'
            AND (p.history_date, p.history_id) < (shown.history_date, shown.history_id)
            ORDER BY history_date DESC, history_id DESC LIMIT 1) earlier
    """
    ids, firsts, lasts = zip(*((e.pk, max(e.history_first, after + 1), e.history_last) for e in entries), strict=True)
    read = list(history._default_manager.raw(sql, [list(ids), list(firsts), list(lasts)]))
    before = {row.version_before: row for row in read if row.version_before is not None}
    shown = sorted((row for row in read if row.version_before is None), key=lambda row: row.history_id)
    return [Row(row, before.get(row.history_id)) for row in shown]
