"""The entries that touched given things, found in the history rows: a bulk statement may have touched thousands."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from audit.models import Entry
from audit.timeline.criteria import Criteria, Place, telling
from audit.triggers.recording import audited_models, history_of

type Things = Mapping[Any, Sequence[int]]


@dataclass(frozen=True, slots=True)
class _Branch:
    """One history table, and the column by which its rows belong to some of the things."""

    table: str
    column: str
    pks: Sequence[int]


def ids_of_things(things: Things, criteria: Criteria, before: Place | None, limit: int) -> set[int]:
    """The entries among which the newest `limit` are."""
    branches = list(_branches(things, criteria))
    if not branches:
        return set()
    where, values = _conditions(criteria, before)
    ids, crowded = _newest_rows(branches, where, values, limit)
    return ids | _step_by_step(branches, crowded, where, values, limit) if crowded else ids


def _branches(things: Things, criteria: Criteria) -> Iterator[_Branch]:
    for model in audited_models():
        if criteria.model not in {"", model._meta.label_lower}:
            continue
        history = history_of(model)
        for name in (model._meta.pk.name, *history.part_of):
            field = model._meta.get_field(name)
            target = field.remote_field.model if field.is_relation else model
            if target in things:
                yield _Branch(history._meta.db_table, field.column, things[target])


def _conditions(criteria: Criteria, before: Place | None) -> tuple[str, dict[str, Any]]:
    """SQL on a history row h; each is named beside its value."""
    asked = {
        "h.history_type = %(kind)s": ("kind", criteria.kind or None),
        "h.history_user_id = %(person)s": ("person", criteria.person_id),
        "h.history_date >= %(since)s": ("since", criteria.since),
        "h.history_date < %(until)s": ("until", criteria.until),
        "h.history_date <= %(before)s AND (h.history_date < %(before)s OR h.history_entry_id < %(entry)s)": (
            "before",
            before and before.at,
        ),
    }
    used = {sql: pair for sql, pair in asked.items() if pair[1] is not None}
    values: dict[str, Any] = dict(used.values()) | {"entry": before and before.entry}
    sql = list(used)
    if about_entry := _about_the_entry(criteria):
        text, parameters = about_entry
        for number, parameter in enumerate(parameters):
            values[f"e{number}"] = parameter
        sql.append(text % tuple(f"%(e{number})s" for number in range(len(parameters))))
    return " AND ".join(["true", *sql]), values


def _about_the_entry(criteria: Criteria) -> tuple[str, tuple[Any, ...]] | None:
    """What only the entry of a row can answer."""
    sought = criteria.sought() if criteria.thing is not None else None
    if criteria.source is None and not criteria.source_detail and criteria.operation is None and sought is None:
        return None
    asked = Criteria(source=criteria.source, source_detail=criteria.source_detail, operation=criteria.operation)
    entries = asked.entries() if sought is None else telling(asked.entries(), sought)
    sql, parameters = entries.order_by().values("pk").query.sql_with_params()
    return f"h.history_entry_id IN ({sql})", parameters


NEWEST = "history_date DESC, history_id DESC"
ROWS = "SELECT h.history_date, h.history_id, h.history_entry_id FROM"


def _newest_rows(branches: Sequence[_Branch], where: str, values: dict[str, Any], limit: int) -> tuple[set[int], list[tuple[int, int]]]:
    """The entries of the newest rows, and where those rows were of so few entries that older ones may belong to the page."""
    parts = [
        f"SELECT {number} AS branch, t.pk, x.* FROM unnest(%(pks{number})s::bigint[]) t(pk), LATERAL ("
        f'{ROWS} "{branch.table}" h WHERE h."{branch.column}" = t.pk AND {where} ORDER BY {NEWEST} LIMIT {limit}) x'
        for number, branch in enumerate(branches)
    ]
    sql = f"""
        WITH rows AS MATERIALIZED ({" UNION ALL ".join(parts)}),
        newest AS (SELECT history_entry_id FROM rows GROUP BY 1 ORDER BY max(history_date) DESC, 1 DESC LIMIT {limit}),
        crowded AS (
            SELECT branch, pk FROM rows GROUP BY 1, 2
            HAVING count(*) = {limit} AND count(DISTINCT history_entry_id) < {limit})
        SELECT history_entry_id, NULL, NULL FROM newest UNION ALL SELECT NULL, branch, pk FROM crowded
    """
    answer = _ask(sql, values | {f"pks{number}": list(branch.pks) for number, branch in enumerate(branches)})
    ids = {entry for entry, _branch, _pk in answer if entry is not None}
    return ids, [(branch, pk) for entry, branch, pk in answer if entry is None]


def _step_by_step(branches: Sequence[_Branch], crowded: list[tuple[int, int]], where: str, values: dict[str, Any], limit: int) -> set[int]:
    """From entry to entry, however many rows each has: those of one entry share the moment, and their ids begin at its first."""
    parts = []
    for number, (branch, _pk) in enumerate(crowded):
        rows = f'{ROWS} "{branches[branch].table}" h WHERE h."{branches[branch].column}" = %(crowd{number})s AND {where}'
        parts.append(f"""(
            WITH RECURSIVE step AS (
                ({rows} ORDER BY {NEWEST} LIMIT 1)
                UNION ALL
                SELECT older.* FROM step JOIN {Entry._meta.db_table} e ON e.id = step.history_entry_id, LATERAL (
                    {rows} AND (h.history_date, h.history_id) < (step.history_date, e.history_first) ORDER BY {NEWEST} LIMIT 1) older)
            SELECT history_entry_id FROM step LIMIT {limit})""")
    crowds = {f"crowd{number}": pk for number, (_branch, pk) in enumerate(crowded)}
    return {entry for (entry,) in _ask(" UNION ALL ".join(parts), values | crowds)}


def _ask(sql: str, values: dict[str, Any]) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()
