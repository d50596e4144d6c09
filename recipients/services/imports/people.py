"""People and where they belong: accounts made and changed, and entries made and changed, never removed."""

from collections.abc import Iterator
from typing import Any

from audit.triggers.recording import history_of
from backoffice.permissions import may_everywhere, may_somewhere
from recipients.models import Import, ImportRow, Recipient, RoleAssignment, User
from recipients.services.access import people_changeable_by
from recipients.services.imports import people_planning, undoing_people
from recipients.services.imports.people_checking import MANY, NOW, OWN, managed
from recipients.services.imports.sql import analyse, execute, fetch, forget_plans
from recipients.signin.models import Session
from recipients.signin.services import SessionService

Outcome = ImportRow.Outcome
IS_PERSON = "r.recipient_id IS NULL"
TYPES = {column: "boolean" if column == "is_active" else "text" for column in OWN}
DAYS = {"starts_on": "date", "ends_on": "date"}

LOCK_ENTRIES = """
    SELECT a.id FROM recipients_roleassignment a
    JOIN recipients_importrow r ON a.user_id = r.person_id AND a.recipient_id = r.recipient_id AND a.role = r.before ->> 'role'
    WHERE r.batch_id = %s AND r.outcome IN ('changed', 'removed') ORDER BY a.id FOR UPDATE OF a
"""
# Of an account: whether it is as it was, and whether somebody else has come to what it is to get.
STALE_PEOPLE = f"""
    SELECT count(*) FROM recipients_importrow r
    LEFT JOIN (SELECT v.id, jsonb_build_object({NOW}) AS now FROM recipients_user v) v ON v.id = r.person_id
    WHERE r.batch_id = %s AND r.outcome IN ('new', 'changed') AND {IS_PERSON} AND (
        r.outcome = 'changed' AND v.now @> r.before IS NOT TRUE
        OR EXISTS (SELECT FROM recipients_user o WHERE o.username = r.after ->> 'username' AND o.id IS DISTINCT FROM r.person_id)
        OR EXISTS (SELECT FROM recipients_user o
                   WHERE lower(o.email) = lower(r.after ->> 'email') AND o.email <> '' AND o.id IS DISTINCT FROM r.person_id)
        OR EXISTS (SELECT FROM recipients_user o
                   WHERE o.employee_number = r.after ->> 'employee_number' AND o.id IS DISTINCT FROM r.person_id)
    )
"""
STALE_ENTRIES = f"""
    SELECT count(*) FROM recipients_importrow r
    LEFT JOIN recipients_user u ON u.id = r.person_id
    LEFT JOIN recipients_recipient e ON e.id = r.recipient_id
    LEFT JOIN (SELECT *, jsonb_build_object('role', role, 'starts_on', starts_on, 'ends_on', ends_on) AS now
               FROM recipients_roleassignment) a
        ON a.user_id = r.person_id AND a.recipient_id = r.recipient_id AND a.role = coalesce(r.before, r.after) ->> 'role'
    WHERE r.batch_id = %s AND NOT {IS_PERSON} AND (
        r.outcome = 'new' AND (a.id IS NOT NULL OR e.is_active IS NOT TRUE OR r.person_id IS NOT NULL AND u.id IS NULL)
        OR r.outcome IN ('changed', 'removed') AND a.now @> r.before IS NOT TRUE
    )
"""
# A password that nobody has, another for each: nothing that is derived from it can be computed.
ADD_PEOPLE = f"""
    INSERT INTO recipients_user (password, is_superuser, is_staff, on_hold, time_zone, date_joined,
                                 username, first_name, last_name, email, employee_number, job_title, is_active)
    SELECT '!' || translate(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), FALSE, FALSE, FALSE, '', clock_timestamp(),
           r.after ->> 'username', coalesce(r.after ->> 'first_name', ''), coalesce(r.after ->> 'last_name', ''),
           coalesce(r.after ->> 'email', ''), r.after ->> 'employee_number', coalesce(r.after ->> 'job_title', ''),
           (r.after ->> 'is_active')::boolean
    FROM recipients_importrow r WHERE r.batch_id = %s AND r.outcome = 'new' AND {IS_PERSON} ORDER BY r.number
"""
CHANGE_PEOPLE = f"""
    UPDATE recipients_user t SET {{assignments}} FROM recipients_importrow r
    WHERE r.batch_id = %s AND r.outcome = 'changed' AND {IS_PERSON} AND t.id = r.person_id
"""
ADD_ENTRIES = f"""
    INSERT INTO recipients_roleassignment (user_id, recipient_id, role, starts_on, ends_on, created_at, modified_at)
    SELECT coalesce(r.person_id, u.id), r.recipient_id, r.after ->> 'role', (r.after ->> 'starts_on')::date,
           (r.after ->> 'ends_on')::date, clock_timestamp(), clock_timestamp()
    FROM recipients_importrow r LEFT JOIN recipients_user u ON r.person_id IS NULL AND u.username = r.after ->> 'username'
    WHERE r.batch_id = %s AND r.outcome = 'new' AND NOT {IS_PERSON} ORDER BY r.number
"""
OF_ENTRY = "a.user_id = r.person_id AND a.recipient_id = r.recipient_id AND a.role = r.before ->> 'role'"
CHANGE_ENTRIES = f"""
    UPDATE recipients_roleassignment a SET {{assignments}}, modified_at = clock_timestamp() FROM recipients_importrow r
    WHERE r.batch_id = %s AND r.outcome = 'changed' AND {OF_ENTRY}
"""
TAKE_OUT = (
    f"DELETE FROM recipients_roleassignment a USING recipients_importrow r WHERE r.batch_id = %s AND r.outcome = 'removed' AND {OF_ENTRY}"
)


class People:
    modes: tuple[Import.Mode, ...] = (Import.Mode.ADD, Import.Mode.UPDATE)
    compares_in_the_file = True
    folded: tuple[str, ...] = ()

    @staticmethod
    def may_import(actor: Any) -> bool:
        changes_people = may_everywhere(actor, "add", User) or may_somewhere(actor, "change", User)
        return changes_people or may_somewhere(actor, "manage_members", Recipient)

    plan = staticmethod(people_planning.plan)

    @staticmethod
    def lock(batch: Import, actor: Any) -> bool:
        """People before entries, each in a fixed order. Whoever gives somebody rights or uses an account meanwhile waits."""
        people = batch.rows.filter(outcome=Outcome.CHANGED, recipient=None)
        changed = User.objects.filter(pk__in=people.values("person"))
        list(changed.order_by("pk").select_for_update(of=("self",)).values_list("pk"))
        fetch(LOCK_ENTRIES, [batch.pk])
        makes_people = batch.rows.filter(outcome=Outcome.NEW, recipient=None).exists()
        if makes_people and not may_everywhere(actor, "add", User):
            return False
        if people.filter(person=actor, after__is_active=False).exists():
            return False
        may_all = not changed.exclude(pk__in=people_changeable_by(actor).values("pk")).exists()
        return may_all and _manages_all(batch, actor)

    @staticmethod
    def stale(batch: Import) -> int:
        return fetch(STALE_PEOPLE, [batch.pk])[0][0] + fetch(STALE_ENTRIES, [batch.pk])[0][0]

    @staticmethod
    def steps(batch: Import, actor: Any) -> Iterator[int]:  # noqa: ARG004 - others keep a note of who it was; here the history does
        yield execute(TAKE_OUT, [batch.pk])
        made = execute(ADD_PEOPLE, [batch.pk])
        analyse("recipients_user", made, many=MANY)
        yield made
        forget_plans()
        changed = execute(CHANGE_PEOPLE.format(assignments=_assignments("t", TYPES)), [batch.pk])
        _end_sessions(batch)
        yield changed
        analyse(history_of(User)._meta.db_table, made + changed, many=MANY)
        yield from _write_entries(batch)

    plan_reverse = staticmethod(undoing_people.plan_reverse)
    reverse_numbers = staticmethod(undoing_people.numbers)
    left_rows = staticmethod(undoing_people.left_rows)


def _write_entries(batch: Import) -> Iterator[int]:
    added = execute(ADD_ENTRIES, [batch.pk])
    analyse("recipients_roleassignment", added, many=MANY)
    yield added
    changed = execute(CHANGE_ENTRIES.format(assignments=_assignments("a", DAYS)), [batch.pk])
    analyse(history_of(RoleAssignment)._meta.db_table, added + changed, many=MANY)
    yield changed


def _manages_all(batch: Import, actor: Any) -> bool:
    """Every recipient whose entries are written, asked anew."""
    written = batch.rows.filter(outcome__in=(Outcome.NEW, Outcome.CHANGED, Outcome.REMOVED), recipient__isnull=False)
    named = Recipient.objects.filter(pk__in=written.values("recipient"))
    return not named.exclude(pk__in=managed(actor).values("pk")).exists()


def _assignments(alias: str, types: dict[str, str]) -> str:
    """What the plan names gets its value, also an empty one; the rest stays."""
    cases = (f"CASE WHEN r.after ? '{c}' THEN (r.after ->> '{c}')::{t} ELSE {alias}.{c} END" for c, t in types.items())
    return ", ".join(f"{column} = {case}" for column, case in zip(types, cases, strict=True))


def _end_sessions(batch: Import) -> None:
    """Of whoever becomes inactive: else they would be open again if the account ever is."""
    closed = batch.rows.filter(outcome=Outcome.CHANGED, recipient=None, after__is_active=False).values("person")
    for person in User.objects.filter(pk__in=Session.objects.filter(person__in=closed).values("person")).order_by("pk"):
        SessionService.end_all(person)
