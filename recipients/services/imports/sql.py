"""Statements by hand, for what is done to many rows at once."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import QuerySet

type Parameters = Sequence[Any] | Mapping[str, Any] | None


def execute(sql: str, parameters: Parameters = None) -> int:
    """Returns how many rows it changed."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.rowcount


def fetch(sql: str, parameters: Parameters = None) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def sub(rows: QuerySet) -> tuple[str, Sequence[Any]]:
    """A queryset as a subquery: what the policy lets somebody see, as a part of a larger statement."""
    return rows.order_by().query.get_compiler(DEFAULT_DB_ALIAS, elide_empty=False).as_sql()  # also one that finds nothing


MANY = 10_000  # rows; what autovacuum would notice only later is told to the planner at once


def analyse(table: str, changed: int, *, many: int = MANY) -> None:
    """After `changed` rows of it were written in this transaction or the last."""
    if changed >= many:
        execute(f"ANALYZE {table}")


def forget_plans() -> None:
    """Before many rows are changed at once.

    The triggers that write the history hold what rows were against what they are, in the way that was best for the first
    statement of this connection. If that changed a single row, each of many rows would be held against each.
    """
    execute("DISCARD PLANS")


@contextmanager
def walking_through(rows: int) -> Iterator[None]:
    """Many rows are compared with a table in one walk through it: looking each of them up takes three times as long."""
    if rows < MANY:
        yield
        return
    execute("SET LOCAL enable_nestloop = off")
    yield
    execute("SET LOCAL enable_nestloop = on")
