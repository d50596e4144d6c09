"""The one clock that moments and days are decided by: the database's. Hosts differ, by hours when something is wrong.

Asking it each time would cost a statement each time. So each new connection asks once (`set_by`), and from then on the
time that has passed is counted. What counts it is not the host's clock, which people and time servers set. Connections
are renewed after `CONN_MAX_AGE`, so what counting and the network lose stays below what can be seen.
"""

import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

# Counts on while the machine sleeps, where there is such a counter.
_COUNTER: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
_began: datetime | None = None  # when the counter stood at 0, by the database's clock


def now() -> datetime:
    """The moment at the database, aware, in UTC. It moves within a transaction."""
    return (_began or set_by(connection)) + _counted()


def today() -> date:
    """The day that it is then in the organisation's zone."""
    return timezone.localdate(now(), timezone.get_default_timezone())


def set_by(connection: Any, **_: Any) -> datetime:
    """Ask the database what time it is, as each new connection does. Returns when the counter stood at 0."""
    global _began  # noqa: PLW0603 - one clock for a process, whatever thread or connection asked last
    before = _counted()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        [moment] = cursor.fetchone()
    _began = moment.astimezone(UTC) - (before + _counted()) / 2
    return _began


def _counted() -> timedelta:
    return timedelta(seconds=time.clock_gettime(_COUNTER))
