"""What an import of memberships did, read from its history, and how much of it still stands."""

from typing import Any

from audit.sources import Source
from audit.triggers.recording import history_of
from recipients.models import Import, RecipientGroup, RecipientGroupAdditionalRecipient, RecipientGroupRecipient
from recipients.services.imports.sql import execute, fetch

# Each link the import made or took, and whether that stands: a link made is there under its own number, and nothing was done
# about one taken since.
LINKED = """
    SELECT h.history_id, h.recipient_group_id AS group_id, h.{column} AS {planned}, h.history_type = '+' AS was_added,
           CASE WHEN g.id IS NULL THEN FALSE
                WHEN h.history_type = '+' THEN l.id IS NOT DISTINCT FROM h.id
                ELSE m.id IS NOT NULL AND NOT EXISTS (
                    SELECT FROM {history} s
                    WHERE s.recipient_group_id = h.recipient_group_id AND s.{column} = h.{column} AND s.history_id > h.history_id
                ) END AS stands
    FROM audit_entry e
    JOIN {history} h ON h.history_id BETWEEN e.history_first AND e.history_last AND h.history_entry_id = e.id
    LEFT JOIN recipients_recipientgroup g ON g.id = h.recipient_group_id AND NOT g.is_deleted
    LEFT JOIN {members} m ON m.id = h.{column}
    LEFT JOIN {table} l ON l.recipient_group_id = h.recipient_group_id AND l.{column} = h.{column}
    WHERE e.source = %s AND e.source_detail = %s AND e.model = %s
"""
NAMED = """
    SELECT h.history_id, h.id AS group_id, p.name AS before, h.name AS after,
           g.name = h.name AND NOT g.is_deleted AND NOT EXISTS (
               SELECT FROM {history} s WHERE s.id = h.id AND s.history_id > h.history_id AND s.name <> h.name
           ) AS stands
    FROM audit_entry e
    JOIN {history} h ON h.history_id BETWEEN e.history_first AND e.history_last AND h.history_entry_id = e.id
    JOIN recipients_recipientgroup g ON g.id = h.id
    CROSS JOIN LATERAL (
        SELECT name FROM {history} p WHERE p.id = h.id AND p.history_id < h.history_id
        ORDER BY p.history_date DESC, p.history_id DESC LIMIT 1
    ) p
    WHERE e.source = %s AND e.source_detail = %s AND e.model = %s AND e.kind = '~'
"""
PLAN_LINKS = """
    INSERT INTO recipients_importrow (batch_id, outcome, group_id, {planned})
    SELECT %s, CASE WHEN was_added THEN 'removed' ELSE 'new' END, group_id, {planned}
    FROM ({linked}) d WHERE stands ORDER BY group_id, {planned}
"""
PLAN_NAMES = """
    INSERT INTO recipients_importrow (batch_id, outcome, group_id, before, after)
    SELECT %s, 'changed', group_id, jsonb_build_object('name', after), jsonb_build_object('name', before) FROM ({named}) d WHERE stands
"""
# Who changed it since, the last of them.
SINCE = """
    LEFT JOIN LATERAL (
        SELECT history_user_id, history_date FROM {history} s
        WHERE s.recipient_group_id = d.group_id AND s.{column} = d.{planned} AND s.history_id > d.history_id
        ORDER BY s.history_date DESC, s.history_id DESC LIMIT 1
    ) s ON TRUE
"""
PARTS = (
    (RecipientGroupAdditionalRecipient, "user_id", "person_id"),
    (RecipientGroupRecipient, "recipient_id", "recipient_id"),
)


def plan_reverse(batch: Import) -> int:
    """Put what stands into the plan, the other way round. Returns how much does not stand any more."""
    for model, column, planned in PARTS:
        linked, parameters = _linked(batch, model, column, planned)
        execute(PLAN_LINKS.format(planned=planned, linked=linked), [batch.pk, *parameters])
    named, parameters = _named(batch)
    execute(PLAN_NAMES.format(named=named), [batch.pk, *parameters])
    return numbers(batch)["left"]


def numbers(batch: Import) -> dict[str, int]:
    """Without writing anything: how many members would be taken out, put back, how many groups get their name back, and what is left."""
    counts = {"taken_out": 0, "put_back": 0, "renamed": 0, "left": 0}
    for model, column, planned in PARTS:
        linked, parameters = _linked(batch, model, column, planned)
        sql = (
            "SELECT count(*) FILTER (WHERE stands AND was_added), count(*) FILTER (WHERE stands AND NOT was_added), "
            f"count(*) FILTER (WHERE NOT stands) FROM ({linked}) d"
        )
        for name, count in zip(("taken_out", "put_back", "left"), fetch(sql, parameters)[0], strict=True):
            counts[name] += count
    named, parameters = _named(batch)
    renamed, left = fetch(f"SELECT count(*) FILTER (WHERE stands), count(*) FILTER (WHERE NOT stands) FROM ({named}) d", parameters)[0]
    return counts | {"renamed": renamed, "left": counts["left"] + left}


def left_rows(batch: Import, *, most: int, after: int = 0) -> list[dict[str, Any]]:
    """What others have changed since, a page of it, with who did and when."""
    parts, parameters = [], []
    for model, column, planned in PARTS:
        linked, own = _linked(batch, model, column, planned)
        since = SINCE.format(history=history_of(model)._meta.db_table, column=column, planned=planned)
        names = ("d.person_id", "NULL::bigint") if planned == "person_id" else ("NULL::bigint", "d.recipient_id")
        parts.append(
            f"SELECT d.history_id, d.group_id, {', '.join(names)}, d.was_added, s.history_user_id, s.history_date "
            f"FROM ({linked}) d {since} WHERE NOT d.stands"
        )
        parameters += own
    named, own = _named(batch)
    parts.append(
        f"SELECT d.history_id, d.group_id, NULL, NULL, NULL::boolean, g.modified_by_id, g.modified_at FROM ({named}) d "
        "JOIN recipients_recipientgroup g ON g.id = d.group_id WHERE NOT d.stands"
    )
    keys = ("group_id", "person_id", "recipient_id", "was_added", "by_id", "at")
    became = {True: "gone", False: "back", None: "renamed"}
    sql = f"SELECT * FROM ({' UNION ALL '.join(parts)}) u (history_id, group_id, person_id, recipient_id, was_added, by_id, at) "
    rows = fetch(sql + "ORDER BY history_id LIMIT %s OFFSET %s", [*parameters, *own, most, after])
    told = [dict(zip(keys, row[1:], strict=True)) for row in rows]
    return [row | {"what": became[row.pop("was_added")]} for row in told]


def _linked(batch: Import, model: Any, column: str, planned: str) -> tuple[str, list[Any]]:
    members = model._meta.get_field(column.removesuffix("_id")).remote_field.model._meta.db_table
    facts = {"table": model._meta.db_table, "members": members, "column": column, "planned": planned}
    sql = LINKED.format(history=history_of(model)._meta.db_table, **facts)
    return sql, _entries(batch, model)


def _named(batch: Import) -> tuple[str, list[Any]]:
    return NAMED.format(history=history_of(RecipientGroup)._meta.db_table), _entries(batch, RecipientGroup)


def _entries(batch: Import, model: Any) -> list[Any]:
    return [Source.IMPORT, str(batch.pk), model._meta.label_lower]
