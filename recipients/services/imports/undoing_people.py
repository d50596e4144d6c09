"""Taking back an import of people, as far as nobody has changed or used since what it made or changed.

Nobody is deleted: an account that it made becomes inactive. Entries that it made are taken away.
"""

from typing import Any

from django.db.models import ManyToOneRel

from audit.erasure import erased_ids
from audit.triggers.recording import history_of
from recipients.models import Import, RoleAssignment, User
from recipients.services.imports.people_checking import MANY, OWN
from recipients.services.imports.sql import analyse, execute, fetch, sub
from recipients.services.imports.undoing_things import counts, done

# What an account was before can belong to somebody else by now, and whoever was erased stays so.
FREE = """
    t.id NOT IN ({erased}) AND NOT EXISTS (
        SELECT FROM recipients_user o WHERE o.id <> t.id AND (
            o.username = d.before ->> 'username' OR o.employee_number = d.before ->> 'employee_number'
            OR lower(o.email) = lower(d.before ->> 'email') AND o.email <> '')
    )
"""
# Who of those that the import made is in use: each table that points to people is gone through once, however many they are.
MADE = """
    WITH made AS MATERIALIZED (
        SELECT h.id FROM audit_entry e
        JOIN {history} h ON h.history_id BETWEEN e.history_first AND e.history_last AND h.history_entry_id = e.id
        WHERE e.source = %s AND e.source_detail = %s AND e.model = %s AND e.kind = '+'
    ), taken_away AS MATERIALIZED (SELECT d.id FROM ({entries}) d WHERE d.stands AND d.was_made),
    used AS MATERIALIZED (
        SELECT u.id FROM recipients_user u JOIN made ON made.id = u.id WHERE u.last_login IS NOT NULL
        UNION ALL
        SELECT u.user_id FROM recipients_roleassignment u JOIN made ON made.id = u.user_id
        WHERE u.id NOT IN (SELECT id FROM taken_away)
        {pointing}
    )
"""
POINTS = 'UNION ALL SELECT u."{column}" FROM "{table}" u JOIN made ON made.id = u."{column}"'
IS_OPEN = "EXISTS (SELECT FROM recipients_user u WHERE u.id = d.id AND u.is_active)"
PLAN_PEOPLE = f"""
    INSERT INTO recipients_importrow (batch_id, outcome, person_id, before, after)
    SELECT %s, 'changed', d.id, CASE WHEN was_made THEN '{{{{"is_active": true}}}}' ELSE d.after END,
           CASE WHEN was_made THEN '{{{{"is_active": false}}}}' ELSE d.before END
    FROM ({{done}}) d WHERE stands AND (NOT was_made OR {IS_OPEN}) ORDER BY d.id
"""
PLAN_ENTRIES = """
    INSERT INTO recipients_importrow (batch_id, outcome, person_id, recipient_id, before, after)
    SELECT %s, CASE WHEN was_made THEN 'removed' ELSE 'changed' END, a.user_id, a.recipient_id,
           jsonb_build_object('role', a.role) || coalesce(d.after, '{{}}'), jsonb_build_object('role', a.role) || d.before
    FROM ({done}) d JOIN recipients_roleassignment a ON a.id = d.id WHERE stands ORDER BY d.id
"""
NUMBERS = f"""
    SELECT count(*) FILTER (WHERE stands AND was_made AND {IS_OPEN}), count(*) FILTER (WHERE stands AND was_made),
           count(*) FILTER (WHERE stands AND NOT was_made), count(*) FILTER (WHERE NOT stands) FROM ({{done}}) d
"""
LEFT = """
    SELECT {place} AS place, d.history_id, h.{person} AS person_id, {recipient} AS recipient_id, d.was_made,
           s.history_user_id AS by_id, s.history_date AS at
    FROM ({done}) d
    JOIN {history} h ON h.history_id = d.history_id
    LEFT JOIN LATERAL (
        SELECT history_user_id, history_date FROM {history} s WHERE s.id = d.id AND s.history_id > d.history_id
        ORDER BY s.history_date DESC, s.history_id DESC LIMIT 1
    ) s ON TRUE
    WHERE NOT d.stands
"""


def plan_reverse(batch: Import) -> int:
    """Returns how much does not stand any more."""
    parts = ((PLAN_PEOPLE, _people(batch)), (PLAN_ENTRIES, _entries(batch)))
    count = sum(execute(statement.format(done=sql), [batch.pk, *parameters]) for statement, (sql, parameters) in parts)
    analyse("recipients_importrow", count, many=MANY)
    return numbers(batch)["left"]


def numbers(batch: Import) -> dict[str, int]:
    (closed, _made, people_back, people_left), (_any, away, entries_back, entries_left) = (
        fetch(NUMBERS.format(done=sql), parameters)[0] for sql, parameters in (_people(batch), _entries(batch))
    )
    return {"closed": closed, "taken_away": away, "changed_back": people_back + entries_back, "left": people_left + entries_left}


def left_rows(batch: Import, *, most: int, after: int = 0) -> list[dict[str, Any]]:
    """What others have changed or used since, people first, a page of it."""
    (people, of_people), (entries, of_entries) = _people(batch), _entries(batch)
    of_user, of_entry = (history_of(model)._meta.db_table for model in (User, RoleAssignment))
    parts = (
        LEFT.format(place=1, done=people, history=of_user, person="id", recipient="NULL::bigint"),
        LEFT.format(place=2, done=entries, history=of_entry, person="user_id", recipient="h.recipient_id"),
    )
    sql = f"SELECT * FROM ({' UNION ALL '.join(parts)}) u ORDER BY place, history_id LIMIT %s OFFSET %s"
    return [
        {
            "group_id": None,
            "person_id": person,
            "recipient_id": recipient,
            "what": "used" if was_made and at is None else "changed",
            "by_id": by,
            "at": at,
        }
        for _place, _number, person, recipient, was_made, by, at in fetch(sql, [*of_people, *of_entries, most, after])
    ]


def _entries(batch: Import) -> tuple[str, list[Any]]:
    return done(RoleAssignment, ("starts_on", "ends_on"), batch)


def _people(batch: Import) -> tuple[str, list[Any]]:
    """Made ones are in use once anything points to them, in whichever app, but for the entries that are taken away with them."""
    (entries, of_entries), (erased, of_erased) = _entries(batch), sub(erased_ids(User))
    relations = (field for field in User._meta.get_fields(include_hidden=True) if isinstance(field, ManyToOneRel))
    pointing = [
        POINTS.format(table=relation.related_model._meta.db_table, column=relation.field.column)
        for relation in relations
        if counts(relation) and relation.related_model is not RoleAssignment
    ]
    made = MADE.format(history=history_of(User)._meta.db_table, entries=entries, pointing=" ".join(pointing))
    sql, parameters = done(User, OWN, batch, used=("h.id IN (SELECT id FROM used)",), free=FREE.format(erased=erased))
    return made + sql, [*parameters, *of_entries, *of_erased, *parameters]
