"""What mail servers reported about mails that they had taken."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from notices.models.approval import ApprovalMail
from notices.models.delivery import Delivery
from notices.models.reminder import ReminderMail


class Bounce(models.Model):
    """One report about one mail of ours. Written once, never changed; `digest` is that of the report, so that twice is once.

    The delivery stays what it is, `sent`: the server did take it. What it said of people is kept without their addresses.
    """

    class Kind(models.TextChoices):
        HARD = "hard", _("Came back for good")
        SOFT = "soft", _("Came back")
        DELAYED = "delayed", _("Delayed")

    CAME_BACK = (Kind.HARD, Kind.SOFT)

    # The database cascades, by constraints of the migration's own: Django would load 200,000 deliveries to look for bounces of each.
    delivery = models.ForeignKey(
        Delivery, models.DO_NOTHING, null=True, db_constraint=False, related_name="bounces", verbose_name=_("delivery")
    )
    approval_mail = models.ForeignKey(
        ApprovalMail, models.DO_NOTHING, null=True, db_constraint=False, related_name="bounces", verbose_name=_("mail about an approval")
    )
    reminder_mail = models.ForeignKey(
        ReminderMail, models.DO_NOTHING, null=True, db_constraint=False, related_name="bounces", verbose_name=_("reminder mail")
    )
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("person"))
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    code = models.CharField(_("status code"), max_length=16, blank=True)
    diagnostic = models.TextField(_("what the mail server said"), blank=True)
    at = models.DateTimeField(_("when"))
    taken_at = models.DateTimeField(_("taken"), db_default=Now())
    digest = models.CharField(_("digest of the report"), max_length=64, unique=True)

    class Meta:
        verbose_name = _("mail that came back")
        verbose_name_plural = _("mails that came back")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["hard", "soft", "delayed"]), name="bounce_kind_is_known"),
            models.CheckConstraint(
                condition=Q(delivery__isnull=False, approval_mail__isnull=True, reminder_mail__isnull=True)
                | Q(delivery__isnull=True, approval_mail__isnull=False, reminder_mail__isnull=True)
                | Q(delivery__isnull=True, approval_mail__isnull=True, reminder_mail__isnull=False),
                name="bounce_is_of_one_mail",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.get_kind_display()} {self.code}".strip()
