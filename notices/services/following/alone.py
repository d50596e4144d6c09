"""What keeps following and publishing from passing each other.

Whoever follows a move forgets it, so no publication that did not see the change may be under way meanwhile: each would
count on the other. Publications, withdrawals and other changes of audience keys do not wait for each other.
"""

from django.db import connection

_LOCK = "hashtext('notices.following')"


def wait_for_followers() -> None:
    """Until this transaction ends, nobody follows moves."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock_shared({_LOCK})")


def alone() -> None:
    """Wait until nobody changes audience keys, and let nobody until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")


def alone_at_once() -> bool:
    """As `alone`, if that takes no waiting; False if it would."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_try_advisory_xact_lock({_LOCK})")
        return cursor.fetchone()[0]
