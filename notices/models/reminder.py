"""Reminders of what is to be acknowledged: who is to be reminded of what, and the one mail a person a day that does it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from audit.records import audited
from notices.models.notice import Notice
from notices.models.outgoing import TO_DO, MailState, OutgoingMail


class ReminderMail(OutgoingMail):
    """All that one person is reminded of on one day of theirs, in one mail. It leaves by `leave_by` or not at all."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.DO_NOTHING, db_index=False, db_constraint=False, verbose_name=_("person"))
    day = models.DateField(_("day"))
    leave_by = models.DateTimeField(_("leaves by"))

    class Meta:
        verbose_name = _("reminder mail")
        verbose_name_plural = _("reminder mails")
        default_permissions = ()
        constraints = [
            *OutgoingMail.Meta.constraints,
            models.UniqueConstraint(fields=["person", "day"], name="one_reminder_mail_a_day"),
        ]
        indexes = [
            models.Index(fields=["next_attempt_at", "id"], name="reminder_mail_to_do", condition=Q(state__in=TO_DO)),
            models.Index(fields=["fence"], name="reminder_mail_claimed", condition=Q(state=MailState.CLAIMED)),
        ]

    def __str__(self) -> str:
        return f"{self.person_id}, {self.day}: {self.get_state_display()}"


class ReminderCall(models.Model):
    """Somebody had people reminded by hand: everyone outstanding, or one person. Written once, never changed."""

    notice = models.ForeignKey(Notice, models.CASCADE, related_name="reminder_calls", verbose_name=_("notice"))
    revision = models.PositiveIntegerField(_("revision"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("when"), db_default=Now())
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("one person alone")
    )
    people = models.PositiveIntegerField(_("people"))

    history = audited(part_of=("notice",), shown=("people",))

    class Meta:
        verbose_name = _("reminder by hand")
        verbose_name_plural = _("reminders by hand")
        default_permissions = ()
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.notice_id}: {self.people}"


class Needless(models.TextChoices):
    """Why somebody was not reminded after all."""

    DONE = "done", _("Done before")
    CLOSED = "closed", _("No longer asked")
    OFF_SHOW = "off_show", _("No longer on show")


class Reminder(models.Model):
    """One person is to be reminded of one notice: on a day that the notice names, or because somebody called for it.

    It waits while `mail` and `needless` are empty.
    """

    notice = models.ForeignKey(Notice, models.CASCADE, db_index=False, db_constraint=False, verbose_name=_("notice"))
    revision = models.PositiveIntegerField(_("revision"))
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.DO_NOTHING, db_index=False, db_constraint=False, verbose_name=_("person"))
    day = models.DateField(_("on schedule for"), null=True)
    call = models.ForeignKey(
        ReminderCall, models.CASCADE, null=True, db_index=False, db_constraint=False, related_name="reminders", verbose_name=_("by hand")
    )
    noted_at = models.DateTimeField(_("noted"), db_default=Now())
    mail = models.ForeignKey(
        ReminderMail, models.DO_NOTHING, null=True, db_index=False, db_constraint=False, related_name="reminders", verbose_name=_("mail")
    )
    needless = models.CharField(_("why not"), max_length=16, choices=Needless, default="", db_default="", blank=True)

    class Meta:
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(condition=Q(day__isnull=True) ^ Q(call__isnull=True), name="reminder_has_one_cause"),
            models.UniqueConstraint(
                fields=["notice", "revision", "person", "day"], name="one_reminder_per_day", condition=Q(day__isnull=False)
            ),
            models.UniqueConstraint(fields=["call", "person"], name="one_reminder_per_call", condition=Q(call__isnull=False)),
        ]
        indexes = [
            # What waits: small, as each goes into a mail on its first working day.
            models.Index(fields=["person"], name="reminder_waiting", condition=Q(mail__isnull=True, needless="")),
            models.Index(fields=["mail"], name="reminder_of_mail", condition=Q(mail__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.notice_id} → {self.person_id}: {self.day or self.call_id}"
