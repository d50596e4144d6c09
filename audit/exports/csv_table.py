"""A table as CSV: PostgreSQL's COPY, passed on as it comes."""

import csv
import io
from collections.abc import Callable, Iterator

import psycopg
from django.utils.translation import gettext as _

from audit.exports.snapshot import Snapshot
from audit.exports.tables import Table

CHUNK = 64 * 1024  # bytes; PostgreSQL sends row by row
BYTE_ORDER_MARK = "\ufeff".encode()  # Excel takes a file without one for an old code page

type Tell = Callable[[int], object]  # how many rows are written; called once in a while


class CsvTable:
    """Read once. `close` lets go of the database, also when the reader has gone away."""

    def __init__(self, table: Table, snapshot: Snapshot, *, tell: Tell = bool) -> None:
        self._table, self._snapshot, self._tell = table, snapshot, tell

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield BYTE_ORDER_MARK + _line(*(column.heading for column in self._table.columns))
            yield from self._rows()
        except psycopg.Error:
            # The connection breaks off too, but a proxy or a browser may take what came for the whole.
            yield b"\r\n" + _line(_("INCOMPLETE: the database failed while this file was written. Export it again."))
            raise
        finally:
            self.close()

    def close(self) -> None:
        self._snapshot.close()

    def _rows(self) -> Iterator[bytes]:
        waiting, count = bytearray(), 0
        with self._snapshot.cursor.copy(f"COPY ({self._table.sql}) TO STDOUT (FORMAT csv)", self._table.parameters) as rows:
            for row in rows:
                waiting += row
                count += 1
                if len(waiting) >= CHUNK:
                    self._tell(count)
                    yield bytes(waiting)
                    waiting.clear()
        yield bytes(waiting)


def _line(*cells: str) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode()
