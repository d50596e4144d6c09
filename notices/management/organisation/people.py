"""People, the organisation they belong to, and the groups."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, Permission
from django.core.management.base import CommandError
from django.db import connection
from guardian.utils import get_user_obj_perms_model

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
    roles: dict[str, Role]  # by username
    recipients: Named[Recipient]
    groups: Named[RecipientGroup]
    assignments: int

    def holder_of(self, role: Role) -> User:
        """The first person with this role, who did what only this role does."""
        return _holder_of(role, self.people, self.roles)


def load_organisation(source: Source, past: Past) -> Organisation:
    roles = {row["username"]: ROLES[row["role"]] for row in source.rows("people.csv") if row["role"]}
    people = _people(source, roles)
    steward = _holder_of(Role.STEWARD, people, roles)
    create = partial(past.create, when=source.moment(source.day(SET_UP_DAYS), 9), actor=steward, reason=REASON)
    _number(people)  # so that the steward can have entered everyone, and themselves
    create(people.values())
    past.create(_roles_of(people, roles), when=source.moment(source.day(SET_UP_DAYS), 9.5), actor=steward, reason=REASON)

    recipients = _by_code("recipients.csv", [
        Recipient(code=row["code"], name=row["name"], kind=row["kind"], is_active=row["is_active"] == "true")
        for row in source.rows("recipients.csv")
    ])  # fmt: skip
    create(recipients.values())
    groups = _by_code("groups.csv", [
        RecipientGroup(created_by=steward, modified_by=steward, **row) for row in source.rows("groups.csv")
    ])  # fmt: skip
    create(groups.values())
    assignments = [
        RoleAssignment(
            user=people[row["username"]],
            recipient=recipients[row["recipient_code"]],
            role=row["role"],
            starts_on=source.day_or_none(row["starts_on_days"]),
            ends_on=source.day_or_none(row["ends_on_days"]),
        )
        for row in source.rows("assignments.csv")
    ]
    create(assignments)
    for members in _members(source, groups, recipients, people):
        create(members)
    administrator = _holder_of(Role.ADMINISTRATOR, people, roles)
    for rights in _rights(source, people, {**recipients, **groups}):
        past.create(rights, when=source.moment(source.day(SET_UP_DAYS), 10), actor=administrator, reason="Writes for the department")
    return Organisation(people, roles, recipients, groups, len(assignments))


def _people(source: Source, roles: dict[str, Role]) -> Named[User]:
    """Unsaved accounts. Only the cast and those with a role or a right can sign in."""
    granted = {row["username"] for row in source.rows("grants.csv")}
    joined: dict[str, int] = {}
    for row in source.rows("assignments.csv"):
        if row["starts_on_days"]:
            joined[row["username"]] = min(joined.get(row["username"], 0), int(row["starts_on_days"]))
    password = make_password(cast.PASSWORD)  # once: it is slow on purpose
    people: Named[User] = Named("people.csv")
    for row in source.rows("people.csv"):
        username = row["username"]
        person = User(
            **{name: row[name] for name in ("username", "first_name", "last_name", "email", "job_title")},
            employee_number=row["employee_number"] or None,
            is_active=row["is_active"] == "true",
            is_staff=username in roles or username in granted,
            date_joined=source.moment(source.day(joined.get(username, SET_UP_DAYS)), 8.5),
        )
        if username in roles or username in granted or username in cast.USERNAMES:
            person.password = password
        else:
            person.set_unusable_password()
        people[username] = person
    return people


def _holder_of(role: Role, people: Named[User], roles: dict[str, Role]) -> User:
    for username, held in roles.items():
        if held is role:
            return people[username]
    msg = f"Nobody in people.csv is “{role}”. Give someone this role."
    raise CommandError(msg)


def _number(people: Named[User]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [User._meta.db_table, len(people)])
        for person, (number,) in zip(people.values(), cursor.fetchall(), strict=True):
            person.pk = number


def _roles_of(people: Named[User], roles: dict[str, Role]) -> list[Any]:
    groups = {group.name: group for group in Group.objects.all()}
    return [User.groups.through(user=people[username], group=groups[role]) for username, role in roles.items()]


def _rights(source: Source, people: Named[User], things: dict[str, Any]) -> Iterator[list[Any]]:
    """Rights beyond the roles, table by table: on one recipient or group, or on everything of a kind."""
    rows = source.rows("grants.csv")
    rights = {right.codename: right for right in Permission.objects.filter(codename__in={row["right"] for row in rows})}
    everywhere = User.user_permissions.through
    by_table: dict[Any, list[Any]] = {}
    for row in rows:
        person, right = people[row["username"]], rights[row["right"]]
        if row["on"]:
            table: Any = get_user_obj_perms_model(things[row["on"]])
            grant = table(user=person, permission=right, content_object=things[row["on"]])
        else:
            table, grant = everywhere, everywhere(user=person, permission=right)
        by_table.setdefault(table, []).append(grant)
    yield from by_table.values()


def _members(
    source: Source, groups: Named[RecipientGroup], recipients: Named[Recipient], people: Named[User]
) -> tuple[list[RecipientGroupRecipient], list[RecipientGroupAdditionalRecipient]]:
    """What belongs to groups: entities, and single people."""
    entities, singles = [], []
    for row in source.rows("group_members.csv"):
        group = groups[row["group_code"]]
        if row["recipient_code"]:
            entities.append(RecipientGroupRecipient(recipient_group=group, recipient=recipients[row["recipient_code"]]))
        else:
            singles.append(RecipientGroupAdditionalRecipient(recipient_group=group, user=people[row["username"]]))
    return entities, singles


def _by_code(file: str, rows: list) -> Named:
    named: Named = Named(file)
    named.update((row.code, row) for row in rows)
    return named
