"""Telling a database that was restored from an older copy, and beginning anew when a person says so."""

from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from audit.attribution import acting
from audit.models import Epoch, Seal
from audit.seals import anchors, counters
from audit.triggers.functions import EPOCH_BITS
from backoffice import clock
from backoffice.permissions import require

POSITION = """
    SELECT e.number, (e.number::bigint << {bits}) | pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
           (SELECT system_identifier::text FROM pg_control_system()), {reached}
    FROM (SELECT coalesce(max(number), 0) AS number FROM audit_epoch) e
"""


class EpochError(Exception):
    """The message is what a person reads."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where the database stands."""

    epoch: int
    horizon: int  # every transaction whose stamp is less has ended
    system_identifier: str
    reached: counters.Counts


def position() -> Position:
    with connection.cursor() as cursor:
        cursor.execute(POSITION.format(bits=EPOCH_BITS, reached=counters.reached_sql()))
        epoch, horizon, system_identifier, reached = cursor.fetchone()
    return Position(epoch, horizon, system_identifier, counters.read(reached))


def why_sending_is_off() -> str:
    """Empty when all is well. Else the database is not the one that was sealed last, and nothing is sealed or sent."""
    head, anchor, now = Seal.objects.order_by("-number").first(), anchors.newest(), position()
    if anchor is not None and anchor.epoch >= now.epoch:
        if anchor.epoch > now.epoch or head is None or head.number < anchor.number:
            return _("An older copy of the database was restored: it ends at seal %(here)s, and seal %(there)s was made already.") % {
                "here": head.number if head else 0,
                "there": anchor.number,
            }
        same = head if head.number == anchor.number else Seal.objects.filter(number=anchor.number).first()
        if same is None or bytes(same.digest).hex() != anchor.digest:
            return _("Seal %(number)s is another one than was anchored: this is not the database that was sealed.") % {
                "number": anchor.number
            }
    if counters.is_ahead(now.epoch, now.reached):
        return _("An older copy of the database was restored: mails were taken up for sending since that it does not know of.")
    if head is not None and head.epoch >= now.epoch:
        if head.system_identifier != now.system_identifier:
            return _("The database was moved to another server since seal %(number)s.") % {"number": head.number}
        if head.to_stamp > now.horizon or head.epoch > now.epoch:
            return _("The database counts its transactions anew since seal %(number)s.") % {"number": head.number}
    return ""


def start_epoch(*, reason: str, actor: Any = None) -> Epoch:
    """Go on with a database that was restored: what was sealed after its last seal is given up. Then sealing and sending resume.

    `actor` None is whoever may run commands on the server.

    Raises:
        PermissionDenied: `actor` may not.
        EpochError: there is no need to, or no reason was given.
    """
    if actor is not None:
        require(actor, "start_epoch", Seal)
    if not reason.strip():
        raise EpochError(_("Say why: the reason stays in the trail."))
    with acting(actor, reason=reason), transaction.atomic(), connection.cursor() as cursor:
        # Waits for every transaction that writes under the present epoch; none begins meanwhile.
        cursor.execute("LOCK TABLE audit_epoch IN ACCESS EXCLUSIVE MODE")
        if not why_sending_is_off():
            raise EpochError(_("The database is the one that was sealed last: there is no need for a new epoch."))
        return _next(reason, actor)


def _next(reason: str, actor: Any) -> Epoch:
    anchor = anchors.newest()
    known = [Epoch.objects.aggregate(newest=Max("number"))["newest"], Seal.objects.aggregate(newest=Max("epoch"))["newest"]]
    number = max(anchor.epoch if anchor else 0, counters.last_epoch(), *(number or 0 for number in known)) + 1
    now = position()
    with connection.cursor() as cursor:
        cursor.execute("SELECT (%s::bigint << %s) | pg_current_xact_id()::text::bigint", [number, EPOCH_BITS])
        (stamp,) = cursor.fetchone()
    return Epoch.objects.create(
        number=number,
        started_at=clock.now(),
        user=actor,
        reason=reason,
        system_identifier=now.system_identifier,
        history_stamp=stamp,
    )
