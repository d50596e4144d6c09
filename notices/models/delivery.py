"""What is owed to whom by mail: one row per notice, revision, person and kind."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from notices.models.notice import Notice
from notices.querysets import DeliveryQuerySet


class Delivery(models.Model):
    """Written by one INSERT … SELECT and never deleted alone.

    The person carries no constraint in the database: people are never destroyed, and the check
    for each of 200,000 rows was the larger half of publishing (docs/decisions).
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENDING = "sending", _("Sending")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")
        UNKNOWN = "unknown", _("May have arrived")
        SUPPRESSED = "suppressed", _("Not sent by mail")

    class Kind(models.TextChoices):
        PUBLICATION = "publication", _("Publication")
        REMINDER = "reminder", _("Reminder")

    notice = models.ForeignKey(Notice, models.CASCADE, db_index=False, db_constraint=False, verbose_name=_("notice"))
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.DO_NOTHING, db_index=False, db_constraint=False, verbose_name=_("person"))
    revision = models.PositiveIntegerField(_("revision"))
    kind = models.CharField(_("kind"), max_length=16, choices=Kind, default=Kind.PUBLICATION)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"))
    changed_at = models.DateTimeField(_("since"))
    reason = models.TextField(_("reason"), default="", blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            models.UniqueConstraint(fields=["notice", "revision", "kind", "person"], name="one_delivery_per_person"),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "sending", "sent", "failed", "unknown", "suppressed"]), name="delivery_state_is_known"
            ),
        ]
        indexes = [
            # Small for ever: a row leaves it as soon as it is dealt with.
            models.Index(fields=["next_attempt_at", "id"], name="delivery_to_do", condition=Q(state__in=["waiting", "sending"])),
        ]

    def __str__(self) -> str:
        return f"{self.notice_id} → {self.person_id}: {self.get_state_display()}"
