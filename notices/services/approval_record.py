"""The record of approval: its steps, the approval that stands, and who is to be mailed about a step."""

from collections.abc import Iterable
from functools import partial
from itertools import islice
from typing import Any

from django.contrib.auth.models import Permission
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from audit.attribution import acting
from backoffice import clock
from backoffice.permissions import Role, may
from notices.contributors import contributors_of
from notices.events import approval_recorded
from notices.exceptions import NoticeError
from notices.models import Approval, ApprovalMail, Notice
from notices.pinning import digest_of
from notices.repositories import NoticeRepository
from recipients.models import User
from recipients.repositories import AudienceRepository

Decision = Approval.Decision
Status = Notice.Status
MOST_ASKED = 30  # people who are mailed that something waits; the others find it under Approvals


def next_revision(notice: Notice) -> int:
    """The revision that a publication would let out: a new one once the current was."""
    return notice.revision + notice.delivery_set.filter(revision=notice.revision).exists()


def last_step(notice: Notice) -> Approval | None:
    """The last word on publishing it. Steps about a change of what is on show decide nothing about that."""
    return notice.approvals.filter(amendment=None).select_related("by").order_by("-pk").first()


def standing_approval(notice: Notice) -> Approval | None:
    """The approval under which a notice may go out: the last word on it, of this very revision, over exactly what is there."""
    step = last_step(notice)
    stands = (
        step is not None
        and step.decision == Decision.APPROVED
        and step.revision == next_revision(notice)
        and step.digest == digest_of(notice)
    )
    return step if stands else None


def refuse_unless_approved(notice: Notice) -> None:
    if not notice.must_be_approved:
        return
    if notice.status == Status.IN_REVIEW:
        raise NoticeError(_("“%(title)s” waits for approval. Someone who did not write it has to approve it first.") % {"title": notice})
    if notice.status not in {Status.APPROVED, Status.SCHEDULED} or not _was_approved(notice):
        raise NoticeError(_needs_approval(notice))
    if standing_approval(notice) is None:
        raise NoticeError(
            _("“%(title)s” is not what was approved: its text, its files or its audience changed since. Submit it for review again.")
            % {"title": notice}
        )


def was_let_past_approval(notice: Notice) -> bool:
    """Set to published past the services, without the approval that it needs. What a service published has deliveries."""
    has_deliveries = notice.delivery_set.filter(revision=notice.revision).exists()
    return notice.must_be_approved and not has_deliveries and standing_approval(notice) is None


def take_back(notice: Notice) -> None:
    """Make it a draft again before anybody is told."""
    notice.status, notice.published_at, notice.version = Status.DRAFT, None, notice.version + 1
    notice.status_reason = _("It was set to published without the approval that it needs. Submit it for review.")
    with acting(None, reason=notice.status_reason):
        notice.save(update_fields=["status", "published_at", "version", "status_reason", "modified_at"])


def _was_approved(notice: Notice) -> bool:
    step = last_step(notice)
    return step is not None and step.decision == Decision.APPROVED


def _needs_approval(notice: Notice) -> str:
    if notice.category is not None and notice.category.needs_approval:
        return _("“%(title)s” needs approval: notices in “%(category)s” are submitted for review first.") % {
            "title": notice,
            "category": notice.category,
        }
    return _("“%(title)s” needs approval: it was in a category that asks for it. Submit it for review first.") % {"title": notice}


def fields_of_a_lost_approval(notice: Notice) -> list[str]:
    """Make an approved notice that is no longer what was approved a draft, in memory. Returns the fields to save with it."""
    if notice.status != Status.APPROVED or standing_approval(notice) is not None:
        return []
    notice.status = Status.DRAFT
    notice.status_reason = _("It was changed after it was approved. Submit it for review again.")
    return ["status", "status_reason"]


def record(notice: Notice, decision: str, *, actor: Any, reason: str = "", told: Iterable[Any] = ()) -> Approval:
    """Write one step, and owe a mail about it to each person of `told` but the one who did it."""
    address = NoticeRepository.address_of(notice)
    with acting(actor, reason=reason):
        step = Approval.objects.create(
            notice=notice,
            revision=notice.revision if decision == Decision.BYPASSED else next_revision(notice),
            decision=decision,
            by=actor,
            at=clock.now(),
            reason=reason,
            digest=digest_of(notice),
            people=AudienceRepository.summary(address).total,
        )
    tell(step, told)
    return step


def tell(step: Approval, people: Iterable[Any]) -> None:
    """Owe each of `people`, but whoever took the step, one mail about it."""
    owed = {person.pk for person in people if person is not None} - {step.by_id}
    ApprovalMail.objects.bulk_create(ApprovalMail(approval=step, person_id=pk, next_attempt_at=step.at) for pk in sorted(owed))
    if owed:
        transaction.on_commit(partial(approval_recorded.send_robust, Approval, approval_id=step.pk))


def approvers_to_ask(notice: Notice) -> list[User]:
    """Those who may approve it and had no part in it, up to a number that can still feel asked."""
    able = (person for person in _candidates(notice) if may(person, "approve", notice))
    return list(islice(able, MOST_ASKED))


def _candidates(notice: Notice) -> Iterable[User]:
    right = Permission.objects.get(content_type__app_label="notices", codename="approve_notice")
    granted = {"permission": right, "content_object": notice}
    able = (
        Q(is_superuser=True)
        | Q(groups__permissions=right)
        | Q(user_permissions=right)
        | Q(pk__in=notice.noticeuserpermission_set.filter(**granted).values("user"))
        | Q(groups__in=notice.noticerolepermission_set.filter(**granted).values("group"))
    )
    people = User.objects.filter(able, is_active=True, is_staff=True).exclude(pk__in=contributors_of([notice.pk])[notice.pk])
    return people.distinct().order_by("pk").iterator()


def authors_of(notice: Notice) -> list[Any]:
    """Who hears what became of it: who wrote it, and who handed it in last."""
    submitted = notice.approvals.filter(decision=Decision.SUBMITTED).select_related("by").order_by("-pk").first()
    return [notice.created_by, submitted.by if submitted else None]


def compliance() -> list[User]:
    return list(User.objects.filter(groups__name=Role.COMPLIANCE, is_active=True))
