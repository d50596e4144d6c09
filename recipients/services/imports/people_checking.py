"""What is wrong with rows of people and their entries, and what the others say.

A row names a person and may carry an entry. What all rows say of one person is put together; a row with something wrong is
set aside whole, so nothing of it counts, neither for the person nor for the entry.
"""

import json
import re
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from backoffice.permissions import may_everywhere, visible
from recipients.models import Recipient, RoleAssignment, User
from recipients.services.access import people_changeable_by
from recipients.services.imports.kinds import Reading
from recipients.services.imports.sql import execute, fetch, sub

MANY = 1_000  # rows; people are joined with themselves in several ways, so the planner has to know sooner how many they are
OWN = ("employee_number", "email", "first_name", "last_name", "job_title", "username", "is_active")
NOW = ", ".join(f"'{column}', v.{column}" for column in OWN)

# Each row with whom it names, and with the entry it is about, as that is now. Whoever is not there yet goes by number or e-mail.
NAME = """
    DROP TABLE IF EXISTS pg_temp.named_rows;
    CREATE TEMPORARY TABLE named_rows ON COMMIT DROP AS
    SELECT f.*, r.id AS recipient_id, a.id AS entry_id, coalesce(a.role, f.given_role, %(member)s) AS role,
           a.starts_on AS now_starts, a.ends_on AS now_ends,
           NULL::text AS own_key, CASE WHEN f.names_two THEN 'two_people' END AS own_problem,
           CASE WHEN f.recipient IS NOT NULL AND r.id IS NULL THEN 'unknown_recipient'
                WHEN a.id IS NULL AND NOT r.is_active THEN 'inactive_recipient'
                WHEN a.id IS NOT NULL AND %(updates)s
                     AND coalesce(f.ends_on, a.ends_on) < coalesce(f.starts_on, a.starts_on) THEN 'order' END AS entry_problem
    FROM (
        SELECT s.part, s.line, s.recipient, s.role AS given_role, s."from"::date AS starts_on, s."until"::date AS ends_on,
               coalesce(n.id, e.id, u.id) AS person_id, n.id <> e.id AS names_two,
               coalesce('p' || coalesce(n.id, e.id, u.id), 'n' || s.employee_number, 'e' || lower(s.email)) AS who,
               jsonb_strip_nulls(jsonb_build_object(
                   'employee_number', s.employee_number, 'email', s.email, 'first_name', s.first_name, 'last_name', s.last_name,
                   'job_title', s.job_title, 'username', s.username, 'is_active', s.active::boolean)) AS says
        FROM staged_rows s
        LEFT JOIN ({seen}) n ON n.employee_number = s.employee_number
        LEFT JOIN ({seen}) e ON lower(e.email) = lower(s.email)
        LEFT JOIN ({seen}) u ON u.username = s.username AND n.id IS NULL AND e.id IS NULL
        WHERE NOT EXISTS (
            SELECT FROM recipients_importproblem p WHERE p.batch_id = %(batch)s AND p.part = s.part AND p.line = s.line
        )
    ) f
    LEFT JOIN ({managed}) r ON r.code = f.recipient
    LEFT JOIN LATERAL (
        SELECT * FROM recipients_roleassignment a
        WHERE a.user_id = f.person_id AND a.recipient_id = r.id
          AND (a.role = coalesce(f.given_role, %(member)s) OR f.given_role IS NULL AND a.role = '')
        ORDER BY a.role = '' LIMIT 1
    ) a ON TRUE
"""
# The reader finds what contradicts within a file, but for rows that name the same person or the same entry in two ways.
ENTRIES_DIFFER = """
    UPDATE named_rows r SET entry_problem = 'conflict'
    FROM (
        SELECT part, line, starts_on, ends_on, first_value(part) OVER w AS first_part,
               first_value(starts_on) OVER w AS first_starts, first_value(ends_on) OVER w AS first_ends
        FROM named_rows WHERE recipient_id IS NOT NULL AND own_problem IS NULL AND entry_problem IS NULL
        WINDOW w AS (PARTITION BY who, recipient_id, role ORDER BY part DESC, line)
    ) d
    WHERE r.part = d.part AND r.line = d.line AND d.part = d.first_part
      AND (d.starts_on, d.ends_on) IS DISTINCT FROM (d.first_starts, d.first_ends)
"""
# One row for each person: what is said of them, a file that mends having the last word, and what would become of it.
PUT_TOGETHER = """
    DROP TABLE IF EXISTS pg_temp.said_people;
    CREATE TEMPORARY TABLE said_people ON COMMIT DROP AS
    SELECT m.who, m.person_id, m.part, m.line, m.says, d.before,
           CASE WHEN m.person_id IS NULL THEN jsonb_strip_nulls(
                    '{{"is_active": true}}' || m.says || jsonb_build_object('username', coalesce(
                        m.says ->> 'username', substring(lower(m.says ->> 'email') from {username}),
                        substring(m.says ->> 'employee_number' from {username}))))
                ELSE d.after END AS after
    FROM (
        SELECT who, min(person_id) AS person_id, (array_agg(part ORDER BY part DESC, line))[1] AS part,
               (array_agg(line ORDER BY part DESC, line))[1] AS line, jsonb_strip_nulls(jsonb_build_object({firsts})) AS says
        FROM named_rows WHERE {counted} GROUP BY who
    ) m
    LEFT JOIN (SELECT v.id, jsonb_build_object({now}) AS now FROM recipients_user v) v ON v.id = m.person_id
    CROSS JOIN LATERAL (
        SELECT jsonb_object_agg(key, v.now -> key) AS before, jsonb_object_agg(key, value) AS after
        FROM jsonb_each(m.says)
        WHERE %(updates)s AND value IS DISTINCT FROM v.now -> key
          AND NOT (key = 'email' AND lower(m.says ->> key) = lower(v.now ->> key))
    ) d
"""
USERNAME = "'^[A-Za-z0-9_.@+-]{1,150}$'"  # as an account can have it
FIRSTS = ", ".join(
    f"'{column}', (array_agg(says -> '{column}' ORDER BY part DESC, line) FILTER (WHERE says ? '{column}'))[1]" for column in OWN
)
PEOPLE_DIFFER = """
    UPDATE named_rows r SET own_problem = 'conflict', own_key = d.key
    FROM (
        SELECT r.part, r.line, min(e.key) AS key
        FROM named_rows r JOIN said_people m ON m.who = r.who AND m.part = r.part
        CROSS JOIN LATERAL jsonb_each_text(r.says) e
        WHERE r.own_problem IS NULL AND NOT m.says @> r.says
          AND CASE e.key WHEN 'email' THEN lower(e.value) <> lower(m.says ->> 'email') ELSE e.value <> m.says ->> e.key END
        GROUP BY r.part, r.line
    ) d
    WHERE r.part = d.part AND r.line = d.line
"""
# What keeps a person from being made or changed is wrong in each of their rows. Nobody gets what another has or gets too.
JUDGE = """
    UPDATE named_rows r SET own_problem = j.problem, own_key = j.key
    FROM (
        SELECT p.who, c.problem,
               CASE WHEN c.problem IN ('unknown_number', 'taken_number') THEN 'employee_number'
                    WHEN c.problem IN ('unknown_email', 'taken_email') THEN 'email'
                    WHEN c.problem = 'nameless' THEN 'first_name'
                    WHEN c.problem = 'own_account' THEN 'is_active'
                    WHEN c.problem = 'may_not_change' THEN (SELECT min(key) FROM jsonb_object_keys(p.after) key)
                    WHEN p.says ? 'username' OR p.person_id IS NOT NULL THEN 'username'
                    WHEN p.says ? 'email' THEN 'email' ELSE 'employee_number' END AS key
        FROM (
            SELECT *, row_number() OVER (PARTITION BY after ->> 'employee_number' ORDER BY part, line) AS nth_number,
                   row_number() OVER (PARTITION BY lower(after ->> 'email') ORDER BY part, line) AS nth_email,
                   row_number() OVER (PARTITION BY after ->> 'username' ORDER BY part, line) AS nth_username
            FROM said_people WHERE after IS NOT NULL
        ) p
        LEFT JOIN recipients_user n ON n.employee_number = p.after ->> 'employee_number'
        LEFT JOIN recipients_user e ON lower(e.email) = lower(p.after ->> 'email') AND e.email <> ''
        LEFT JOIN recipients_user u ON u.username = p.after ->> 'username'
        CROSS JOIN LATERAL (SELECT CASE
            WHEN p.person_id IS NULL AND NOT %(may_add)s
                THEN CASE WHEN p.says ? 'employee_number' THEN 'unknown_number' ELSE 'unknown_email' END
            WHEN p.person_id IS NULL AND NOT p.says ?| ARRAY['first_name', 'last_name'] THEN 'nameless'
            WHEN p.person_id IS NULL AND NOT p.after ? 'username' THEN 'unfit_username'
            WHEN p.person_id = %(actor)s AND p.after @> '{{"is_active": false}}' THEN 'own_account'
            WHEN p.person_id IS NOT NULL AND p.person_id NOT IN ({changeable}) THEN 'may_not_change'
            WHEN n.id IS NOT NULL OR p.after ? 'employee_number' AND p.nth_number > 1 THEN 'taken_number'
            WHEN e.id IS NOT NULL OR p.after ? 'email' AND p.nth_email > 1 THEN 'taken_email'
            WHEN u.id IS NOT NULL OR p.after ? 'username' AND p.nth_username > 1 THEN 'taken_username'
        END AS problem) c
        WHERE c.problem IS NOT NULL
    ) j
    WHERE r.who = j.who AND r.own_problem IS NULL
"""
TELL = """
    INSERT INTO recipients_importproblem (batch_id, part, line, "column", value, message, code)
    SELECT %(batch)s, r.part, r.line,
           coalesce(t.titles ->> c.key, t.titles ->> 'employee_number', t.titles ->> 'email', ''),
           left(coalesce(c.value, ''), 60), %(messages)s::jsonb ->> c.code, c.code
    FROM named_rows r
    CROSS JOIN LATERAL (SELECT %(titles)s::jsonb -> r.part::text AS titles) t
    CROSS JOIN LATERAL (
        SELECT CASE k.key WHEN 'is_active' THEN 'active' ELSE k.key END AS key, r.says ->> k.key AS value, r.own_problem AS code
        FROM (SELECT coalesce(r.own_key, 'email') AS key) k
        UNION ALL
        SELECT k.key, CASE k.key WHEN 'recipient' THEN r.recipient WHEN 'until' THEN r.ends_on::text ELSE r.starts_on::text END,
               r.entry_problem
        FROM (SELECT CASE WHEN r.entry_problem LIKE '%%recipient' THEN 'recipient'
                          WHEN r.ends_on IS NULL THEN 'from' ELSE 'until' END AS key) k
    ) c
    WHERE c.code IS NOT NULL
"""
COUNT_PROBLEMS = "SELECT count(own_problem) + count(entry_problem) FROM named_rows"
IS_GOOD = "own_problem IS NULL AND entry_problem IS NULL"


def check(reading: Reading, facts: dict[str, Any]) -> None:
    """Fill `named_rows`, whose rows without a problem count, and `said_people`, from those; and tell what is wrong."""
    _name(reading, facts)
    execute(ENTRIES_DIFFER)
    _judge(reading, facts)
    reading.refuse_too_many(fetch(COUNT_PROBLEMS)[0][0])
    execute(TELL, facts | {"titles": json.dumps(reading.titles), "messages": json.dumps(_messages())})


def managed(actor: Any) -> QuerySet:
    return visible(actor, "manage_members", Recipient.objects.all())


def _name(reading: Reading, facts: dict[str, Any]) -> None:
    facts = facts | {"member": str(RoleAssignment._meta.get_field("role").get_default())}
    seen = _part(visible(reading.actor, "view", User.objects.all()).values("id", "employee_number", "email", "username"), facts)
    recipients = _part(managed(reading.actor).values("id", "code", "is_active"), facts)
    execute(NAME.format(seen=seen, managed=recipients), facts)
    execute("ANALYZE named_rows")


def _judge(reading: Reading, facts: dict[str, Any]) -> None:
    """Until nothing more is found: a row that is set aside takes along what it alone said of its person."""
    facts = facts | {"may_add": may_everywhere(reading.actor, "add", User)}
    judge = JUDGE.format(changeable=_part(people_changeable_by(reading.actor).values("id"), facts))
    tells_all = bool(fetch("SELECT count(entry_problem) FROM named_rows")[0][0])  # also what else is wrong in those rows
    while _finds_more(judge, facts, "own_problem IS NULL" if tells_all else IS_GOOD) or tells_all:
        tells_all = False


def _finds_more(judge: str, facts: dict[str, Any], counted: str) -> bool:
    execute(PUT_TOGETHER.format(firsts=FIRSTS, now=NOW, username=USERNAME, counted=counted), facts)
    execute("ANALYZE said_people")
    return bool(execute(PEOPLE_DIFFER) or execute(judge, facts))


def _part(rows: QuerySet, facts: dict[str, Any]) -> str:
    """What the policy lets somebody see, as a part of a statement whose values have names."""
    sql, values = sub(rows)
    names = [f"value{len(facts) + place}" for place in range(len(values))]
    facts.update(zip(names, values, strict=True))
    wanted = iter(names)
    return re.sub("%[%s]", lambda found: f"%({next(wanted)})s" if found[0] == "%s" else "%%", sql)


def _messages() -> dict[str, str]:
    return {
        "two_people": _("The employee number and the e-mail belong to two different people. Correct one of them, or leave it empty."),
        "unknown_number": _("Nobody has this employee number, and you may not add people. Check it."),
        "unknown_email": _("Nobody has this e-mail address, and you may not add people. Check it."),
        "nameless": _(
            "Nobody is found by this row, and a new person needs a name. Enter a first or a last name, or check how they are named."
        ),
        "unfit_username": _("This cannot be a username, which consists of letters, digits and the characters @ . + - _ only. Enter one."),
        "taken_username": _("Another person has this username. Choose another one."),
        "taken_email": _("Another person has this e-mail address. Check it."),
        "taken_number": _("Another person has this employee number. Check it."),
        "may_not_change": _("You may not change the account of this person. Leave the cell empty, or ask an administrator."),
        "own_account": _("You would close your own account. Leave the cell empty, or ask somebody else to do this."),
        "conflict": _("Another row about the same says otherwise, though it names this person in another way. Correct one of the two."),
        "unknown_recipient": _(
            "There is no recipient with this code whose members you decide. Check the code, or add the recipient first."
        ),
        "inactive_recipient": _("This recipient is inactive, so nobody new can belong to it. Leave the row out, or make it active first."),
        "order": _("The entry would end before it starts. Correct one of the two days; an empty cell leaves a day as it is."),
    }
