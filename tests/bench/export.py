"""The timeline's newest million entries as CSV, against a plain `COPY … TO` of the same rows, each with its person.

`.memory` is what this process grows by, in MB, while it passes the file on; limit 50.
"""

from collections.abc import Callable

from audit.exports.columns import columns, rows_sql
from audit.exports.csv_file import CsvFile
from audit.exports.selection import selected
from audit.exports.snapshot import Snapshot
from audit.timeline.criteria import Criteria
from tests.bench.report import Figure
from tests.bench.timing import bare_connection, forget_peak, in_turns, resident

ROWS = 1_000_000
MOST_MEMORY = 50


def benches(scale: str) -> dict[str, Callable[[], list[Figure]]]:
    return {"export.audit": _measure}


def _measure() -> list[Figure]:
    _export()
    before = resident()
    forget_peak()
    _export()
    grown = resident(peak=True) - before
    limit, value = in_turns(_copy, _export, rounds=3)
    return [Figure("export.audit", value, "s", limit, 1.5), Figure("export.audit.memory", grown, "MB", MOST_MEMORY, 1)]


def _export() -> None:
    for _chunk in CsvFile(selected(Criteria())[:ROWS], Snapshot()):
        pass


def _copy() -> None:
    sql, parameters = rows_sql(selected(Criteria())[:ROWS], columns(guarded=False))
    with bare_connection() as bare, bare.cursor() as cursor, cursor.copy(f"COPY ({sql}) TO STDOUT (FORMAT csv)", parameters) as copy:
        for _row in copy:
            pass
