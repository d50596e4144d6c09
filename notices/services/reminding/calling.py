"""Reminding by hand: everyone outstanding, or one person. It goes with the next mail that each of them gets."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from audit.attribution import acting
from backoffice import clock
from notices.events import reminders_wait
from notices.exceptions import NoticeError
from notices.models import Notice, ReminderCall, SendingPause
from notices.services.access import lock
from notices.services.reminding.hours import local_days
from notices.services.reminding.noting import parameters, zones_of_people
from notices.services.reminding.statements import CALL, COUNT


@dataclass(frozen=True, slots=True)
class Outstanding:
    """How many people have not done it: `people` would be reminded now, `waiting` are about to be already.

    Of `people`, `without_mail` cannot be mailed, and `tomorrow` had today's mail, so that this comes with the next.
    """

    people: int
    waiting: int
    without_mail: int
    tomorrow: int


def outstanding(notice: Notice) -> Outstanding:
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(COUNT, parameters(local_days(zones_of_people(), now), now) | {"notice": notice.pk, "person": None})
        return Outstanding(*cursor.fetchone())


@transaction.atomic
def call(notice_id: int, *, actor: Any, reason: str = "", person: Any = None) -> int:
    """Have everyone reminded of whom something is left to do, or `person` alone. Returns how many people that are.

    Raises:
        PermissionDenied: `actor` may not.
        NoticeError: it is not on show, or nobody is left to be reminded.
    """
    notice = lock(notice_id, verb="publish", actor=actor)
    _refuse_unless_on_show(notice)
    number = _next_number()
    count = _note(notice, number, person)
    if not count:
        raise NoticeError(_nobody(person))
    with acting(actor, reason=reason):
        ReminderCall.objects.create(pk=number, notice=notice, revision=notice.revision, by=actor, person=person, people=count)
    transaction.on_commit(partial(reminders_wait.send_robust, Notice))
    return count


def _next_number() -> int:
    """Of the call that is written once it is known how many people it is about."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [ReminderCall._meta.db_table])
        return cursor.fetchone()[0]


def _note(notice: Notice, number: int, person: Any) -> int:
    today = clock.today()
    with connection.cursor() as cursor:
        cursor.execute(CALL, {"notice": notice.pk, "call": number, "person": person.pk if person else None, "today": today})
        return cursor.rowcount


def _refuse_unless_on_show(notice: Notice) -> None:
    if notice.status != Notice.Status.PUBLISHED or notice.begins_later:
        raise NoticeError(_("“%(title)s” is not on show yet, so nobody can be reminded of it.") % {"title": notice})
    if notice.is_expired:
        raise NoticeError(_("“%(title)s” has ended, so nobody is reminded of it. Give it a later end first.") % {"title": notice})
    if SendingPause.objects.filter(notice=notice).exists():
        raise NoticeError(_("Sending “%(title)s” is paused. Resume it first.") % {"title": notice})


def _nobody(person: Any) -> str:
    if person is None:
        return _(
            "Nobody is left to be reminded: all have done it, wait for their first mail, do without mails about it, "
            "or are about to be reminded anyway."
        )
    text = _("%(person)s has done it, waits for the first mail, does without mails about it, or is about to be reminded anyway.")
    return text % {"person": person}
