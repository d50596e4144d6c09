"""The one way past the guards of the trail: a database role that nobody signs in with."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction

from audit.triggers.functions import MAINTENANCE_ROLE


@contextmanager
def maintenance() -> Iterator[None]:
    """A transaction in which what is written in the trail may be touched. What for: docs/operators.md.

    Raises:
        ImproperlyConfigured: the role is missing, or this sign-in is not a member of it.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT to_regrole(%s) IS NOT NULL AND pg_has_role(current_user, to_regrole(%s), 'SET')", [MAINTENANCE_ROLE] * 2)
        if not cursor.fetchone()[0]:
            msg = f"The database role {MAINTENANCE_ROLE} is missing or not granted to this sign-in. docs/operators.md says how to make it."
            raise ImproperlyConfigured(msg)
        cursor.execute(f"SET LOCAL ROLE {MAINTENANCE_ROLE}")
        yield
        cursor.execute("RESET ROLE")


def set_moment(moment: datetime | None) -> None:
    """Under `maintenance`: date what is recorded from now on to `moment`, for a made-up past."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('audit.moment', %s, true)", [moment.isoformat() if moment else ""])


def stop_recording() -> None:
    """Under `maintenance`: record nothing more; the caller writes the history rows itself."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('audit.recording', 'off', true)")
