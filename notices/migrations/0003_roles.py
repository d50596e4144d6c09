"""The roles, as Django groups: made here, and free to be changed by an administrator afterwards."""

from django.apps import apps as current_apps
from django.contrib.auth.management import create_permissions
from django.db import migrations

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
ROLES = {
    "Author": EVERYTHING_SEEN
    + " notices.add_notice notices.change_notice notices.delete_notice notices.publish_notice notices.restore_notice",
    "Approver": EVERYTHING_SEEN + " notices.publish_notice",
    "Data steward": f"{ORGANISATION} recipients.view_user recipients.add_user recipients.change_user",
    "Compliance": EVERYTHING_SEEN + " auth.view_group",
    "Administrator": (
        f"{EVERYTHING_SEEN} {ORGANISATION} recipients.add_user recipients.change_user "
        "notices.add_notice notices.change_notice notices.delete_notice notices.publish_notice notices.restore_notice notices.destroy_notice "
        "notices.add_category notices.change_category notices.delete_category "
        "auth.view_group auth.add_group auth.change_group auth.delete_group"
    ),
}


def make_roles(apps, schema_editor):
    # Django creates permissions after all migrations; the roles need them now.
    for label in ("auth", "recipients", "notices"):
        create_permissions(current_apps.get_app_config(label), verbosity=0, using=schema_editor.connection.alias)
    permissions = {
        f"{p.content_type.app_label}.{p.codename}": p
        for p in apps.get_model("auth", "Permission").objects.select_related("content_type")
    }
    for name, wanted in ROLES.items():
        role, _ = apps.get_model("auth", "Group").objects.get_or_create(name=name)
        role.permissions.set(permissions[permission] for permission in wanted.split())


def remove_roles(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name__in=ROLES).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("notices", "0002_initial"),
        ("recipients", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(make_roles, remove_roles)]
