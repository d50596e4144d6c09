"""Object permissions on notices, in tables of their own so that a grant goes with its notice."""

from django.db import models
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from audit.records import audited
from notices.models.notice import Notice


class NoticeUserPermission(UserObjectPermissionBase):
    content_object = models.ForeignKey(Notice, models.CASCADE)

    history = audited(part_of=("content_object", "user"))


class NoticeRolePermission(GroupObjectPermissionBase):
    content_object = models.ForeignKey(Notice, models.CASCADE)

    history = audited(part_of=("content_object", "group"))
