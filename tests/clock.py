"""Time that passes in tests: for this process as a whole (`travel`), or for what lies ahead in the database's tables (`pass_time`)."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import time_machine
from django.db import connection
from django.utils import timezone

from backoffice import clock

MOMENTS = {
    "notices_delivery": ("next_attempt_at",),
    "notices_approvalmail": ("next_attempt_at",),
    "notices_remindermail": ("next_attempt_at", "leave_by"),
    "notices_claim": ("lease_until",),  # when it was claimed stays: the server did not start since
    "notices_mailserver": ("next_try_at", "counted_at", "away_since"),
    "notices": ("publish_at",),
}


def pass_time(by: timedelta) -> None:
    with connection.cursor() as cursor:
        for table, columns in MOMENTS.items():
            moved = ", ".join(f"{column} = {column} - %(by)s" for column in columns)
            cursor.execute(f"UPDATE {table} SET {moved}", {"by": by})


@contextmanager
def travel(moment: datetime | str, *, tick: bool = True) -> Iterator[Any]:
    """It is `moment` for this host and by the database's clock as this process counts it. SQL alone knows better.

    `time_machine.travel` without this makes the host's clock wrong, which must decide nothing.
    """
    began = clock.now()
    with time_machine.travel(moment, tick=tick) as traveller, patch.multiple(clock, _began=began, _counted=lambda: timezone.now() - began):
        yield traveller
