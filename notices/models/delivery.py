"""What is owed to whom by mail: one row per notice, revision, person and kind."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.records import audited
from notices.models.notice import Notice
from notices.models.outgoing import TO_DO, OutgoingMail
from notices.querysets import DeliveryQuerySet


class Delivery(OutgoingMail):
    """Written by one INSERT … SELECT and never deleted alone.

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
            # What went wrong lately is counted often, and is little.
            models.Index(fields=["changed_at"], name="delivery_in_trouble", condition=Q(state__in=["failed", "unknown"])),
        ]

    def __str__(self) -> str:
        return f"{self.notice_id} → {self.person_id}: {self.get_state_display()}"


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
