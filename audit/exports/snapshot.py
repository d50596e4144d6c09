"""One moment of the database, on a connection of its own: what is counted is what leaves, however long that takes."""

from types import TracebackType
from typing import Any, Self

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import QuerySet

from audit.exports.tables import Select, select_of

# The same bytes whoever asks, and rows in the order of the index: a nested loop keeps it, and remembers the people it met.
SETTINGS = (
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    "SET LOCAL TimeZone = 'UTC'",
    "SET LOCAL DateStyle = 'ISO'",
    "SET LOCAL client_encoding = 'UTF8'",
    "SET LOCAL statement_timeout = 0",
)


class Snapshot:
    def __init__(self) -> None:
        self._own = connections[DEFAULT_DB_ALIAS].copy()
        self.cursor: Any = self._own.cursor()
        for statement in SETTINGS:
            self.cursor.execute(statement)

    def count(self, rows: QuerySet) -> int:
        return self.count_of(select_of(rows.order_by().values("pk")))

    def count_of(self, select: Select) -> int:
        sql, parameters = select
        self.cursor.execute(f"SELECT count(*) FROM ({sql}) counted", parameters)
        return self.cursor.fetchone()[0]

    def close(self) -> None:
        """Also ends a COPY that nobody reads to its end."""
        self._own.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
