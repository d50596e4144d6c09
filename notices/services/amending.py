"""Changing a notice that is on show: written beside it while readers see the old text, then made or discarded as a whole."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from audit.attribution import acting
from backoffice import clock
from backoffice.permissions import require
from notices.amended import amended
from notices.contributors import contributors_of_change
from notices.exceptions import NoticeError, StaleNotice
from notices.models import AmendedFile, Amendment, Approval, Attachment, Notice
from notices.services.access import lock
from notices.services.amendment_making import make, refuse_unless_it_can_be_made
from notices.services.amendment_record import approvers_of, close, record_step
from notices.services.publishing import Confirmation, refuse_unless

Decision = Approval.Decision
Kind, State = Amendment.Kind, Amendment.State


@dataclass(frozen=True, slots=True)
class AmendedText:
    """All that is to stand in the notice after a change."""

    title: str
    content: str
    end_date: date | None = None
    due_date: date | None = None
    added: Sequence[Attachment] = ()  # checked uploads (`notices.uploads`), beside those that the change adds already
    dropped: Collection[int] = ()  # files that the change added, and shall not any more
    taken_off: Collection[int] = ()  # attachments of the notice, all that the change takes off


class AmendingMixin:
    @staticmethod
    @transaction.atomic
    def save_amendment(notice_id: int, text: AmendedText, *, actor: Any, version: int = 0) -> Amendment:
        """Keep what a notice on show is to say, as a change that nobody sees yet.

        `version` is that of the change when it was opened, 0 if there was none. What waited for a second person
        is a draft again by this.

        Raises:
            PermissionDenied: `actor` may not change and publish this notice.
            NoticeError: it is not on show, or somebody else wrote to the change; the message says what to do.
            ValidationError: together with the rest of the notice, what was written makes no sense.
        """
        notice = _lock(notice_id, actor)
        change = open_amendment(notice)
        _refuse_other_version(change, version)
        if change is None:
            refuse_unless(notice, Notice.Status.PUBLISHED, _("is not published, so there is nothing on show to change"))
            change = _new(notice)
        change.title, change.content = text.title, text.content
        change.end_date, change.due_date = text.end_date, text.due_date
        change.base_version, change.by = notice.version, actor
        change.state, change.version = State.DRAFT, change.version + 1
        amended(notice, change).full_clean()
        with acting(actor):
            change.save()
            _keep_files(notice, change, text)
        return change

    @staticmethod
    @transaction.atomic
    def amend(notice_id: int, *, kind: str, reason: str, actor: Any, seen: Confirmation) -> Amendment:
        """Make the open change of a notice that needs no approval: what is on show says the new text, in one transaction.

        A *typo* leaves acknowledgements as they are and tells nobody. After a *material* change everyone is asked again.
        *Tell only* leaves acknowledgements as they are and mails everyone what changed. `seen` is the version of the change
        and, unless it is a typo, the number of people.

        Raises:
            PermissionDenied: `actor` may not change and publish this notice.
            MayNotAddressError: `actor` may not send to all that it addresses.
            NoticeError: it cannot be made now, or not as `seen`; the message says what to do. The change is kept.
        """
        notice = _lock(notice_id, actor)
        change = _open(notice, seen, State.DRAFT)
        _choose(change, kind, reason, actor)
        if notice.must_be_approved:
            raise NoticeError(_("“%(title)s” needs approval, and so does every change of it. Hand the change in.") % {"title": notice})
        refuse_unless_it_can_be_made(notice, change, actor=actor)
        make(notice, change, actor=actor, seen=seen)
        return change

    @staticmethod
    @transaction.atomic
    def hand_in_amendment(notice_id: int, *, kind: str, reason: str, actor: Any, seen: Confirmation) -> Amendment:
        """Ask a second person for the open change of a notice that needs approval. Those who may approve it are mailed."""
        notice = _lock(notice_id, actor)
        change = _open(notice, seen, State.DRAFT)
        _choose(change, kind, reason, actor)
        if not notice.must_be_approved:
            raise NoticeError(_("“%(title)s” needs no approval. The change can be made at once.") % {"title": notice})
        refuse_unless_it_can_be_made(notice, change, actor=actor)
        change.state, change.version = State.WAITING, change.version + 1
        with acting(actor, reason=reason):
            change.save()
        step = record_step(change, Decision.SUBMITTED, actor=actor, reason=reason)
        approvers_of(change, told_of=step)
        return change

    @staticmethod
    @transaction.atomic
    def approve_amendment(notice_id: int, *, actor: Any, seen: Confirmation, reason: str = "") -> Amendment:
        """Make a change that waits, as its second person. It is on show by that; there is no further step."""
        notice, change = _to_decide_on(notice_id, actor, seen)
        refuse_unless_it_can_be_made(notice, change, actor=actor)
        change.decision_reason = reason
        make(notice, change, actor=actor, seen=seen)
        record_step(change, Decision.APPROVED, actor=actor, reason=reason, told=[change.by])
        return change

    @staticmethod
    @transaction.atomic
    def return_amendment(notice_id: int, *, actor: Any, seen: Confirmation, reason: str) -> Amendment:
        """Give a change back to whoever wrote it. What is on show stays."""
        _notice, change = _to_decide_on(notice_id, actor, seen)
        if not reason.strip():
            raise NoticeError(_("Say why, so that the author knows what to change."))
        close(change, State.DRAFT, actor=actor, reason=reason)
        record_step(change, Decision.RETURNED, actor=actor, reason=reason, told=[change.by])
        return change

    @staticmethod
    @transaction.atomic
    def discard_amendment(notice_id: int, *, actor: Any, seen: Confirmation) -> Amendment:
        """Do without the change. What was written stays in the history."""
        notice = _lock(notice_id, actor)
        change = _open(notice, seen, *Amendment.OPEN)
        close(change, State.DISCARDED, actor=actor)
        return change


def open_amendment(notice: Notice) -> Amendment | None:
    return Amendment.objects.select_related("by", "decided_by").filter(notice=notice, state__in=Amendment.OPEN).first()


def _lock(notice_id: int, actor: Any) -> Notice:
    notice = lock(notice_id, verb="change", actor=actor)
    require(actor, "publish", notice)
    return notice


def _new(notice: Notice) -> Amendment:
    last = notice.amendments.aggregate(last=Max("number"))["last"] or 0
    return Amendment(notice=notice, number=last + 1, begun_at=clock.now())


def _refuse_other_version(change: Amendment | None, version: int) -> None:
    if (change.version if change else 0) == version:
        return
    if change is None:
        raise StaleNotice(_("The change that you opened was made or discarded meanwhile. What you wrote is below and not saved yet."))
    raise StaleNotice(
        _("%(person)s saved this change while you were writing. What you wrote is below and not saved yet; saving again replaces theirs.")
        % {"person": change.by}
    )


def _open(notice: Notice, seen: Confirmation, *states: str) -> Amendment:
    """The open change, exactly as the person saw it, if it is in one of `states`. The notice is locked, and with it the change."""
    change = open_amendment(notice)
    if change is None:
        raise NoticeError(_("There is no open change of “%(title)s”: it was made or discarded.") % {"title": notice})
    if change.version != seen.version:
        raise StaleNotice(_("%(person)s changed this while you were looking. Look at it again.") % {"person": change.by})
    if change.state not in states:
        advice = {
            State.WAITING.value: _("This change waits for a second person. Save it again to take it back."),
            State.DRAFT.value: _("This change does not wait for a decision. Its author has to hand it in first."),
        }
        raise NoticeError(advice[change.state])
    change.notice = notice
    return change


def _choose(change: Amendment, kind: str, reason: str, actor: Any) -> None:
    if kind not in Kind.values:
        raise NoticeError(_("Say what kind of change it is: a typo, material, or one to tell of."))
    if not reason.strip():
        raise NoticeError(_("Say why it is changed. The reason is kept, and readers see it unless it is a typo."))
    change.kind, change.reason, change.by = kind, reason, actor


def _to_decide_on(notice_id: int, actor: Any, seen: Confirmation) -> tuple[Notice, Amendment]:
    notice = lock(notice_id, verb="approve", actor=actor)
    change = _open(notice, seen, State.WAITING)
    if actor.pk in contributors_of_change(change):
        raise NoticeError(_("You had a part in “%(title)s” or in this change. Someone who had none has to decide.") % {"title": notice})
    return notice, change


def _keep_files(notice: Notice, change: Amendment, text: AmendedText) -> None:
    """Make the files of the change those of `text`; history names the ones that go."""
    there = {file.takes_off for file in change.files.exclude(takes_off=None)}
    wanted = {attachment.pk: attachment for attachment in notice.attachments.filter(pk__in=text.taken_off)}
    for file in change.files.filter(takes_off__in=there - wanted.keys()) | change.files.filter(takes_off=None, pk__in=text.dropped):
        file.delete()
    new = [AmendedFile.of(wanted[pk], takes_off=pk) for pk in sorted(wanted.keys() - there)]
    for file in [*new, *(AmendedFile.of(upload) for upload in text.added)]:
        file.amendment = change
        file.save()
