"""The one clock that moments are decided by: the database's. Hosts differ, by hours when something is wrong."""

from datetime import datetime

from django.db import connection


def database_now() -> datetime:
    """The moment, aware, in UTC; it moves within a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]
