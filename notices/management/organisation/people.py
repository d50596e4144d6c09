"""People, the organisation they belong to, and the groups."""

from collections import defaultdict
from dataclasses import dataclass

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.core.management.base import CommandError

from backoffice.demo import cast
from backoffice.permissions import Role
from notices.management.organisation.past import Past
from notices.management.organisation.source import Named, Source
from recipients.models import (
    Recipient,
    RecipientGroup,
    RecipientGroupAdditionalRecipient,
    RecipientGroupRecipient,
    RoleAssignment,
    User,
)

ROLES = {
    "author": Role.AUTHOR,
    "approver": Role.APPROVER,
    "steward": Role.STEWARD,
    "compliance": Role.COMPLIANCE,
    "administrator": Role.ADMINISTRATOR,
}
SET_UP_DAYS = -120  # when the organisation was entered; before its first notice
REASON = "First import of the organisation"


@dataclass(frozen=True, slots=True)
class Organisation:
    people: Named[User]
    recipients: Named[Recipient]
    groups: Named[RecipientGroup]
    assignments: int


def load_organisation(source: Source, past: Past) -> Organisation:
    set_up = {"when": source.moment(source.day(SET_UP_DAYS), 9), "reason": REASON}
    people = _people(source)
    User.objects.bulk_create(people.values())
    steward = holder_of(Role.STEWARD, people)
    for person in people.values():
        past.note(person, "+", actor_id=steward.pk, **set_up)
    set_up["actor"] = steward
    _give_roles(people)

    recipients = _by_code("recipients.csv", [
        Recipient(code=row["code"], name=row["name"], kind=row["kind"], is_active=row["is_active"] == "true")
        for row in source.rows("recipients.csv")
    ])  # fmt: skip
    past.create(list(recipients.values()), **set_up)
    groups = _by_code("groups.csv", [
        RecipientGroup(created_by=steward, modified_by=steward, **row) for row in source.rows("groups.csv")
    ])  # fmt: skip
    past.create(list(groups.values()), **set_up)

    assignments = [
        RoleAssignment(
            user=people[row["username"]],
            recipient=recipients[row["recipient_code"]],
            role=row["role"],
            starts_on=source.day(row["starts_on_days"]),
            ends_on=source.day(row["ends_on_days"]),
        )
        for row in source.rows("assignments.csv")
    ]
    past.create(assignments, **set_up)
    members, singles = [], []
    for row in source.rows("group_members.csv"):
        group = groups[row["group_code"]]
        if row["recipient_code"]:
            members.append(RecipientGroupRecipient(recipient_group=group, recipient=recipients[row["recipient_code"]]))
        else:
            singles.append(RecipientGroupAdditionalRecipient(recipient_group=group, user=people[row["username"]]))
    past.create(members, **set_up)
    past.create(singles, **set_up)
    return Organisation(people, recipients, groups, len(assignments))


def holder_of(role: Role, people: Named[User]) -> User:
    """The first person with this role, who did what only this role does."""
    for person in people.values():
        if person.role is role:
            return person
    msg = f"Nobody in people.csv is “{role}”. Give someone this role."
    raise CommandError(msg)


def _people(source: Source) -> Named[User]:
    """Unsaved accounts, each with its `role` (or None). Only the cast and those with a role can sign in."""
    joined = defaultdict(lambda: SET_UP_DAYS)
    for row in source.rows("assignments.csv"):
        if row["starts_on_days"]:
            joined[row["username"]] = min(joined[row["username"]], int(row["starts_on_days"]))
    password = make_password(cast.PASSWORD)  # once: it is slow on purpose
    people: Named[User] = Named("people.csv")
    for row in source.rows("people.csv"):
        role = ROLES.get(row["role"])
        person = User(
            **{name: row[name] for name in ("username", "first_name", "last_name", "email", "job_title")},
            employee_number=row["employee_number"] or None,
            is_active=row["is_active"] == "true",
            is_staff=role is not None,
            date_joined=source.moment(source.day(joined[row["username"]]), 8.5),
        )
        person.role = role
        person.password = password if role or person.username in cast.USERNAMES else ""
        if not person.password:
            person.set_unusable_password()
        people[person.username] = person
    return people


def _give_roles(people: Named[User]) -> None:
    roles = {role.name: role for role in Group.objects.all()}
    membership = User.groups.through
    membership.objects.bulk_create(
        membership(user=person, group=roles[person.role]) for person in people.values() if person.role is not None
    )


def _by_code(file: str, rows: list) -> Named:
    named: Named = Named(file)
    named.update((row.code, row) for row in rows)
    return named
