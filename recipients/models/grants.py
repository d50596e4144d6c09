"""Object permissions in tables of their own: real foreign keys, so a grant goes with its object."""

from django.db import models
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from audit.records import audited
from recipients.models.groups import RecipientGroup
from recipients.models.organisation import Recipient


class RecipientUserPermission(UserObjectPermissionBase):
    content_object = models.ForeignKey(Recipient, models.CASCADE)

    history = audited(part_of=("content_object", "user"))


class RecipientRolePermission(GroupObjectPermissionBase):
    """Granted to a role (Django's group) on a recipient; not to be confused with recipient groups."""

    content_object = models.ForeignKey(Recipient, models.CASCADE)

    history = audited(part_of=("content_object", "group"))


class RecipientGroupUserPermission(UserObjectPermissionBase):
    content_object = models.ForeignKey(RecipientGroup, models.CASCADE)

    history = audited(part_of=("content_object", "user"))


class RecipientGroupRolePermission(GroupObjectPermissionBase):
    content_object = models.ForeignKey(RecipientGroup, models.CASCADE)

    history = audited(part_of=("content_object", "group"))
