"""What people decide about mails that were owed: pause, resume, cancel, send again, take as arrived."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from audit.attribution import acting
from notices.events import mails_wait
from notices.exceptions import NoticeError
from notices.models import Delivery, Notice, SendingPause
from notices.querysets import DeliveryQuerySet
from notices.services.access import lock
from notices.services.opting_out import who_declined
from notices.services.sending.claims import Scope, take_back

State = Delivery.State
# Of one person, what has come to an end without a mail that is known to have arrived.
SENT_AGAIN_TO_ONE = (State.FAILED, State.UNKNOWN, State.SUPPRESSED, State.CANCELLED)


class SteeringMixin:
    @staticmethod
    @transaction.atomic
    def pause(notice_id: int, *, actor: Any, reason: str) -> None:
        """Hold back every mail about it that has not left. Who reads it in the inbox goes on."""
        notice = _lock_published(notice_id, actor)
        if SendingPause.objects.filter(notice=notice).exists():
            raise NoticeError(_("Sending “%(title)s” is paused already.") % {"title": notice})
        with acting(actor, reason=reason):
            SendingPause.objects.create(notice=notice, by=actor, at=Now(), reason=reason)
        SteeringMixin.hand_back(notice)

    @staticmethod
    @transaction.atomic
    def resume(notice_id: int, *, actor: Any, reason: str = "") -> int:
        """Go on with what was held back. Returns how many mails that is."""
        notice = lock(notice_id, verb="publish", actor=actor)
        pause = SendingPause.objects.filter(notice=notice).first()
        if pause is None:
            raise NoticeError(_("Sending “%(title)s” is not paused.") % {"title": notice})
        with acting(actor, reason=reason):
            pause.delete()
        _wake(notice)
        return Delivery.objects.of_revision(notice).to_do().count()

    @staticmethod
    @transaction.atomic
    def cancel(notice_id: int, *, actor: Any, reason: str) -> int:
        """Send no more mails about it: those that have not left never will. It stays on show. Returns how many that are.

        Of what workers have in their hands, the one mail that each is sending goes on.
        """
        notice = _lock_published(notice_id, actor)
        said = _("%(person)s cancelled the mail: %(reason)s") % {"person": actor, "reason": reason}
        cancelled = SteeringMixin.call_off(notice, reason=said)
        if not cancelled:
            raise NoticeError(_("No mail about “%(title)s” is left to cancel.") % {"title": notice})
        return cancelled

    @staticmethod
    def call_off(notice: Notice, *, reason: str) -> int:
        """Nobody who still waits for a mail of this notice will get one, but of the one that each worker is at. Returns how many."""
        called_off = 0
        while found := _cancel_waiting(notice, reason) + take_back(_all_of(notice), state=State.CANCELLED, reason=reason):
            called_off += found  # again: a worker may have handed some back between the two
        return called_off

    @staticmethod
    def hand_back(notice: Notice) -> int:
        """What workers hold of it and have not begun waits again, to leave later or with another text. Returns how many mails."""
        return take_back(_all_of(notice), state=State.WAITING, reason="")

    @staticmethod
    @transaction.atomic
    def send_again(notice_id: int, *, actor: Any, states: Iterable[str] = (State.FAILED,), delivery_id: int | None = None) -> int:
        """Put deliveries that failed (or may have arrived) back into the queue, all or one. Returns how many.

        Not of people of whom it is no longer asked, nor of those who do without mails about it.
        """
        notice = _lock_published(notice_id, actor)
        if notice.is_expired:
            raise NoticeError(_("“%(title)s” has ended, so nothing is sent. Give it a later end first.") % {"title": notice})
        changed = {"state": State.WAITING, "attempts": 0, "crashes": 0, "reason": "", "next_attempt_at": Now(), "changed_at": Now()}
        mails = _in_states(notice, states).open().exclude(person__in=who_declined(notice).values("user"))
        count = _decide(mails, delivery_id, **changed)
        _wake(notice)
        return count

    @staticmethod
    @transaction.atomic
    def take_as_arrived(notice_id: int, *, actor: Any, reason: str = "", delivery_id: int | None = None) -> int:
        """Count mails that may have arrived as sent, all or one, because a person says so. Returns how many.

        Who decided, and why, stands with each from then on.
        """
        notice = _lock_published(notice_id, actor)
        said = _("%(person)s decided that it arrived. %(reason)s") % {"person": actor, "reason": reason}
        mails = _in_states(notice, [State.UNKNOWN])
        return _decide(mails.open() if delivery_id is None else mails, delivery_id, state=State.SENT, reason=said.strip(), changed_at=Now())


def _lock_published(notice_id: int, actor: Any) -> Notice:
    notice = lock(notice_id, verb="publish", actor=actor)
    if notice.status != Notice.Status.PUBLISHED:
        raise NoticeError(_("“%(title)s” is not published, so nothing is sent. Publish it first.") % {"title": notice})
    return notice


def _in_states(notice: Notice, states: Iterable[str]) -> DeliveryQuerySet:
    mails: DeliveryQuerySet = Delivery.objects.of_revision(notice)
    return mails.filter(state__in=list(states))


def _decide(mails: DeliveryQuerySet, delivery_id: int | None, **changed: Any) -> int:
    """Change all of `mails`, or one. Of a single one it is said when it is not among them any more."""
    if delivery_id is None:
        return mails.update(**changed)
    count = mails.filter(pk=delivery_id).update(**changed)
    if not count:
        raise NoticeError(_("There is nothing to decide about this mail any more. Look at the list again."))
    return count


def _cancel_waiting(notice: Notice, reason: str) -> int:
    return Delivery.objects.to_do().filter(notice=notice).update(state=State.CANCELLED, reason=reason, changed_at=Now())


def _all_of(notice: Notice) -> Scope:
    return Scope(Delivery, "m.notice_id = %(notice)s", {"notice": notice.pk})


def _wake(notice: Notice) -> None:
    transaction.on_commit(partial(mails_wait.send_robust, Notice, notice_id=notice.pk))
