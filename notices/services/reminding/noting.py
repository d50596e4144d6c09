"""What the clock does: note who is to be reminded on which day, and make one mail a person a day of it, within working hours.

Each may run twice, at once, or not for days: a row says what was noted and what went into which mail.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from audit.seals.epochs import why_sending_is_off
from backoffice import clock
from notices.services.reminding import statements
from notices.services.reminding.hours import LocalDay, local_days
from recipients.models import User

# Days for which a reminder that was not noted, as nothing ran, is made up for. What is older is left to the next one.
MADE_UP_FOR = 3
ALONE = "SELECT pg_try_advisory_xact_lock(hashtextextended('notices.reminders', 0))"


@transaction.atomic
def note() -> int:
    """Note who is to be reminded of what by now. Returns how many that are."""
    if why_sending_is_off() or not _is_alone():
        return 0
    now = clock.now()
    return _run(statements.NOTE, parameters(local_days(zones_of_people(), now), now))


@transaction.atomic
def gather() -> int:
    """Put what waits into the mails of those who are at work now. Returns how many mails that made."""
    if why_sending_is_off() or not _is_alone():
        return 0
    now = clock.now()
    _run(statements.LATE, {"late": _("It did not leave within working hours. What it was to say is said with the next one.")})
    with connection.cursor() as cursor:
        cursor.execute(statements.ZONES_OF_WAITING)
        days = local_days((zone for (zone,) in cursor.fetchall()), now)
    if not any(day.until for day in days):
        return 0
    given = parameters(days, now)
    _run(statements.DROP, given)
    opened = _run(statements.OPEN_MAILS, given)
    _run(statements.PUT_INTO_MAILS, given)
    return opened


def zones_of_people() -> Iterable[str]:
    return User.objects.filter(is_active=True).order_by().values_list("time_zone", flat=True).distinct()


def parameters(days: list[LocalDay], now: datetime) -> dict[str, Any]:
    return {
        "zones": [day.zone for day in days],
        "days": [day.day for day in days],
        "ends": [day.until for day in days],
        "today": now.astimezone(ZoneInfo(settings.TIME_ZONE)).date(),
        "back": MADE_UP_FOR,
        "organisation": settings.TIME_ZONE,
        "no_address": _("No e-mail address. What is left to do is in the inbox."),
        "address_fails": _("Mail to this address comes back. Correct it on the page of the person."),
    }


def _is_alone() -> bool:
    """Held until the transaction ends. Two at once would do no harm but wait for each other."""
    with connection.cursor() as cursor:
        cursor.execute(ALONE)
        return cursor.fetchone()[0]


def _run(sql: str, given: dict[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        return cursor.rowcount
