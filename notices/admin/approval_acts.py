"""The acts of approval: handing in, the three decisions, and the two ways past one that leave a mark."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from notices.admin.act import Act
from notices.admin.forms import RequiredReasonForm
from notices.admin.phrases import people_phrase, told_by_mail
from notices.admin.reminder_acts import planned
from notices.contributors import contributed
from notices.models import Notice
from notices.services import NoticeService
from notices.services.approval_record import standing_approval
from notices.services.publishing import Confirmation
from recipients.dtos import AudienceSummary

Status = Notice.Status


def may_go_out(notice: Notice) -> bool:
    """It needs no approval, or has it."""
    if not notice.must_be_approved:
        return True
    return notice.status in {Status.APPROVED, Status.SCHEDULED} and standing_approval(notice) is not None


class Submit(Act):
    slug, verb, style = "submit", "change", "primary"
    label, done = gettext_lazy("Submit for review"), gettext_lazy("submitted")
    states = frozenset({Status.DRAFT, Status.APPROVED, Status.WITHDRAWN})
    needs_audience = True

    def is_offered(self, notice: Notice, user: Any) -> bool:
        return super().is_offered(notice, user) and not may_go_out(notice)

    def question(self, notice: Notice, audience: AudienceSummary) -> list[str]:
        sentences = [_("“%(title)s” waits for someone who had no part in it to approve it.") % {"title": notice}]
        if notice.category is not None and notice.category.needs_approval:
            sentences.append(_("Notices in “%(category)s” need approval.") % {"category": notice.category})
        else:
            sentences.append(_("It was in a category that needs approval, so it needs it still. An approver can lift that."))
        return [*sentences, _("While it is in review nobody can change it. Those who may approve it are mailed once.")]

    def run(self, notice: Notice, actor: Any, data: dict[str, Any], seen: Confirmation | None = None) -> str:
        NoticeService.submit_for_review(notice.pk, actor=actor)
        return _("“%(title)s” is in review.") % {"title": notice}


class Decision(Act):
    """On what others wrote, as it was shown on the Approval tab."""

    verb, pinned = "approve", True
    states = frozenset({Status.IN_REVIEW})

    def is_offered(self, notice: Notice, user: Any) -> bool:
        return super().is_offered(notice, user) and not contributed(notice, user)


class Approve(Decision):
    slug, style = "approve", "primary"
    label, done = gettext_lazy("Approve"), gettext_lazy("approved")
    needs_audience = True

    def question(self, notice: Notice, audience: AudienceSummary) -> list[str]:
        return [
            _("“%(title)s” is approved exactly as you saw it. As things stand it reaches %(people)s.")
            % {"title": notice, "people": people_phrase(audience.total)},
            _("Whom it addresses is fixed by that; who belongs there is counted again when it is published."),
            _("Publishing is a separate act, also for its author. Until then only its authors are told."),
        ]

    def run(self, notice: Notice, actor: Any, data: dict[str, Any], seen: Confirmation | None = None) -> str:
        NoticeService.approve(notice.pk, actor=actor, reason=data.get("reason", ""), seen=seen)
        return _("“%(title)s” is approved. It may now be published or scheduled.") % {"title": notice}


class ReturnToAuthor(Decision):
    slug, form_class = "return", RequiredReasonForm
    label, done = gettext_lazy("Return for edit"), gettext_lazy("returned")

    def question(self, notice: Notice, audience: AudienceSummary) -> list[str]:
        return [_("“%(title)s” goes back to draft, with your reason, for its author to change.") % {"title": notice}]

    def run(self, notice: Notice, actor: Any, data: dict[str, Any], seen: Confirmation | None = None) -> str:
        NoticeService.return_to_author(notice.pk, actor=actor, reason=data["reason"], seen=seen)
        return _("“%(title)s” went back to its author.") % {"title": notice}


class Reject(Decision):
    slug, style, form_class = "reject", "danger", RequiredReasonForm
    label, done = gettext_lazy("Reject"), gettext_lazy("rejected")

    def question(self, notice: Notice, audience: AudienceSummary) -> list[str]:
        return [
            _("“%(title)s” goes back to draft, marked as rejected, with your reason.") % {"title": notice},
            _("It cannot be submitted again as it is: something in it has to change first."),
        ]

    def run(self, notice: Notice, actor: Any, data: dict[str, Any], seen: Confirmation | None = None) -> str:
        NoticeService.reject(notice.pk, actor=actor, reason=data["reason"], seen=seen)
        return _("“%(title)s” is rejected.") % {"title": notice}


class LiftApproval(Act):
    slug, verb, form_class = "lift-approval", "approve", RequiredReasonForm
    label, done = gettext_lazy("Lift the need for approval"), gettext_lazy("freed of approval")
    states = frozenset({Status.DRAFT, Status.WITHDRAWN})

    def is_offered(self, notice: Notice, user: Any) -> bool:
        by_category = notice.category is not None and notice.category.needs_approval
        return notice.needs_approval and not by_category and super().is_offered(notice, user) and not contributed(notice, user)

    def question(self, notice: Notice, audience: AudienceSummary) -> list[str]:
        return [
            _("“%(title)s” was in a category that needs approval, and its category now needs none.") % {"title": notice},
            _("From now on it can be published without approval. Your decision and your reason stay on record."),
        ]

    def run(self, notice: Notice, actor: Any, data: dict[str, Any], seen: Confirmation | None = None) -> str:
        NoticeService.lift_approval(notice.pk, actor=actor, reason=data["reason"])
        return _("“%(title)s” needs no approval any more.") % {"title": notice}


class BreakGlass(Act):
    slug, verb, style, form_class = "publish-without-approval", "break_glass", "danger", RequiredReasonForm
    label, done = gettext_lazy("Publish without approval…"), gettext_lazy("published without approval")
    states = frozenset({Status.DRAFT, Status.IN_REVIEW, Status.APPROVED, Status.SCHEDULED, Status.WITHDRAWN})
    needs_audience = True

    def is_offered(self, notice: Notice, user: Any) -> bool:
        return super().is_offered(notice, user) and not may_go_out(notice)

    def button(self, notice: Notice, audience: AudienceSummary) -> str:
        return str(self.label)

    def question(self, notice: Notice, audience: AudienceSummary) -> list[str]:
        return [
            _("“%(title)s” needs approval and has none. It goes on show for %(people)s all the same.")
            % {"title": notice, "people": people_phrase(audience.total)},
            _("Everyone in compliance is mailed at once, with your name and your reason."),
            _("The notice bears the mark “published without approval” for ever."),
            *told_by_mail(notice, audience),
            *planned(notice, audience),
        ]

    def run(self, notice: Notice, actor: Any, data: dict[str, Any], seen: Confirmation | None = None) -> str:
        NoticeService.publish_without_approval(notice.pk, actor=actor, reason=data["reason"], seen=seen)
        return _("“%(title)s” is published without approval. Compliance is told.") % {"title": notice}
