"""The kinds of people of the matrix, each with the letter that stands for it in the tables."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import Permission
from guardian.shortcuts import assign_perm

from backoffice.permissions import Role
from recipients.models import User
from tests.makers import make_person
from tests.matrix.world import World

# What `O` was granted on each thing of `own`, and nothing else anywhere.
GRANTED = {
    "notice": ("view", "change", "delete", "publish", "restore"),
    "recipient": ("view", "change", "address"),
    "recipientgroup": ("view", "change", "address", "manage_members"),
}


def _with_permission(username: str, codename: str) -> User:
    person = make_person(username, staff=True)
    person.user_permissions.add(Permission.objects.get(codename=codename))
    return person


def _adds_only(world: World) -> User:
    return _with_permission("willow", "add_notice")


def _views_only(world: World) -> User:
    return _with_permission("victor", "view_notice")


def _granted_on_own(world: World) -> User:
    """Staff with rights on single objects alone: those of `world.own`."""
    person = make_person("olive", staff=True)
    for thing in (*world.own.notices.values(), world.own.recipient, world.own.group, world.own.trashed_group):
        for verb in GRANTED[thing._meta.model_name]:
            assign_perm(f"{thing._meta.app_label}.{verb}_{thing._meta.model_name}", person, thing)
    return person


def _department_author(world: World) -> User:
    """Writes and publishes the notices of one department: that of `world.own`."""
    person = make_person("heidi", staff=True)
    for verb in ("author", "publish"):
        assign_perm(f"recipients.{verb}_recipient", person, world.own.recipient)
    return person


def _reader(world: World) -> User:
    """Told of what `world.own` addresses; not on the staff."""
    return world.own.member


def _made_inactive(world: World) -> User:
    """An administrator whose account is closed while the session lives."""
    return make_person("ivan", role=Role.ADMINISTRATOR)


def _of_role(username: str, role: Role) -> Callable[[World], User]:
    return lambda world: make_person(username, role=role)


PEOPLE: dict[str, Callable[[World], User | None]] = {
    "U": lambda world: world.root,
    "G": _of_role("grace", Role.ADMINISTRATOR),
    "A": lambda world: world.author,
    "P": _of_role("erin", Role.APPROVER),
    "F": _of_role("frank", Role.STEWARD),
    "C": _of_role("carol", Role.COMPLIANCE),
    "V": _views_only,
    "W": _adds_only,
    "O": _granted_on_own,
    "D": _department_author,
    "B": lambda world: make_person("bob", staff=True),
    "R": _reader,
    "I": _made_inactive,
    "N": lambda world: None,
}
NAMES = {
    "U": "superuser",
    "G": "administrator",
    "A": "author",
    "P": "approver",
    "F": "data steward",
    "C": "compliance",
    "V": "staff who may only see notices",
    "W": "staff who may only add notices",
    "O": "staff with rights on single objects",
    "D": "author of one department",
    "B": "staff without a right",
    "R": "reader",
    "I": "inactive administrator with a live session",
    "N": "nobody signed in",
}


def come(letter: str, world: World) -> User | None:
    """The person of this letter, who is made when they come first."""
    if letter not in world.people:
        world.people[letter] = PEOPLE[letter](world)
    return world.people[letter]


def sign_in(client: Any, letter: str, world: World) -> None:
    person = come(letter, world)
    if person is None:
        return
    if letter == "I":
        User.objects.filter(pk=person.pk).update(is_active=True)
    client.force_login(person)
    if letter == "I":
        User.objects.filter(pk=person.pk).update(is_active=False)
