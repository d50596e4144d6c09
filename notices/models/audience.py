"""Whom a notice addresses, and the read model that makes an inbox fast."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.records import audited
from notices.models.notice import Notice
from recipients.models import Recipient, RecipientGroup


class NoticeRecipient(models.Model):
    notice = models.ForeignKey(Notice, models.CASCADE, db_index=False, verbose_name=_("notice"))
    recipient = models.ForeignKey(Recipient, models.PROTECT, verbose_name=_("recipient"))

    rights_to_choose: ClassVar = {"recipient": "address"}

    history = audited(part_of=("notice", "recipient"))

    class Meta:
        verbose_name = _("addressed recipient")
        verbose_name_plural = _("addressed recipients")
        constraints = [models.UniqueConstraint(fields=["notice", "recipient"], name="notice_names_a_recipient_once")]

    def __str__(self) -> str:
        return f"{self.notice} → {self.recipient}"


class NoticeRecipientGroup(models.Model):
    notice = models.ForeignKey(Notice, models.CASCADE, db_index=False, verbose_name=_("notice"))
    recipient_group = models.ForeignKey(RecipientGroup, models.PROTECT, verbose_name=_("group"))

    rights_to_choose: ClassVar = {"recipient_group": "address"}

    history = audited(part_of=("notice", "recipient_group"))

    class Meta:
        verbose_name = _("addressed group")
        verbose_name_plural = _("addressed groups")
        constraints = [models.UniqueConstraint(fields=["notice", "recipient_group"], name="notice_names_a_group_once")]

    def __str__(self) -> str:
        return f"{self.notice} → {self.recipient_group}"


class NoticeAdditionalRecipient(models.Model):
    notice = models.ForeignKey(Notice, models.CASCADE, db_index=False, verbose_name=_("notice"))
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("person"))

    history = audited(part_of=("notice", "user"))

    class Meta:
        verbose_name = _("addressed person")
        verbose_name_plural = _("addressed people")
        constraints = [models.UniqueConstraint(fields=["notice", "user"], name="notice_names_a_person_once")]

    def __str__(self) -> str:
        return f"{self.notice} → {self.user}"


class AudienceKey(models.Model):
    """One address of one published notice, with all that an inbox needs to choose a page.

    Derived from the three tables above and rebuildable from them (`rebuild_audience_keys`);
    `recipients.audience` says how a key is packed and who holds it.
    """

    notice = models.ForeignKey(Notice, models.CASCADE)
    key = models.BigIntegerField()
    published_at = models.DateTimeField()
    starts_on = models.DateField()
    ends_on = models.DateField(null=True)
    revision = models.PositiveIntegerField()

    class Meta:
        constraints = [
            # Walked backwards it gives the newest of a key; the rest is read from the index alone.
            models.UniqueConstraint(
                fields=["key", "published_at", "notice"], include=["starts_on", "ends_on", "revision"], name="audience_newest_of_a_key"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.notice_id}: {self.key}"


class AudienceChange(models.Model):
    """How often that to which an audience key leads was changed: notices for the key, and what a person read.

    Triggers count, in the transaction that changes, whichever way it does. The version of several
    keys together is the sum of `times` over all their rows: it only grows. Of one key there may be
    several rows, for whoever changes it while another does takes a row of its own and waits for nobody.
    """

    key = models.BigIntegerField()
    times = models.BigIntegerField(default=1)

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["key"], include=["times"], name="changes_of_a_key")]

    def __str__(self) -> str:
        return f"{self.key}: {self.times}"


class UnreadCount(models.Model):
    """How many notices a person had not read, on that day, with those keys, at that version of them.

    Right whenever all three are as they are now, and of no use otherwise. A crash may empty this
    table (it is unlogged), and anyone may: the next count is made anew.
    """

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="+")
    day = models.DateField()
    keys = ArrayField(models.BigIntegerField())
    changes = models.BigIntegerField()
    unread = models.IntegerField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.user_id}: {self.unread}"
