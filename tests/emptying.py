"""Emptying the database after a test that commits: what the test left goes, what `migrate` puts there stays.

Django truncates every table, whatever was written, and makes content types, permissions and roles anew. That
takes half a second after each such test; to look for what is there and delete it takes a tenth of that.
"""

from collections.abc import Callable
from typing import Any

from django.db import connection, transaction
from django.test import TransactionTestCase

LARGE = 1 << 20  # bytes; a table that grew so far is made small again
# Changes with every trigger and function that comes, goes or is altered.
SHAPE = r"""
    SELECT (SELECT md5(string_agg(concat(oid, tgenabled), ' ' ORDER BY oid)) FROM pg_trigger WHERE NOT tgisinternal),
           (SELECT md5(string_agg(concat(oid, prosrc), ' ' ORDER BY oid)) FROM pg_proc WHERE proname LIKE 'audit\_%'),
           (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
"""


# What a session may be left with beyond its tables: given back, and settings that are not those of a new one.
LET_GO = "SELECT pg_advisory_unlock_all(); UNLISTEN *; DISCARD TEMP"
SETTINGS = "SELECT string_agg(concat(name, '=', setting), ' ' ORDER BY name) FROM pg_settings WHERE source = 'session' AND setting <> ''"


class Emptied:
    """The database as Django leaves it, seen once; then each time only what differs from that."""

    def __init__(self, flush: Callable[[Any], None]) -> None:
        self.flush = flush  # Django's own way
        self.shape: tuple[Any, ...] = ()
        self.kept: dict[str, bytes] = {}  # the rows of each table that is not empty then
        self.settings: tuple[Any, ...] = ()  # of a session that is as good as new

    def teardown(self, case: TransactionTestCase) -> None:
        with connection.cursor() as cursor:
            shape = one(cursor, SHAPE)
        if shape == self.shape:
            self._restore()
        else:
            self.flush(case)  # puts altered triggers back too
            self._remember()

    def is_spent(self) -> bool:
        """Whether the next test needs a new connection. One that stays knows the tables and triggers already."""
        with connection.cursor() as cursor:
            cursor.execute(LET_GO)
            return one(cursor, SETTINGS) != self.settings

    def _remember(self) -> None:
        connection.close()
        with connection.cursor() as cursor:
            self.kept = {table: rows_of(cursor, table) for table in filled(cursor, tables())}
            shape = one(cursor, SHAPE)
            is_superuser = shape[-1]
            self.shape = shape if is_superuser else ()  # nobody else may pass by the triggers
            self.settings = one(cursor, SETTINGS)

    def _restore(self) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")  # no trigger, no foreign key
            written = filled(cursor, [table for table in tables() if table not in self.kept])
            for table in written:
                cursor.execute(f'DELETE FROM "{table}"')
            for table, rows in self.kept.items():
                if rows_of(cursor, table) != rows:
                    cursor.execute(f'DELETE FROM "{table}"')
                    with cursor.copy(f'COPY "{table}" FROM STDIN') as copy:
                        copy.write(rows)
                    written.append(table)
        with connection.cursor() as cursor:
            for table in large(cursor, written):
                cursor.execute(f'VACUUM "{table}"')


def tables() -> list[str]:
    return connection.introspection.django_table_names(only_existing=False, include_views=False)


def filled(cursor: Any, names: list[str]) -> list[str]:
    cursor.execute(" UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM \"{name}\")" for name in names))
    return [name for (name,) in cursor.fetchall()]


def large(cursor: Any, names: list[str]) -> list[str]:
    cursor.execute("SELECT name FROM unnest(%s::text[]) name WHERE pg_relation_size(quote_ident(name)) > %s", [names, LARGE])
    return [name for (name,) in cursor.fetchall()]


def rows_of(cursor: Any, table: str) -> bytes:
    with cursor.copy(f'COPY "{table}" TO STDOUT') as copy:
        return b"".join(map(bytes, copy))


def one(cursor: Any, sql: str) -> tuple[Any, ...]:
    cursor.execute(sql)
    return cursor.fetchone()
