"""The one clock that moments are decided by: the database's. Hosts differ, by hours when something is wrong."""

from datetime import date, datetime

from django.db import connection
from django.utils import timezone


def database_now() -> datetime:
    """The moment, aware, in UTC; it moves within a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def database_today() -> date:
    """The day that it is then in the organisation's zone."""
    return timezone.localdate(database_now(), timezone.get_default_timezone())
