"""Group memberships in the database: who is meant, what is new, what a file that is the whole truth leaves out.

Everything is set-based: a million rows are resolved by one statement, and written group by group, so that each group's
history tells its own part.
"""

import json
from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from backoffice import clock
from backoffice.permissions import may_somewhere, visible
from recipients.models import Import, ImportRow, Recipient, RecipientGroup, User
from recipients.services.imports import reversal
from recipients.services.imports.kinds import Reading
from recipients.services.imports.sql import analyse, execute, fetch, sub, walking_through
from recipients.services.imports.steps import steps_of

PEOPLE, ENTITIES = "recipients_recipientgroupadditionalrecipient", "recipients_recipientgrouprecipient"
# The table of the links, their column, that of the plan, and the columns of the file that can name such a member.
LINKS = ((PEOPLE, "user_id", "person_id", ("employee_number", "email")), (ENTITIES, "recipient_id", "recipient_id", ("recipient",)))
STILL_MEMBER = " OR ".join(
    f"EXISTS (SELECT FROM {table} l WHERE l.recipient_group_id = r.group_id AND l.{column} = r.{planned})"
    for table, column, planned, _names in LINKS
)

RESOLVE = """
    DROP TABLE IF EXISTS pg_temp.resolved_rows;
    CREATE TEMPORARY TABLE resolved_rows ON COMMIT DROP AS
    SELECT s.part, s.line, g.id AS group_id, r.id AS recipient_id, coalesce(n.id, e.id) AS person_id, b.line IS NOT NULL AS is_bad,
           CASE WHEN g.id IS NULL AND b.of_group IS NOT TRUE THEN 'unknown_group' END AS group_problem,
           CASE WHEN b.of_member THEN NULL
                WHEN s.recipient IS NOT NULL AND r.id IS NULL THEN 'unknown_recipient'
                WHEN NOT r.is_active THEN 'inactive_recipient'
                WHEN s.employee_number IS NOT NULL AND n.id IS NULL THEN 'unknown_number'
                WHEN s.email IS NOT NULL AND e.id IS NULL THEN 'unknown_email'
                WHEN n.id <> e.id THEN 'two_people'
                WHEN NOT coalesce(n.is_active, e.is_active) THEN 'inactive_person' END AS member_problem
    FROM staged_rows s
    LEFT JOIN ({groups}) g ON g.code = s."group"
    LEFT JOIN ({recipients}) r ON r.code = s.recipient
    LEFT JOIN ({by_number}) n ON n.employee_number = s.employee_number
    LEFT JOIN ({by_email}) e ON lower(e.email) = s.email
    LEFT JOIN (
        SELECT part, line, bool_or("column" = %s::jsonb -> part::text ->> 'group') AS of_group,
               bool_or("column" <> %s::jsonb -> part::text ->> 'group') AS of_member
        FROM recipients_importproblem WHERE batch_id = %s GROUP BY part, line
    ) b ON b.part = s.part AND b.line = s.line
"""
# Whoever is a member already may be inactive: what was exported can be imported again.
PARDON = f"UPDATE resolved_rows r SET member_problem = NULL WHERE member_problem LIKE 'inactive%%' AND ({STILL_MEMBER})"
TELL = """
    INSERT INTO recipients_importproblem (batch_id, part, line, "column", value, message, code)
    SELECT %(batch)s, r.part, r.line, %(titles)s::jsonb -> r.part::text ->> c.key, left(coalesce(c.value, ''), 60),
           %(messages)s::jsonb ->> c.code, c.code
    FROM resolved_rows r
    JOIN staged_rows s ON s.part = r.part AND s.line = r.line
    CROSS JOIN LATERAL (
        SELECT 'group' AS key, s."group" AS value, r.group_problem AS code
        UNION ALL
        SELECT k.key, CASE k.key WHEN 'recipient' THEN s.recipient WHEN 'email' THEN s.email ELSE s.employee_number END, r.member_problem
        FROM (SELECT CASE WHEN r.member_problem LIKE '%%recipient' THEN 'recipient'
                          WHEN r.member_problem IN ('unknown_email', 'two_people') OR s.employee_number IS NULL THEN 'email'
                          ELSE 'employee_number' END AS key) k
    ) c
    WHERE (r.group_problem IS NOT NULL OR r.member_problem IS NOT NULL) AND c.code IS NOT NULL
"""
COUNT_PROBLEMS = "SELECT count(group_problem) + count(member_problem) FROM resolved_rows"
# For one table of links, in the order of its own index: it is gone through once, to compare and later to write.
PLAN = """
    INSERT INTO recipients_importrow (batch_id, outcome, part, line, group_id, {planned})
    SELECT %s, CASE WHEN r.repeat > 1 THEN 'repeated' WHEN l.id IS NOT NULL THEN 'unchanged' ELSE 'new' END,
           r.part, r.line, r.group_id, r.{planned}
    FROM (
        SELECT *, row_number() OVER (PARTITION BY group_id, {planned} ORDER BY part, line) AS repeat
        FROM resolved_rows WHERE {planned} IS NOT NULL AND NOT is_bad AND group_problem IS NULL AND member_problem IS NULL
    ) r
    LEFT JOIN {table} l ON l.recipient_group_id = r.group_id AND l.{column} = r.{planned}
    ORDER BY r.group_id, r.{planned}, r.part, r.line
"""
BAD = "(is_bad OR group_problem IS NOT NULL OR member_problem IS NOT NULL)"
# A bad row keeps its whole group as it is: nobody may be removed because their row has a slip in it.
TRIMMED = f"""
    SELECT DISTINCT group_id FROM resolved_rows WHERE group_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM resolved_rows WHERE {BAD} AND group_id IS NULL
    ) EXCEPT SELECT group_id FROM resolved_rows WHERE {BAD}
"""
NAMED_GROUPS = "SELECT count(DISTINCT group_id) FROM resolved_rows"
REMOVE = """
    INSERT INTO recipients_importrow (batch_id, outcome, group_id, {planned})
    SELECT %s, 'removed', l.recipient_group_id, l.{column} FROM {table} l
    WHERE l.recipient_group_id = ANY(%s)
      AND NOT EXISTS (SELECT FROM resolved_rows r WHERE r.group_id = l.recipient_group_id AND r.{planned} = l.{column})
    ORDER BY 3, 4
"""
RENAMES = """
    SELECT g.id, g.name, s.group_name, min(s.part), min(s.line)
    FROM staged_rows s JOIN ({groups}) g ON g.code = s."group"
    WHERE s.group_name <> g.name AND NOT EXISTS (
        SELECT FROM recipients_importproblem p WHERE p.batch_id = %s AND p.part = s.part AND p.line = s.line
    )
    GROUP BY g.id, g.name, s.group_name
"""
IN_SEVERAL = """
    SELECT count(*) FROM (
        SELECT FROM recipients_importrow WHERE batch_id = %s AND person_id IS NOT NULL AND outcome IN ('new', 'unchanged')
        GROUP BY person_id HAVING count(*) > 1
    ) several
"""
STALE = f"""
    SELECT count(*)
    FROM recipients_importrow r
    LEFT JOIN recipients_recipientgroup g ON g.id = r.group_id AND NOT g.is_deleted
    LEFT JOIN {PEOPLE} p ON p.recipient_group_id = r.group_id AND p.user_id = r.person_id
    LEFT JOIN {ENTITIES} e ON e.recipient_group_id = r.group_id AND e.recipient_id = r.recipient_id
    LEFT JOIN recipients_user u ON u.id = r.person_id
    LEFT JOIN recipients_recipient t ON t.id = r.recipient_id
    WHERE r.batch_id = %s AND (
        g.id IS NULL
        OR r.outcome = 'changed' AND g.name <> r.before ->> 'name'
        OR r.outcome = 'new' AND (p.id IS NOT NULL OR e.id IS NOT NULL OR coalesce(u.is_active, t.is_active) IS NOT TRUE)
        OR r.outcome IN ('unchanged', 'removed') AND p.id IS NULL AND e.id IS NULL
    )
"""
# Members that the plan does not know of, in groups of which it is the whole truth.
STRANGERS = """
    SELECT (SELECT count(*) FROM {table} WHERE recipient_group_id = ANY(%s))
         - (SELECT count(*) FROM recipients_importrow
            WHERE batch_id = %s AND outcome IN ('unchanged', 'removed') AND group_id = ANY(%s) AND {planned} IS NOT NULL)
"""
ADD = """
    INSERT INTO {table} (recipient_group_id, {column})
    SELECT group_id, {planned} FROM recipients_importrow
    WHERE batch_id = %s AND outcome = 'new' AND number BETWEEN %s AND %s AND {planned} IS NOT NULL ORDER BY number
"""
TAKE_OUT = """
    DELETE FROM {table} l USING recipients_importrow r
    WHERE r.batch_id = %s AND r.outcome = 'removed' AND r.number BETWEEN %s AND %s
      AND l.recipient_group_id = r.group_id AND l.{column} = r.{planned}
"""


class Memberships:
    compares_in_the_file = False  # nothing can differ but how a member is named
    folded: tuple[str, ...] = ("email",)
    modes: tuple[Import.Mode, ...] = (Import.Mode.ADD, Import.Mode.UPDATE, Import.Mode.REPLACE)

    @staticmethod
    def may_import(actor: Any) -> bool:
        return may_somewhere(actor, "manage_members", RecipientGroup)

    @staticmethod
    def plan(reading: Reading) -> None:
        _resolve(reading)
        batch, mode = reading.batch, reading.batch.mode
        planned = _plan_members(reading)
        if mode == Import.Mode.REPLACE:
            planned += _plan_removals(reading)
        analyse("recipients_importrow", planned)
        _plan_names(reading)
        reading.summary |= _numbers(batch)

    @staticmethod
    def lock(batch: Import, actor: Any) -> bool:
        """The groups, in a fixed order, as `RecipientGroupService` does: whoever else changes their members waits."""
        ids = groups_of(batch)
        list(RecipientGroup.all_objects.filter(pk__in=ids).order_by("pk").select_for_update(of=("self",)).values_list("pk"))
        managed = visible(actor, "manage_members", RecipientGroup.all_objects.filter(pk__in=ids)).count()
        renamed = batch.rows.filter(outcome=ImportRow.Outcome.CHANGED).values("group")
        may_rename = visible(actor, "change", RecipientGroup.all_objects.filter(pk__in=renamed)).count()
        return managed == len(ids) and may_rename == renamed.count()

    @staticmethod
    def stale(batch: Import) -> int:
        changed = fetch(STALE, [batch.pk])[0][0]
        trimmed = batch.summary.get("trimmed", []) if batch.state == Import.State.APPLYING else []
        for table, _column, planned, names in LINKS:
            if trimmed and set(names) & set(batch.summary["removable"]):
                strangers = STRANGERS.format(table=table, planned=planned)
                changed += abs(fetch(strangers, [trimmed, batch.pk, trimmed])[0][0])
        return changed

    plan_reverse = staticmethod(reversal.plan_reverse)
    reverse_numbers = staticmethod(reversal.numbers)
    left_rows = staticmethod(reversal.left_rows)

    @staticmethod
    def steps(batch: Import, actor: Any) -> Iterator[int]:
        changed = dict.fromkeys((PEOPLE, ENTITIES), 0)
        for outcome, statement in ((ImportRow.Outcome.REMOVED, TAKE_OUT), (ImportRow.Outcome.NEW, ADD)):
            for step in steps_of(batch, outcome):
                for table, column, planned, _names in LINKS:
                    if getattr(step, planned):
                        sql = statement.format(table=table, column=column, planned=planned)
                        changed[table] += execute(sql, [batch.pk, step.first, step.last])
                yield step.count
        yield _rename(batch, actor)
        for table, count in changed.items():
            analyse(table, count)
        touched = batch.rows.filter(outcome__in=(ImportRow.Outcome.NEW, ImportRow.Outcome.REMOVED)).values("group")
        RecipientGroup.objects.filter(pk__in=touched).update(modified_by=actor, modified_at=clock.now())


def groups_of(batch: Import) -> list[int]:
    rows = batch.rows.exclude(outcome=ImportRow.Outcome.REPEATED).filter(group__isnull=False)
    return sorted(rows.order_by().values_list("group", flat=True).distinct())


def managed(actor: Any) -> QuerySet:
    return visible(actor, "manage_members", RecipientGroup.objects.all())


def _resolve(reading: Reading) -> None:
    joined = {
        "groups": managed(reading.actor).values("id", "code"),
        "recipients": _named(reading, Recipient, "recipient", "code"),
        "by_number": _named(reading, User, "employee_number", "employee_number"),
        "by_email": _named(reading, User, "email", "email"),
    }
    parts = {name: sub(rows) for name, rows in joined.items()}
    titles = json.dumps(reading.titles)
    parameters = [value for _sql, values in parts.values() for value in values]
    execute(RESOLVE.format(**{name: sql for name, (sql, _values) in parts.items()}), [*parameters, titles, titles, reading.batch.pk])
    execute(PARDON)
    reading.refuse_too_many(fetch(COUNT_PROBLEMS)[0][0])
    execute(TELL, {"batch": reading.batch.pk, "titles": titles, "messages": json.dumps(_messages())})
    execute("ANALYZE resolved_rows")


def _named(reading: Reading, model: Any, column: str, field: str) -> QuerySet:
    """What the steward may see of a model, to be found by what stands in a column; nothing if no file has it."""
    rows = (
        visible(reading.actor, "view", model._default_manager.all()) if column in reading.columns else model._default_manager.filter(pk=0)
    )
    return rows.values("id", field, "is_active")


def _messages() -> dict[str, str]:
    return {
        "unknown_group": _("There is no group with this code whose members you decide. Check the code, or create the group first."),
        "unknown_recipient": _("There is no recipient with this code. Check the code, or add the recipient first."),
        "inactive_recipient": _("This recipient is inactive and addresses nobody. Leave the row out, or make it active first."),
        "unknown_number": _("Nobody has this employee number. Check it, or add the person first."),
        "unknown_email": _("Nobody has this e-mail address. Check it, or add the person first."),
        "two_people": _("The employee number and the e-mail belong to two different people. Correct one of them, or leave it empty."),
        "inactive_person": _("This person's account is inactive. Leave the row out, or make the account active first."),
    }


def _plan_members(reading: Reading) -> int:
    """What each good row would do."""
    keys = set(reading.columns)
    with walking_through(reading.summary["rows"]):
        return sum(
            execute(PLAN.format(table=table, column=column, planned=planned), [reading.batch.pk])
            for table, column, planned, names in LINKS
            if keys & set(names)
        )


def _plan_removals(reading: Reading) -> int:
    """Of the kinds of members that a column of the file can name; the others stay, and the preview says so."""
    batch, removed = reading.batch, 0
    trimmed = [] if reading.keeps_all else sorted(pk for (pk,) in fetch(TRIMMED))
    # The first file says of which kinds of members it is the whole truth; one that mends may have more columns.
    reading.summary |= {"trimmed": trimmed, "removable": sorted(reading.titles[1])}
    reading.summary["kept_groups"] = fetch(NAMED_GROUPS)[0][0] - len(trimmed)
    reading.summary["stays"] = batch.rows.filter(outcome=ImportRow.Outcome.UNCHANGED, group__in=trimmed).count()
    for table, column, planned, names in LINKS:
        if trimmed and set(names) & set(reading.titles[1]):
            removed += execute(REMOVE.format(table=table, column=column, planned=planned), [batch.pk, trimmed])
    return removed


def _plan_names(reading: Reading) -> None:
    """A name in the file that differs from the group's."""
    if "group_name" not in reading.columns:
        return
    groups, parameters = sub(managed(reading.actor).values("id", "code", "name"))
    renames = fetch(RENAMES.format(groups=groups), [*parameters, reading.batch.pk])
    changeable = RecipientGroup.objects.filter(pk__in=[row[0] for row in renames])
    if reading.batch.mode == Import.Mode.ADD:
        changeable = changeable.none()
    allowed = set(visible(reading.actor, "change", changeable).values_list("pk", flat=True))
    last_of_each = {row[0]: row for row in sorted(renames, key=lambda row: row[-2:])}  # a file that mends has the last word
    rows: list[Any] = [
        ImportRow(
            batch=reading.batch,
            outcome=ImportRow.Outcome.CHANGED,
            part=part,
            line=line,
            group_id=pk,
            before={"name": before},
            after={"name": after},
        )
        for pk, before, after, part, line in last_of_each.values()
        if pk in allowed
    ]
    ImportRow.objects.bulk_create(rows)
    reading.summary["names_kept"] = len(last_of_each) - len(rows)


def _rename(batch: Import, actor: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE recipients_recipientgroup g SET name = r.after ->> 'name', modified_by_id = %s, modified_at = clock_timestamp() "
            "FROM recipients_importrow r WHERE r.batch_id = %s AND r.outcome = 'changed' AND g.id = r.group_id",
            [actor.pk, batch.pk],
        )
        return cursor.rowcount


def _numbers(batch: Import) -> dict[str, Any]:
    return {"groups": len(groups_of(batch)), "in_several": fetch(IN_SEVERAL, [batch.pk])[0][0]}
