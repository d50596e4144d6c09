"""What the tables of people and groups hold on a person."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_totp.models import TOTPDevice
from guardian.models import UserObjectPermission

from audit.personal_data import Part, register, told
from audit.personal_data.parts import AT_ONCE, Row
from recipients.models import (
    AddressProblem,
    Import,
    ImportRow,
    RecipientGroup,
    RecipientGroupAdditionalRecipient,
    RecipientGroupUserPermission,
    RecipientUserPermission,
    RoleAssignment,
    User,
)
from recipients.signin.models import RecoveryCode
from recipients.signin.services import SessionService

# A hash is no answer to “what do you know of me”, and a danger in a file.
SECRET = frozenset({"password"})


def account(person: User) -> Iterator[Row]:
    names = [field.attname for field in User._meta.concrete_fields if field.name not in SECRET]
    return told(User.objects.filter(pk=person.pk), {name: name for name in names})


def roles(person: User) -> Iterator[Row]:
    return told(person.groups.order_by("name"), {"role": "name"})


def rights(person: User) -> Iterator[Row]:
    """Beyond the roles: everywhere, and on single things."""
    for right in person.user_permissions.select_related("content_type").order_by("pk"):
        yield _right(right.content_type, right.codename, None)
    for grants in (RecipientUserPermission, RecipientGroupUserPermission):
        yield from granted(grants, person)
    for grant in UserObjectPermission.objects.filter(user=person).select_related("permission__content_type").order_by("pk"):
        yield _right(grant.permission.content_type, grant.permission.codename, grant.object_pk)


def granted(grants: Any, person: User) -> Iterator[Row]:
    """Rights on single things, from a table that holds those of one kind."""
    rows: QuerySet = grants.objects.filter(user=person).select_related("permission__content_type").order_by("pk")
    for grant in rows.iterator(chunk_size=AT_ONCE):
        yield _right(grant.permission.content_type, grant.permission.codename, grant.content_object_id)


def _right(content_type: Any, codename: str, object_id: Any) -> Row:
    return {"right": f"{content_type.app_label}.{codename}", "kind": content_type.model, "object_id": object_id}


def places(person: User) -> Iterator[Row]:
    columns = ("recipient_id", "recipient__name", "recipient__kind", "role", "starts_on", "ends_on")
    rows = RoleAssignment.objects.filter(user=person).order_by("pk")
    return told(rows, {name.replace("__", "_"): name for name in columns})


def memberships(person: User) -> Iterator[Row]:
    """Groups that name this very person, those in the trash too."""
    rows = RecipientGroupAdditionalRecipient.objects.filter(user=person).order_by("pk")
    return told(rows, {"group_id": "recipient_group_id", "group": "recipient_group__name", "is_deleted": "recipient_group__is_deleted"})


def groups(person: User) -> Iterator[Row]:
    own = Q(created_by=person) | Q(modified_by=person) | Q(deleted_by=person)
    columns = ("id", "name", "created_at", "modified_at", "deleted_at")
    for group in RecipientGroup.all_objects.filter(own).order_by("pk").iterator(chunk_size=AT_ONCE):
        yield {name: getattr(group, name) for name in columns} | whose(group, person)


def imports(person: User) -> Iterator[Row]:
    """Imports that this person uploaded or undid, and rows of undecided ones that name this person."""
    own = Q(created_by=person) | Q(undone_by=person)
    for batch in Import.objects.filter(own).prefetch_related("files").order_by("pk"):
        columns = ("id", "kind", "mode", "state", "created_at", "confirmed_at", "undone_at")
        by = {name: getattr(batch, f"{name}_id") == person.pk for name in ("created_by", "undone_by")}
        yield {name: getattr(batch, name) for name in columns} | {"files": [file.name for file in batch.files.all()]} | by
    for row in ImportRow.objects.filter(person=person).order_by("batch_id", "number"):
        yield {"id": row.batch_id, "line": row.line, "outcome": row.outcome, "before": row.before, "after": row.after}


def whose(thing: Any, person: User) -> Row:
    """What this person did to something that keeps who did."""
    return {name: getattr(thing, f"{name}_id") == person.pk for name in ("created_by", "modified_by", "deleted_by")}


def sessions(person: User) -> Iterator[Row]:
    for one in SessionService.of(person):
        yield {"device": one.device, "address": one.address, "since": one.since, "last_seen": one.seen}


def second_step(person: User) -> Iterator[Row]:
    """That there is one, and how many recovery codes are left; the secrets would open the account."""
    for device in TOTPDevice.objects.filter(user=person, confirmed=True):
        left = RecoveryCode.objects.filter(user=person, used_at=None).count()
        yield {"name": device.name, "since": device.created_at, "recovery_codes_left": left}


def address_problem(person: User) -> Iterator[Row]:
    return told(AddressProblem.objects.filter(person=person), {name: name for name in ("cause", "code", "since")})


register(
    Part("account", _("The account"), account),
    Part("roles", _("Roles"), roles, frozenset({"recipients.User_groups.user"})),
    Part(
        "rights",
        _("Rights beyond the roles"),
        rights,
        frozenset(
            {
                "recipients.User_user_permissions.user",
                "recipients.RecipientUserPermission.user",
                "recipients.RecipientGroupUserPermission.user",
                "guardian.UserObjectPermission.user",
            }
        ),
    ),
    Part("places", _("Where this person belongs"), places, frozenset({"recipients.RoleAssignment.user"})),
    Part("memberships", _("Groups that name this person"), memberships, frozenset({"recipients.RecipientGroupAdditionalRecipient.user"})),
    Part("address_problem", _("That mail comes back"), address_problem, frozenset({"recipients.AddressProblem.person"})),
    Part(
        "groups",
        _("Groups this person kept"),
        groups,
        frozenset({f"recipients.RecipientGroup.{name}" for name in ("created_by", "modified_by", "deleted_by")}),
    ),
    Part(
        "imports",
        _("Imports of this person, and rows of others that name them"),
        imports,
        frozenset({"recipients.Import.created_by", "recipients.Import.undone_by", "recipients.ImportRow.person"}),
    ),
    Part("sessions", _("Where this person is signed in"), sessions, frozenset({"signin.Session.person"})),
    Part(
        "second_step", _("The second step of signing in"), second_step, frozenset({"otp_totp.TOTPDevice.user", "signin.RecoveryCode.user"})
    ),
)
