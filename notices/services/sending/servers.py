"""Mail servers as all workers see them: one that is away is left alone for a while, and none gets more than its rate.

A server that failed is tried again after a pause that doubles, by one worker with one mail; what it says counts for all.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from backoffice import clock
from notices.mail.mailer import server_in_use
from notices.models import MailServer

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(minutes=10)
PROBE = timedelta(minutes=3)  # after which another worker may try, should the one that does be dead


@dataclass(frozen=True, slots=True)
class Admission:
    """How many mails a worker may claim for a server now; if none, why, or in how many seconds again."""

    mails: int
    problem: str = ""
    wait: float = 0


def admit(address: str, wanted: int) -> Admission:
    """Ask for up to `wanted` mails. What is admitted and not sent is lost to the rate, which errs on the slow side."""
    rate = settings.EMAIL_PER_MINUTE
    known = MailServer.objects.filter(pk=address).first()
    if not rate and (known is None or not known.failures):
        return Admission(wanted)
    return _admit(address, wanted, rate)


@transaction.atomic
def _admit(address: str, wanted: int, rate: int) -> Admission:
    server, now = _locked(address)
    if server.failures:
        if server.next_try_at and server.next_try_at > now:
            return Admission(0, server.problem)
        server.next_try_at = now + PROBE
        server.save(update_fields=["next_try_at"])
        return Admission(1)
    return _within_rate(server, wanted, rate, now)


def _within_rate(server: MailServer, wanted: int, rate: int, now: datetime) -> Admission:
    """A bucket that holds what may be sent in ten seconds, and always one mail."""
    if not rate:
        return Admission(wanted)
    per_second = rate / 60
    full = max(1.0, per_second * 10)
    since = (now - server.counted_at).total_seconds() if server.counted_at else full / per_second
    allowance = min(full, server.allowance + since * per_second)
    mails = min(wanted, int(allowance))
    server.allowance, server.counted_at = allowance - mails, now
    server.save(update_fields=["allowance", "counted_at"])
    return Admission(mails, wait=0 if mails else (1 - allowance) / per_second)


@transaction.atomic
def was_away(address: str, problem: str) -> None:
    """Leave it alone: longer each time in a row."""
    server, now = _locked(address)
    server.failures += 1
    server.away_since = server.away_since or now
    server.next_try_at = now + min(FIRST_PAUSE * 2 ** min(server.failures - 1, 10), LONGEST_PAUSE)
    server.problem = problem
    server.save()


def away() -> MailServer | None:
    """The mail server in use, if it did not answer when it was last tried."""
    return MailServer.objects.filter(pk=server_in_use(), failures__gt=0).first()


def answered(address: str) -> None:
    MailServer.objects.filter(pk=address, failures__gt=0).update(failures=0, away_since=None, next_try_at=None, problem="")


def problem_of(server: MailServer) -> str:
    return _("The mail server %(server)s is away: %(problem)s") % {"server": server.address, "problem": server.problem}


def _locked(address: str) -> tuple[MailServer, datetime]:
    """The server's row, held until the transaction ends, and the time there."""
    MailServer.objects.bulk_create([MailServer(address=address)], ignore_conflicts=True)
    server = MailServer.objects.select_for_update().get(pk=address)
    return server, clock.now()
