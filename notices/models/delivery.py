"""What is owed to whom by mail: one row per notice, revision, person and kind."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from audit.records import audited
from notices.models.notice import Notice
from notices.models.outgoing import TO_DO, MailState, OutgoingMail
from notices.querysets import DeliveryQuerySet


class ClosedWhy(models.TextChoices):
    LEFT = "left", _("Left the audience")
    INACTIVE = "inactive", _("Account closed")
    TAKEN_OUT = "taken_out", _("Taken out of the audience")


class Delivery(OutgoingMail):
    """Written by one INSERT … SELECT and never deleted alone.

    A person who comes into the audience later gets theirs then: `joined_at`. Of one who is no longer in it and had not
    acknowledged, nothing is asked any more: `closed_at`. Whoever comes back is asked again, as `DeliveryEvent` tells.

    The person carries no constraint in the database: people are never destroyed, and the check
    for each of 200,000 rows was the larger half of publishing (docs/decisions).
    """

    class Kind(models.TextChoices):
        PUBLICATION = "publication", _("Publication")
        CHANGE = "change", _("Change")

    notice = models.ForeignKey(Notice, models.CASCADE, db_index=False, db_constraint=False, verbose_name=_("notice"))
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.DO_NOTHING, db_index=False, db_constraint=False, verbose_name=_("person"))
    revision = models.PositiveIntegerField(_("revision"))
    kind = models.CharField(_("kind"), max_length=16, choices=Kind, default=Kind.PUBLICATION)
    # 0 for the publication; of what is told more than once within a revision, the time: 1, 2, …
    occasion = models.PositiveIntegerField(_("occasion"), default=0, db_default=0)
    joined_at = models.DateTimeField(_("joined"), null=True, blank=True)
    # Their own day to acknowledge by; None: the day of the notice.
    due_on = models.DateField(_("acknowledge by"), null=True, blank=True)
    closed_at = models.DateTimeField(_("no longer asked since"), null=True, blank=True)
    closed_why = models.CharField(_("why no longer"), max_length=16, choices=ClosedWhy, default="", db_default="", blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            *OutgoingMail.Meta.constraints,
            models.UniqueConstraint(fields=["notice", "revision", "kind", "occasion", "person"], name="one_delivery_per_person"),
        ]
        indexes = [
            # Small for ever: a row leaves it as soon as it is claimed.
            models.Index(fields=["notice", "next_attempt_at", "id"], name="delivery_to_do", condition=Q(state__in=TO_DO)),
            # What workers hold, and so next to nothing: each sweep looks whether a claim stands behind it.
            models.Index(fields=["fence"], name="delivery_claimed", condition=Q(state=MailState.CLAIMED)),
            # Those with a day of their own, for their reminders.
            models.Index(fields=["notice", "due_on"], name="delivery_own_day", condition=Q(due_on__isnull=False)),
            # What went wrong lately is counted often, and is little.
            models.Index(fields=["changed_at"], name="delivery_in_trouble", condition=Q(state__in=["failed", "unknown"])),
        ]

    def __str__(self) -> str:
        return f"{self.notice_id} → {self.person_id}: {self.get_state_display()}"


class DeliveryEvent(models.Model):
    """The receipt for what was asked of a person and then no longer, or again. Written once, never changed."""

    class What(models.TextChoices):
        CLOSED = "closed", _("No longer asked")
        REOPENED = "reopened", _("Asked again")

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="events", db_constraint=False, verbose_name=_("delivery"))
    what = models.CharField(_("what"), max_length=16, choices=What)
    why = models.CharField(_("why"), max_length=16, choices=ClosedWhy, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    at = models.DateTimeField(_("when"), db_default=Now())

    class Meta:
        verbose_name = _("change of what is asked")
        verbose_name_plural = _("changes of what is asked")
        default_permissions = ()
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.delivery_id}: {self.get_what_display()}"


class SendingPause(models.Model):
    """Nothing more is mailed about this notice until somebody resumes it. The row goes then; history keeps it."""

    notice = models.OneToOneField(Notice, models.CASCADE, verbose_name=_("notice"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("paused"))
    reason = models.TextField(_("reason"))

    history = audited(part_of=("notice",), shown=("reason",))

    class Meta:
        verbose_name = _("pause of sending")
        verbose_name_plural = _("pauses of sending")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.notice_id}: {self.reason}"
