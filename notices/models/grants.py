"""Object permissions on notices, in tables of their own so that a grant goes with its notice."""

from django.db import models
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from notices.models.notice import Notice


class NoticeUserPermission(UserObjectPermissionBase):
    content_object = models.ForeignKey(Notice, models.CASCADE)


class NoticeRolePermission(GroupObjectPermissionBase):
    content_object = models.ForeignKey(Notice, models.CASCADE)
