"""The roles, as Django groups: made after `migrate` where they are missing, an administrator's to change afterwards."""

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db import DEFAULT_DB_ALIAS, transaction

from audit.attribution import acting
from backoffice.permissions import Role

EVERYTHING_SEEN = (
    "notices.view_notice notices.view_category notices.view_attachment notices.view_delivery notices.view_readacknowledgment "
    "recipients.view_user recipients.view_recipient recipients.view_recipientgroup recipients.view_roleassignment"
)
ORGANISATION = " ".join(
    f"recipients.{verb}_{model}"
    for model in (
        "recipient",
        "recipientgroup",
        "roleassignment",
        "recipientgrouprecipient",
        "recipientgroupadditionalrecipient",
    )
    for verb in ("add", "change", "delete", "view")
)
ADDRESS = "recipients.address_recipient recipients.address_recipientgroup"
MEMBERS = "recipients.manage_members_recipient recipients.manage_members_recipientgroup"
IMPORTS = "recipients.add_import recipients.view_import"
EXPORTS = "notices.export_notice recipients.export_recipient recipients.export_recipientgroup"
GRANTS = "notices.grant_notice recipients.grant_recipient recipients.grant_recipientgroup"
EVIDENCE = "audit.view_entry audit.export_entry audit.view_accessrecord audit.review_accessrecord audit.view_seal"
ROLES = {
    Role.AUTHOR: EVERYTHING_SEEN
    + f" {ADDRESS} notices.add_notice notices.change_notice notices.delete_notice notices.publish_notice notices.restore_notice "
    "notices.restore_version_notice notices.export_notice",
    Role.APPROVER: f"{EVERYTHING_SEEN} {ADDRESS} notices.approve_notice notices.publish_notice",
    Role.STEWARD: (
        f"{ORGANISATION} {MEMBERS} {IMPORTS} recipients.export_recipient recipients.export_recipientgroup "
        "recipients.view_user recipients.add_user recipients.change_user"
    ),
    Role.COMPLIANCE: f"{EVERYTHING_SEEN} {EVIDENCE} {EXPORTS} auth.view_group recipients.view_import",
    Role.READER: "",  # whoever is active has an inbox; this role names them
    Role.ADMINISTRATOR: (
        f"{EVERYTHING_SEEN} {EVIDENCE} {ORGANISATION} {ADDRESS} {MEMBERS} {IMPORTS} {EXPORTS} {GRANTS} "
        "recipients.author_recipient recipients.publish_recipient "
        "recipients.add_user recipients.change_user recipients.anonymise_user recipients.export_user "
        "notices.add_notice notices.change_notice notices.delete_notice notices.publish_notice notices.approve_notice "
        "notices.break_glass_notice notices.restore_notice notices.destroy_notice notices.restore_version_notice "
        "notices.add_category notices.change_category notices.delete_category "
        "audit.start_epoch_seal backoffice.view_heartbeat auth.view_group auth.add_group auth.change_group auth.delete_group"
    ),
}


@transaction.atomic
def make_missing_roles(*, using: str = DEFAULT_DB_ALIAS, **_: Any) -> None:
    """Receiver of `post_migrate`, after Django has made the permissions."""
    missing = ROLES.keys() - set(Group.objects.using(using).values_list("name", flat=True))
    if not missing:
        return
    permissions = {f"{p.content_type.app_label}.{p.codename}": p for p in Permission.objects.using(using).select_related("content_type")}
    with acting(None, reason="Roles that every installation begins with"):
        for name in sorted(missing):
            role = Group.objects.using(using).create(name=name.value)
            role.permissions.set(permissions[permission] for permission in ROLES[name].split())
