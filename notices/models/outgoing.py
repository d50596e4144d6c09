"""A mail that is owed to one person, and the workers' claims on such mails."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from notices.querysets import OutgoingQuerySet


class MailState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    CLAIMED = "claimed", _("Sending")
    RETRY = "retry", _("To be tried again")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")
    UNKNOWN = "unknown", _("May have arrived")
    SUPPRESSED = "suppressed", _("Not sent by mail")
    CANCELLED = "cancelled", _("Cancelled")


TO_DO = (MailState.WAITING.value, MailState.RETRY.value)


class OutgoingMail(models.Model):
    """What every table of mails has in common; `notices.services.sending` claims, sends and accounts for their rows.

    Its subclasses add `person`. Only claims take a mail out of `waiting` and `retry`, and only reports of its
    `fence` take it out of `claimed`.
    """

    State = MailState

    state = models.CharField(_("state"), max_length=16, choices=State, default=MailState.WAITING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0, db_default=0)
    # How often a worker died holding it. Two deaths may be chance, more are its own doing.
    crashes = models.PositiveSmallIntegerField(_("workers that died"), default=0, db_default=0)
    # The claim that took it last. Kept afterwards: whoever reports under another is not believed.
    fence = models.BigIntegerField(null=True)
    next_attempt_at = models.DateTimeField(_("next attempt"))
    changed_at = models.DateTimeField(_("since"), db_default=Now())
    reason = models.TextField(_("reason"), default="", db_default="", blank=True)

    objects = OutgoingQuerySet.as_manager()

    class Meta:
        abstract = True
        constraints = [models.CheckConstraint(condition=Q(state__in=MailState.values), name="%(class)s_state_is_known")]

    @property
    def is_to_do(self) -> bool:
        return self.state in TO_DO


class Claim(models.Model):
    """Mails that one worker took together, for as long as its lease lasts; gone as soon as it has reported on all.

    They are sent in the order of `mails`. `begun` rises before each text leaves, so that of a worker that died it is
    known which mails it was done with, which one may have arrived, and which it never came to.
    """

    table = models.CharField(max_length=63)
    mails = ArrayField(models.BigIntegerField())
    begun = models.PositiveIntegerField(db_default=0)
    claimed_at = models.DateTimeField()
    lease_until = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.table}: {self.begun} of {len(self.mails)}"


class MailServer(models.Model):
    """What workers tell each other about a mail server: whether it is away, and how many mails it may still get."""

    address = models.CharField(_("mail server"), max_length=300, primary_key=True)
    failures = models.PositiveIntegerField(_("times in a row that it was away"), db_default=0)
    away_since = models.DateTimeField(_("away since"), null=True)
    next_try_at = models.DateTimeField(_("next try"), null=True)
    problem = models.TextField(_("problem"), db_default="")
    allowance = models.FloatField(_("mails that it may get now"), db_default=0)
    counted_at = models.DateTimeField(_("counted"), null=True)

    class Meta:
        verbose_name = _("mail server")
        verbose_name_plural = _("mail servers")
        default_permissions = ()

    def __str__(self) -> str:
        return self.address
