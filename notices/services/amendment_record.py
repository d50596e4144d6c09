"""What is put on record about a change of what is on show: its end, and its steps of approval, with mails as for every step."""

from collections.abc import Iterable
from typing import Any

from audit.attribution import acting
from backoffice import clock
from notices.amended import digest_after
from notices.contributors import contributors_of_change
from notices.models import Amendment, Approval
from notices.pinning import digest_of
from notices.repositories import NoticeRepository
from notices.services.approval_record import approvers_to_ask, tell
from recipients.repositories import AudienceRepository


def close(change: Amendment, state: str, *, actor: Any, reason: str = "") -> None:
    change.state, change.version = state, change.version + 1
    change.decided_by, change.decided_at, change.decision_reason = actor, clock.now(), reason
    with acting(actor, reason=reason):
        change.save()


def record_step(change: Amendment, decision: str, *, actor: Any, reason: str = "", told: Iterable[Any] = ()) -> Approval:
    """Write one step: over what the notice would say, or says now that the change is made."""
    notice, is_made = change.notice, change.state == Amendment.State.APPLIED
    with acting(actor, reason=reason):
        step = Approval.objects.create(
            notice=notice,
            amendment=change,
            revision=notice.revision + (change.kind == Amendment.Kind.MATERIAL and not is_made),
            decision=decision,
            by=actor,
            at=clock.now(),
            reason=reason,
            digest=digest_of(notice) if is_made else digest_after(notice, change),
            people=AudienceRepository.summary(NoticeRepository.address_of(notice)).total,
        )
    tell(step, told)
    return step


def approvers_of(change: Amendment, *, told_of: Approval) -> None:
    """Mail those who may decide on a change that it waits."""
    had_a_part = contributors_of_change(change)
    tell(told_of, [person for person in approvers_to_ask(change.notice) if person.pk not in had_a_part])
