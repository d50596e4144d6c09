"""The history of who may do what: roles, what they allow, who has them. The models are Django's and guardian's own."""

from django.contrib.auth.models import Group
from guardian.models import GroupObjectPermission, UserObjectPermission

from audit.records import audit_foreign_model
from recipients.models.people import User

audit_foreign_model(Group, app="recipients", searched=("name",))
audit_foreign_model(Group.permissions.through, app="recipients", part_of=("group",))
audit_foreign_model(User.groups.through, app="recipients", part_of=("user", "group"))
audit_foreign_model(User.user_permissions.through, app="recipients", part_of=("user",))
# Grants on objects that have no table of their own for them.
audit_foreign_model(UserObjectPermission, app="recipients", part_of=("user",))
audit_foreign_model(GroupObjectPermission, app="recipients", part_of=("group",))
