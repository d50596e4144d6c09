"""The timeline as CSV: PostgreSQL's COPY, passed on as it comes."""

import csv
import io
from collections.abc import Iterator

import psycopg
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from audit.exports.columns import columns, rows_sql
from audit.exports.snapshot import Snapshot
from audit.models import Entry

CHUNK = 64 * 1024  # bytes; PostgreSQL sends row by row
BYTE_ORDER_MARK = "\ufeff".encode()  # Excel takes a file without one for an old code page


class CsvFile:
    """Read once. `close` lets go of the database, also when the reader has gone away."""

    def __init__(self, entries: QuerySet[Entry], snapshot: Snapshot) -> None:
        self._entries, self._snapshot = entries, snapshot

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield BYTE_ORDER_MARK + _line(*(column.heading for column in columns(guarded=True)))
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
        sql, parameters = rows_sql(self._entries, columns(guarded=True))
        waiting = bytearray()
        with self._snapshot.cursor.copy(f"COPY ({sql}) TO STDOUT (FORMAT csv)", parameters) as rows:
            for row in rows:
                waiting += row
                if len(waiting) >= CHUNK:
                    yield bytes(waiting)
                    waiting.clear()
        yield bytes(waiting)


def _line(*cells: str) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode()
