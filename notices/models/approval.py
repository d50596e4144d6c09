"""The record of approval: what was handed in, decided, by whom, over exactly what; and the mails about it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.records import audited
from notices.models.amendment import Amendment
from notices.models.notice import Notice
from notices.models.outgoing import TO_DO, OutgoingMail

# The columns of a notice that are approved with it, beside its attachments and its audience. One more is one more name here.
PINNED_FIELDS = (
    *("title", "content", "category_id", "department_id", "start_date", "end_date"),
    *("requires_acknowledgement", "due_date"),
)


class Approval(models.Model):
    """One step on the way to readers. Written once, never changed.

    `digest` pins what the step was about (`notices.pinning`); `people` is how many it would have reached then.
    `revision` is the one that an approval lets out: it is used up when that revision is published.
    """

    class Decision(models.TextChoices):
        SUBMITTED = "submitted", _("Submitted")
        APPROVED = "approved", _("Approved")
        RETURNED = "returned", _("Returned")
        REJECTED = "rejected", _("Rejected")
        BYPASSED = "bypassed", _("Published without approval")
        LIFTED = "lifted", _("Need for approval lifted")

    notice = models.ForeignKey(Notice, models.CASCADE, related_name="approvals", verbose_name=_("notice"))
    revision = models.PositiveIntegerField(_("revision"))
    decision = models.CharField(_("decision"), max_length=16, choices=Decision)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"))
    reason = models.TextField(_("reason"), blank=True)
    digest = models.CharField(_("digest of what was approved"), max_length=64)
    people = models.PositiveIntegerField(_("people"))
    # Set if the step is about a change of what is on show, and not about publishing.
    amendment = models.ForeignKey(
        Amendment, models.CASCADE, null=True, related_name="steps", db_index=False, verbose_name=_("change of what is on show")
    )

    history = audited(part_of=("notice",), shown=("decision", "digest"))

    class Meta:
        verbose_name = _("step of approval")
        verbose_name_plural = _("steps of approval")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(decision__in=["submitted", "approved", "returned", "rejected", "bypassed", "lifted"]),
                name="approval_decision_is_known",
            ),
            models.CheckConstraint(
                condition=Q(decision__in=["submitted", "approved"]) | ~Q(reason=""),
                name="approval_says_why",
                violation_error_message=_("Say why."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.notice}: {self.get_decision_display()}"


class ApprovalMail(OutgoingMail):
    """One mail about one step to one person, owed with the step."""

    approval = models.ForeignKey(Approval, models.CASCADE, related_name="mails", db_index=False, verbose_name=_("step of approval"))
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("person"))

    class Meta:
        verbose_name = _("mail about an approval")
        verbose_name_plural = _("mails about approvals")
        default_permissions = ()
        constraints = [
            *OutgoingMail.Meta.constraints,
            models.UniqueConstraint(fields=["approval", "person"], name="one_mail_per_step_and_person"),
        ]
        indexes = [models.Index(fields=["approval", "next_attempt_at"], name="approval_mail_to_do", condition=Q(state__in=TO_DO))]

    def __str__(self) -> str:
        return f"{self.approval_id} → {self.person_id}: {self.get_state_display()}"
