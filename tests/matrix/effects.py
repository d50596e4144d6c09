"""What a request did to the database, found without trusting the code that did it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from tests.test_conventions import CHANGED_BY_ANY_REQUEST, checksum, tables_watched

# Which tables were written to in this transaction, also in parts of it that were taken back: what `pg_stat_xact_user_tables` says,
# which counts the scans of every index first.
WRITTEN = """
    SELECT relname FROM pg_class
    WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace AND relname <> ALL(%s)
    AND pg_stat_get_xact_tuples_inserted(oid) + pg_stat_get_xact_tuples_updated(oid) + pg_stat_get_xact_tuples_deleted(oid) > 0
"""


class Effects:
    """Compares the tables with how they were at the start; all that is tried is taken back."""

    def __init__(self) -> None:
        self.before = {table: checksum(table) for table in tables_watched()}

    @contextmanager
    def watch(self) -> Iterator[set[str]]:
        """The names of the tables that the block changed, once it has ended."""
        tables: set[str] = set()
        with transaction.atomic():
            yield tables
            tables |= {table for table in _written() if checksum(table) != self.before[table]}
            transaction.set_rollback(True)


def _written() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(WRITTEN, [sorted(CHANGED_BY_ANY_REQUEST)])
        return [table for (table,) in cursor.fetchall()]
