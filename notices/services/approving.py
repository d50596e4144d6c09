"""Four eyes: handing in, deciding, and the two ways past a decision that leave a mark.

Nobody decides on what they had a part in, whichever door they come through.
"""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from backoffice import clock
from notices.contributors import contributed
from notices.exceptions import NoticeError, StaleNotice
from notices.models import Approval, Notice
from notices.pinning import digest_of
from notices.repositories import NoticeRepository
from notices.services.access import check_version, lock
from notices.services.addressing import refuse_unless_addressable
from notices.services.approval_record import (
    approvers_to_ask,
    authors_of,
    compliance,
    record,
    standing_approval,
    tell,
)
from notices.services.publishing import (
    Confirmation,
    change_state,
    put_on_show,
    refuse_empty_audience,
    refuse_unless,
    refuse_unless_publishable,
)

Decision = Approval.Decision
Status = Notice.Status


class ApprovingMixin:
    @staticmethod
    @transaction.atomic
    def submit_for_review(notice_id: int, *, actor: Any) -> Notice:
        """Hand it in. From now on it needs approval, whatever its category asks, until an approver lifts that."""
        notice = lock(notice_id, verb="change", actor=actor)
        if notice.status not in {Status.DRAFT, Status.WITHDRAWN} and not _lost_its_approval(notice):
            refuse_unless(notice, Status.DRAFT, _("is not a draft"))
        refuse_unless_addressable(NoticeRepository.address_of(notice), actor=actor)
        refuse_empty_audience(notice)
        _refuse_what_was_rejected(notice)
        # Handing it in is not writing it: the name of whoever changed it last stays.
        notice = change_state(notice, Status.IN_REVIEW, actor=actor, modified_by=notice.modified_by, needs_approval=True)
        step = record(notice, Decision.SUBMITTED, actor=actor)
        # Whom to ask is known when who had a part in it is, and that includes this step.
        tell(step, approvers_to_ask(notice))
        return notice

    @staticmethod
    @transaction.atomic
    def approve(notice_id: int, *, actor: Any, reason: str = "", seen: Confirmation | None = None) -> Notice:
        """Let out exactly what is there now. Publishing it is an act of its own.

        Raises:
            PermissionDenied: `actor` may not approve this notice.
            NoticeError: it is not in review, `actor` had a part in it, or it is not what was `seen`.
        """
        notice = _to_decide_on(notice_id, actor, seen)
        refuse_empty_audience(notice)
        notice = change_state(notice, Status.APPROVED, actor=actor, modified_by=notice.modified_by, reason=reason)
        record(notice, Decision.APPROVED, actor=actor, reason=reason, told=authors_of(notice))
        return notice

    @staticmethod
    @transaction.atomic
    def return_to_author(notice_id: int, *, actor: Any, reason: str, seen: Confirmation | None = None) -> Notice:
        """Back to draft, to be edited. It may come again, also unchanged."""
        return _send_back(notice_id, Decision.RETURNED, actor, reason, seen)

    @staticmethod
    @transaction.atomic
    def reject(notice_id: int, *, actor: Any, reason: str, seen: Confirmation | None = None) -> Notice:
        """Back to draft for good in this form: exactly the same cannot be submitted again."""
        return _send_back(notice_id, Decision.REJECTED, actor, reason, seen)

    @staticmethod
    @transaction.atomic
    def publish_without_approval(notice_id: int, *, actor: Any, reason: str, seen: Confirmation | None = None) -> Notice:
        """Break the glass: publish what needs approval and has none. Compliance is told at once, and the notice bears it for ever."""
        notice = lock(notice_id, verb="break_glass", actor=actor)
        _refuse_empty(reason, _("Say why this cannot wait. Compliance reads it."))
        refuse_unless_publishable(notice, actor, approved=False)
        if not notice.must_be_approved or standing_approval(notice) is not None:
            raise NoticeError(_("“%(title)s” may be published as it is. There is no glass to break.") % {"title": notice})
        check_version(notice, seen.version if seen else None)
        notice.bypassed_at = clock.now()
        notice.needs_approval = True
        put_on_show(notice, actor=actor, reason=reason, seen=seen, also=("bypassed_at", "needs_approval"))
        record(notice, Decision.BYPASSED, actor=actor, reason=reason, told=compliance())
        return notice

    @staticmethod
    @transaction.atomic
    def lift_approval(notice_id: int, *, actor: Any, reason: str) -> Notice:
        """Say that a notice which left its category needs no approval any more. Not for who had a part in it."""
        notice = lock(notice_id, verb="approve", actor=actor)
        _refuse_empty(reason, _("Say why it needs no approval."))
        _refuse_own_part(notice, actor)
        if notice.status not in {Status.DRAFT, Status.WITHDRAWN}:
            refuse_unless(notice, Status.DRAFT, _("is not a draft"))
        if not notice.needs_approval or (notice.category is not None and notice.category.needs_approval):
            raise NoticeError(_("The need for approval of “%(title)s” comes from its category, or there is none.") % {"title": notice})
        notice = change_state(
            notice,
            notice.status,
            actor=actor,
            reason=reason,
            modified_by=notice.modified_by,
            needs_approval=False,
            status_reason=notice.status_reason,
        )
        record(notice, Decision.LIFTED, actor=actor, reason=reason, told=authors_of(notice))
        return notice


def _to_decide_on(notice_id: int, actor: Any, seen: Confirmation | None) -> Notice:
    notice = lock(notice_id, verb="approve", actor=actor)
    refuse_unless(notice, Status.IN_REVIEW, _("is not in review"))
    _refuse_own_part(notice, actor)
    check_version(notice, seen.version if seen else None)
    if seen is not None and seen.digest != digest_of(notice):
        raise StaleNotice(_("“%(title)s” is not what you looked at. Look at it again.") % {"title": notice})
    return notice


def _send_back(notice_id: int, decision: str, actor: Any, reason: str, seen: Confirmation | None) -> Notice:
    notice = _to_decide_on(notice_id, actor, seen)
    _refuse_empty(reason, _("Say why, so that the author knows what to change."))
    record(notice, decision, actor=actor, reason=reason, told=authors_of(notice))
    # The author's name stays on it: deciding on a text is not writing it.
    return change_state(notice, Status.DRAFT, actor=actor, status_reason=reason, modified_by=notice.modified_by)


def _refuse_own_part(notice: Notice, actor: Any) -> None:
    if contributed(notice, actor):
        raise NoticeError(
            _("You wrote, changed or submitted “%(title)s”. Someone who had no part in it has to decide.") % {"title": notice}
        )


def _refuse_what_was_rejected(notice: Notice) -> None:
    rejected = notice.approvals.filter(decision=Decision.REJECTED, digest=digest_of(notice)).select_related("by").first()
    if rejected is not None:
        raise NoticeError(
            _("%(person)s rejected “%(title)s” exactly as it is: %(reason)s Change it before you submit it again.")
            % {"title": notice, "person": rejected.by, "reason": f"{rejected.reason.rstrip('.')}."}
        )


def _refuse_empty(reason: str, sentence: str) -> None:
    if not reason.strip():
        raise NoticeError(sentence)


def _lost_its_approval(notice: Notice) -> bool:
    return notice.status == Status.APPROVED and standing_approval(notice) is None
