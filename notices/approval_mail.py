"""Mails about the steps of an approval, in the way that all mails are built and sent."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from notices.mail.mailer import Mailer
from notices.mail.template import ID, template
from notices.models import Approval

Decision = Approval.Decision


class ApprovalMailer(Mailer):
    def __init__(self, step: Approval) -> None:
        super().__init__()
        self.step = step

    def _render(self) -> bytes:
        context = {
            "heading": _heading(self.step),
            "sentences": _sentences(self.step),
            "reason": self.step.reason,
            "url": settings.SITE_URL + reverse(_page(self.step), args=[self.step.notice_id]),
            "organisation": settings.ORGANISATION_NAME,
        }
        # Stable for a step and a person, so that a mail which was sent twice is recognised as one.
        return template(self.sender, f"approval-{ID.decode()}.{self.step.pk}", context["heading"], "notices/mail/approval", context)


def _page(step: Approval) -> str:
    """Where it is decided on, or shown what became of it."""
    return "admin:notices_notice_approval" if step.amendment_id is None else "admin:notices_notice_amend_review"


def _heading(step: Approval) -> str:
    if step.amendment_id is not None:
        return _heading_of_a_change(step)
    return {
        Decision.SUBMITTED: _("To approve: %(title)s"),
        Decision.APPROVED: _("Approved: %(title)s"),
        Decision.RETURNED: _("Returned to you: %(title)s"),
        Decision.REJECTED: _("Rejected: %(title)s"),
        Decision.BYPASSED: _("Published without approval: %(title)s"),
        Decision.LIFTED: _("Needs no approval any more: %(title)s"),
    }[Decision(step.decision)] % {"title": step.notice}


def _heading_of_a_change(step: Approval) -> str:
    return {
        Decision.SUBMITTED: _("A change to approve: %(title)s"),
        Decision.APPROVED: _("Your change is made: %(title)s"),
        Decision.RETURNED: _("Your change is returned: %(title)s"),
    }[Decision(step.decision)] % {"title": step.notice}


def _people(count: int) -> str:
    return ngettext("%(count)d person", "%(count)d people", count) % {"count": count}


def _sentences(step: Approval) -> list[str]:
    about: dict[str, Any] = {"title": step.notice, "person": step.by, "people": _people(step.people)}
    if step.amendment_id is not None:
        return [sentence % about for sentence in _sentences_of_a_change(step)]
    return [
        sentence % about
        for sentence in {
            Decision.SUBMITTED: [
                _("%(person)s submitted “%(title)s” for review. It would reach %(people)s."),
                _("You had no part in it, so you may decide. The first who decides settles it."),
            ],
            Decision.APPROVED: [
                _("%(person)s approved “%(title)s”, exactly as it is."),
                _("It may now be published or scheduled. Changing it makes it a draft again."),
            ],
            Decision.RETURNED: [_("%(person)s returned “%(title)s” for you to edit. Submit it again when you have.")],
            Decision.REJECTED: [_("%(person)s rejected “%(title)s”. It cannot be submitted again as it is.")],
            Decision.BYPASSED: [
                _("%(person)s published “%(title)s” to %(people)s although it needs approval and had none."),
                _("The notice bears the mark for ever. Please look into it."),
            ],
            Decision.LIFTED: [_("%(person)s decided that “%(title)s” needs no approval any more.")],
        }[Decision(step.decision)]
    ]


def _sentences_of_a_change(step: Approval) -> list[str]:
    return {
        Decision.SUBMITTED: [
            _("%(person)s wants to change “%(title)s”, which is on show for %(people)s."),
            _("You had no part in it, so you may decide. Approving makes the change at once."),
        ],
        Decision.APPROVED: [_("%(person)s approved your change of “%(title)s”, and it is made.")],
        Decision.RETURNED: [_("%(person)s returned your change of “%(title)s” for you to edit. What is on show stays until then.")],
    }[Decision(step.decision)]
