"""Whom a notice addresses, and the read model that makes an inbox fast."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.records import audited
from notices.models.notice import Notice
from recipients.models import Recipient, RecipientGroup


class NoticeRecipient(models.Model):
    notice = models.ForeignKey(Notice, models.CASCADE, db_index=False, verbose_name=_("notice"))
    recipient = models.ForeignKey(Recipient, models.PROTECT, verbose_name=_("recipient"))

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
