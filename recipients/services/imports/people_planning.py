"""What each good row of people and their entries would do: one row of the plan for a person, and one for each entry."""

from recipients.models import Import
from recipients.services.imports.kinds import Reading
from recipients.services.imports.people_checking import IS_GOOD, MANY, check
from recipients.services.imports.sql import analyse, execute, walking_through

PLAN_PEOPLE = """
    INSERT INTO recipients_importrow (batch_id, outcome, part, line, person_id, before, after)
    SELECT %(batch)s, CASE WHEN person_id IS NULL THEN 'new' WHEN after IS NOT NULL THEN 'changed' ELSE 'unchanged' END,
           part, line, person_id, before, after
    FROM said_people ORDER BY part, line
"""
PLAN_ENTRIES = f"""
    INSERT INTO recipients_importrow (batch_id, outcome, part, line, person_id, recipient_id, before, after)
    SELECT %(batch)s, o.outcome, r.part, r.line, r.person_id, r.recipient_id,
           CASE o.outcome WHEN 'changed' THEN jsonb_build_object('role', r.role) || d.before
                          WHEN 'unchanged' THEN jsonb_build_object('role', r.role) END,
           CASE o.outcome WHEN 'changed' THEN jsonb_build_object('role', r.role) || d.after
                          WHEN 'new' THEN jsonb_strip_nulls(jsonb_build_object('username', p.after ->> 'username', 'role', r.role,
                              'starts_on', r.starts_on, 'ends_on', r.ends_on)) END
    FROM (
        SELECT *, row_number() OVER (PARTITION BY who, recipient_id, role ORDER BY part DESC, line) AS repeat
        FROM named_rows WHERE {IS_GOOD} AND recipient_id IS NOT NULL
    ) r
    LEFT JOIN said_people p ON p.who = r.who AND p.person_id IS NULL
    CROSS JOIN LATERAL (
        SELECT jsonb_object_agg(key, was) AS before, jsonb_object_agg(key, becomes) AS after
        FROM (VALUES ('starts_on', r.now_starts, r.starts_on), ('ends_on', r.now_ends, r.ends_on)) days (key, was, becomes)
        WHERE %(updates)s AND becomes <> coalesce(was, 'infinity')
    ) d
    CROSS JOIN LATERAL (SELECT CASE WHEN r.repeat > 1 THEN 'repeated' WHEN r.entry_id IS NULL THEN 'new'
                                    WHEN d.after IS NOT NULL THEN 'changed' ELSE 'unchanged' END AS outcome) o
    ORDER BY r.part, r.line
"""
PLAN_REPEATED = f"""
    INSERT INTO recipients_importrow (batch_id, outcome, part, line, person_id, after)
    SELECT %(batch)s, 'repeated', r.part, r.line, r.person_id,
           CASE WHEN p.person_id IS NULL THEN jsonb_build_object('username', p.after ->> 'username') END
    FROM named_rows r JOIN said_people p ON p.who = r.who
    WHERE {IS_GOOD} AND r.recipient_id IS NULL AND (r.part, r.line) <> (p.part, p.line)
    ORDER BY r.part, r.line
"""


def plan(reading: Reading) -> None:
    facts = {"batch": reading.batch.pk, "updates": reading.batch.mode == Import.Mode.UPDATE, "actor": reading.actor.pk}
    with walking_through(reading.summary["rows"]):
        check(reading, facts)
        planned = sum(execute(sql, facts) for sql in (PLAN_PEOPLE, PLAN_ENTRIES, PLAN_REPEATED))
    analyse("recipients_importrow", planned, many=MANY)
