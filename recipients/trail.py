"""The words in which the trail tells what happened to people, groups and rights."""

from dataclasses import replace
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.utils.translation import gettext_lazy as _
from guardian.models import GroupObjectPermission, UserObjectPermission

from audit.sentences import ANY, Words
from recipients.models import (
    AddressProblem,
    Import,
    ImportFile,
    Recipient,
    RecipientGroup,
    RecipientGroupAdditionalRecipient,
    RecipientGroupRecipient,
    RecipientGroupRolePermission,
    RecipientGroupUserPermission,
    RecipientRolePermission,
    RecipientUserPermission,
    RoleAssignment,
    User,
)

PUT_AWAY = {True: _("put {thing} into the trash"), False: _("took {thing} out of the trash")}
WITH_THE_TRASH = frozenset({"deleted_at", "deleted_by"})
ACTIVE = {True: _("made {thing} active again"), False: _("made {thing} inactive")}


def _person(row: Any) -> str:
    return f"{row.first_name} {row.last_name}".strip() or row.username


# What a right on one thing allows, after “let someone …”.
ALLOWED = {
    ANY: _("use the right {permission} on {content_object}"),
    "view_recipient": _("see {content_object}"),
    "change_recipient": _("change {content_object}"),
    "delete_recipient": _("delete {content_object}"),
    "address_recipient": _("send notices to {content_object}"),
    "manage_members_recipient": _("decide who belongs to {content_object}"),
    "author_recipient": _("write notices of {content_object}"),
    "publish_recipient": _("publish notices of {content_object}"),
    "export_recipient": _("export {content_object}"),
    "grant_recipient": _("decide who may do what with {content_object}"),
    "view_recipientgroup": _("see {content_object}"),
    "change_recipientgroup": _("change {content_object}"),
    "delete_recipientgroup": _("delete {content_object}"),
    "address_recipientgroup": _("send notices to {content_object}"),
    "manage_members_recipientgroup": _("decide who belongs to {content_object}"),
    "export_recipientgroup": _("export {content_object}"),
    "grant_recipientgroup": _("decide who may do what with {content_object}"),
}
GRANTED_TO_A_PERSON = Words(
    created=_("let {user} {act}"),
    deleted=_("took from {user} the right to {act}"),
    created_many=_("granted {count} rights on {content_object}"),
    deleted_many=_("withdrew {count} rights on {content_object}"),
    own_name=_("the right of {user} on {content_object}"),
    member="user",
    permission="permission",
    acts=ALLOWED,
)
GRANTED_TO_A_ROLE = replace(
    GRANTED_TO_A_PERSON,
    created=_("let the role {group} {act}"),
    deleted=_("took from the role {group} the right to {act}"),
    own_name=_("the right of the role {group} on {content_object}"),
    member="group",
)

WORDS = {
    User: Words(
        name_fields=("first_name", "last_name", "username"),
        name=_person,
        nameless=_("a person whose data were erased"),
        created=_("created an account for {thing}"),
        deleted=_("deleted the account of {thing}"),
        verbs={
            "password_changed_at": {ANY: _("set a password for {thing}")},
            "is_active": {True: _("let {thing} sign in again"), False: _("closed the account of {thing}")},
            "on_hold": {
                True: _("put on hold that who {thing} was can be erased"),
                False: _("ended the hold on erasing who {thing} was"),
            },
            "is_staff": {True: _("let {thing} into the back office"), False: _("closed the back office to {thing}")},
            "is_superuser": {True: _("made {thing} a superuser"), False: _("made {thing} a superuser no longer")},
        },
    ),
    AddressProblem: Words(
        plural=_("addresses that do not work"),
        created=_("marked that mail to {person} comes back ({cause})"),
        deleted=_("took off the mark that mail to {person} comes back"),
        deleted_many=_("took off {count} marks that mail comes back"),
        own_name=_("the address of {person}"),
        member="person",
    ),
    Recipient: Words(
        name_fields=("name",),
        verbs={"is_active": ACTIVE},
    ),
    RecipientGroup: Words(
        name_fields=("name",),
        plural=_("groups"),
        created=_("created the group {thing}"),
        deleted=_("destroyed the group {thing}"),
        verbs={"is_deleted": PUT_AWAY},
        following=WITH_THE_TRASH,
    ),
    Import: Words(
        name_fields=("id",),
        name=lambda row: _("import %(number)d") % {"number": row.id},
        plural=_("imports"),
        created=_("uploaded {thing}"),
        verbs={
            "state": {
                Import.State.CHECKED: _("had {thing} checked"),
                Import.State.UNREADABLE: _("uploaded for {thing} what cannot be read"),
                Import.State.READING: _("had {thing} read again"),
                Import.State.APPLYING: _("confirmed {thing}"),
                Import.State.DONE: _("carried out {thing}"),
                Import.State.UNDOING: _("asked to undo {thing}"),
                Import.State.UNDONE: _("undid {thing}"),
                Import.State.STOPPED: _("stopped {thing}"),
                Import.State.FAILED: _("could not carry out {thing}"),
            }
        },
        following=frozenset({"confirmed_at", "finished_at", "undone_at", "undone_by", "sets_aside", "mails_when_done"}),
    ),
    ImportFile: Words(
        name_fields=("name",),
        quoted=True,
        plural=_("files of imports"),
        created=_("uploaded {thing} for {batch}"),
        member="name",
    ),
    RecipientGroupRecipient: Words(
        created=_("added {recipient} to {recipient_group}"),
        deleted=_("removed {recipient} from {recipient_group}"),
        created_many=_("added {count} recipients to {recipient_group}"),
        deleted_many=_("removed {count} recipients from {recipient_group}"),
        member="recipient",
    ),
    RecipientGroupAdditionalRecipient: Words(
        created=_("added {user} to {recipient_group}"),
        deleted=_("removed {user} from {recipient_group}"),
        created_many=_("added {count} people to {recipient_group}"),
        deleted_many=_("removed {count} people from {recipient_group}"),
        member="user",
    ),
    RoleAssignment: Words(
        created=_("made {user} belong to {recipient} ({role})"),
        deleted=_("ended that {user} belongs to {recipient} ({role})"),
        created_many=_("added {count} entries of who belongs where"),
        changed_many=_("changed {count} entries of who belongs where"),
        deleted_many=_("removed {count} entries of who belongs where"),
        own_name=_("the entry of {user} in {recipient}"),
        member="user",
    ),
    Group: Words(
        name_fields=("name",),
        plural=_("roles"),
        created=_("created the role {thing}"),
        deleted=_("deleted the role {thing}"),
    ),
    Permission: Words(name_fields=("name",), name=lambda right: right.name.removeprefix("Can "), quoted=True, plural=_("rights")),
    Group.permissions.through: Words(
        created=_("gave the role {group} the right {permission}"),
        deleted=_("took the right {permission} from the role {group}"),
        created_many=_("gave the role {group} {count} rights"),
        deleted_many=_("took {count} rights from the role {group}"),
        member="permission",
    ),
    User.groups.through: Words(
        created=_("gave the role {group} to {user}"),
        deleted=_("took the role {group} from {user}"),
        created_many=_("gave {count} roles to {user}"),
        deleted_many=_("took {count} roles from {user}"),
        member="group",
    ),
    User.user_permissions.through: Words(
        created=_("gave {user} the right {permission}"),
        deleted=_("took the right {permission} from {user}"),
        created_many=_("gave {user} {count} rights"),
        deleted_many=_("took {count} rights from {user}"),
        member="permission",
    ),
    RecipientUserPermission: replace(GRANTED_TO_A_PERSON, plural=_("rights of people on recipients")),
    RecipientGroupUserPermission: replace(GRANTED_TO_A_PERSON, plural=_("rights of people on groups")),
    RecipientRolePermission: replace(GRANTED_TO_A_ROLE, plural=_("rights of roles on recipients")),
    RecipientGroupRolePermission: replace(GRANTED_TO_A_ROLE, plural=_("rights of roles on groups")),
    UserObjectPermission: Words(
        created=_("granted {permission} to {user} on number {object_pk}"),
        deleted=_("withdrew {permission} from {user} on number {object_pk}"),
        plural=_("rights of people on other things"),
    ),
    GroupObjectPermission: Words(
        created=_("granted {permission} to the role {group} on number {object_pk}"),
        deleted=_("withdrew {permission} from the role {group} on number {object_pk}"),
        plural=_("rights of roles on other things"),
    ),
}
