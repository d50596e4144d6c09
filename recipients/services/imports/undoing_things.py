"""Taking back what an import made or changed of recipients and groups, as far as nobody has changed or used it since."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from audit.sources import Source
from audit.triggers.recording import history_of
from recipients.models import Import, ImportRow
from recipients.services.imports.sql import execute, fetch

# Each thing the import made or changed: what it said before and after, and whether that stands.
DONE = """
    SELECT h.history_id, h.id, h.history_type = '+' AS was_made, d.before, d.after,
           CASE WHEN t.id IS NULL THEN FALSE
                WHEN h.history_type = '+' THEN NOT EXISTS (
                    SELECT FROM {history} l WHERE l.id = h.id AND l.history_id > h.history_id) AND NOT ({used})
                ELSE jsonb_build_object({now}) @> d.after AND ({free}) END AS stands
    FROM audit_entry e
    JOIN {history} h ON h.history_id BETWEEN e.history_first AND e.history_last AND h.history_entry_id = e.id
    LEFT JOIN {table} t ON t.id = h.id {living}
    LEFT JOIN LATERAL (
        SELECT * FROM {history} p WHERE p.id = h.id AND p.history_id < h.history_id
        ORDER BY p.history_date DESC, p.history_id DESC LIMIT 1
    ) p ON h.history_type = '~'
    LEFT JOIN LATERAL (
        SELECT jsonb_object_agg(key, jsonb_build_object({before}) -> key) AS before, jsonb_object_agg(key, value) AS after
        FROM jsonb_each(jsonb_build_object({after})) WHERE value IS DISTINCT FROM jsonb_build_object({before}) -> key
    ) d ON h.history_type = '~'
    WHERE e.source = %s AND e.source_detail = %s AND e.model = %s AND e.kind IN ('+', '~')
"""
PLAN = """
    INSERT INTO recipients_importrow (batch_id, outcome, {planned}, before, after)
    SELECT %s, CASE WHEN was_made THEN 'removed' ELSE 'changed' END, id, after, before FROM ({done}) d WHERE stands ORDER BY id
"""
NUMBERS = """
    SELECT count(*) FILTER (WHERE stands AND was_made), count(*) FILTER (WHERE stands AND NOT was_made),
           count(*) FILTER (WHERE NOT stands) FROM ({done}) d
"""
LEFT = """
    SELECT d.id, d.was_made, s.history_user_id, s.history_date FROM ({done}) d
    LEFT JOIN LATERAL (
        SELECT history_user_id, history_date FROM {history} s WHERE s.id = d.id AND s.history_id > d.history_id
        ORDER BY s.history_date DESC, s.history_id DESC LIMIT 1
    ) s ON TRUE
    WHERE NOT d.stands ORDER BY d.history_id LIMIT %s OFFSET %s
"""


def plan_reverse(model: Any, planned: str, columns: Sequence[str], batch: Import) -> int:
    """Returns how much does not stand any more."""
    done, parameters = _done(model, columns, batch)
    execute(PLAN.format(planned=planned, done=done), [batch.pk, *parameters])
    return numbers(model, columns, batch)["left"]


def numbers(model: Any, columns: Sequence[str], batch: Import) -> dict[str, int]:
    done, parameters = _done(model, columns, batch)
    taken, changed, left = fetch(NUMBERS.format(done=done), parameters)[0]
    return {"taken_away": taken, "changed_back": changed, "left": left}


def left_rows(model: Any, planned: str, columns: Sequence[str], batch: Import, *, most: int, after: int) -> list[dict[str, Any]]:
    done, parameters = _done(model, columns, batch)
    rows = fetch(LEFT.format(done=done, history=history_of(model)._meta.db_table), [*parameters, most, after])
    empty = dict.fromkeys(("group_id", "person_id", "recipient_id"))
    return [
        empty | {planned: pk, "what": "used" if was_made and by is None else "changed", "by_id": by, "at": at}
        for pk, was_made, by, at in rows
    ]


def take_away(model: Any, planned: str, batch: Import, actor: Any) -> Iterator[int]:
    """What the plan removes, which is locked and not in use: into the trash where there is one, else for good. One by one."""
    ids = list(batch.rows.filter(outcome=ImportRow.Outcome.REMOVED).values_list(planned, flat=True))
    for thing in model.objects.filter(pk__in=ids).order_by("pk"):
        thing.delete(user=actor) if hasattr(thing, "is_deleted") else thing.delete()
        yield 1


def _done(model: Any, columns: Sequence[str], batch: Import) -> tuple[str, list[Any]]:
    return done(model, columns, batch, used=(used_by(relation) for relation in model._meta.related_objects if counts(relation)))


def done(model: Any, columns: Sequence[str], batch: Import, *, used: Iterable[str] = (), free: str = "TRUE") -> tuple[str, list[Any]]:
    """What the import did, as a part of a statement.

    `used`: what keeps a thing that it made. `free`: whether one that it changed can be what it was.
    """

    def fields(alias: str) -> str:
        return ", ".join(f"'{column}', {alias}.{column}" for column in columns)

    sql = DONE.format(
        table=model._meta.db_table,
        history=history_of(model)._meta.db_table,
        living="AND NOT t.is_deleted" if hasattr(model, "is_deleted") else "",
        now=fields("t"),
        before=fields("p"),
        after=fields("h"),
        used=" OR ".join(used) or "FALSE",
        free=free,
    )
    return sql, [Source.IMPORT, str(batch.pk), model._meta.label_lower]


def used_by(relation: Any) -> str:
    """Whether something points to it, in whichever app."""
    return f'EXISTS (SELECT FROM "{relation.related_model._meta.db_table}" u WHERE u."{relation.field.column}" = h.id)'


def counts(relation: Any) -> bool:
    """Rights and plans aside."""
    other = relation.related_model
    is_right = issubclass(other, UserObjectPermissionBase | GroupObjectPermissionBase)
    is_history = hasattr(other, "history_entry_id")
    return relation.field.concrete and not (is_right or is_history or relation.many_to_many or other is ImportRow)
