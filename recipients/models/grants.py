"""Object permissions in tables of their own: real foreign keys, so a grant goes with its object."""

from django.db import models
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from recipients.models.groups import RecipientGroup
from recipients.models.organisation import Recipient


class RecipientUserPermission(UserObjectPermissionBase):
    content_object = models.ForeignKey(Recipient, models.CASCADE)


class RecipientRolePermission(GroupObjectPermissionBase):
    """Granted to a role (Django's group) on a recipient; not to be confused with recipient groups."""

    content_object = models.ForeignKey(Recipient, models.CASCADE)


class RecipientGroupUserPermission(UserObjectPermissionBase):
    content_object = models.ForeignKey(RecipientGroup, models.CASCADE)


class RecipientGroupRolePermission(GroupObjectPermissionBase):
    content_object = models.ForeignKey(RecipientGroup, models.CASCADE)
