"""Whole lists as CSV, against a plain `COPY … TO` of the same stored columns in the same order, unguarded and unwritten.

`.memory` is what this process grows by, in MB, while it passes the file on; limit 50. `.xlsx.memory` is the same for a workbook.
"""

import tempfile
from collections.abc import Callable
from functools import partial

from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import QueryDict

from audit.exports.csv_table import CsvTable
from audit.exports.lists import Asked, ExportedList, lists
from audit.exports.snapshot import Snapshot
from audit.exports.xlsx_table import write_workbook
from tests.bench.organisation import ADMIN
from tests.bench.report import Figure, MeasurementError
from tests.bench.timing import bare_connection, forget_peak, in_turns, resident

MOST_MEMORY = 50
LISTS = ("notices", "people", "places", "group_members")


def benches(scale: str) -> dict[str, Callable[[], list[Figure]]]:
    return {f"export.list.{name}": partial(_measure, name) for name in LISTS} | {"export.list.xlsx": _measure_workbook}


def _measure(name: str) -> list[Figure]:
    exported, rows = lists()[name], _rows(lists()[name])

    def value() -> int:
        table = exported.table(rows)
        return sum(chunk.count(b"\n") for chunk in CsvTable(table, Snapshot()))

    def limit() -> int:
        sql, parameters = exported.resource().select(rows)
        with bare_connection() as bare, bare.cursor() as cursor, cursor.copy(f"COPY ({sql}) TO STDOUT (FORMAT csv)", parameters) as copy:
            return sum(1 for _row in copy)

    written, plain = value() - 1, limit()
    if written < plain or not plain:  # a cell may hold line breaks
        raise MeasurementError(f"the file has {written} rows, the database {plain}")
    before = resident()
    forget_peak()
    value()
    grown = resident(peak=True) - before
    floor, seconds = in_turns(limit, value, rounds=5)
    full = f"export.list.{name}"
    return [Figure(full, seconds, "s", floor, 1.5), Figure(f"{full}.memory", grown, "MB", MOST_MEMORY, 1)]


def _measure_workbook() -> list[Figure]:
    exported = lists()["people"]
    rows = _rows(exported)

    def write() -> None:
        with Snapshot() as snapshot, tempfile.TemporaryFile() as file:
            write_workbook(exported.table(rows), snapshot, file)

    write()
    before = resident()
    forget_peak()
    write()
    return [Figure("export.list.xlsx.memory", resident(peak=True) - before, "MB", MOST_MEMORY, 1)]


def _rows(exported: ExportedList) -> QuerySet:
    return exported.rows(Asked(get_user_model().objects.get(username=ADMIN), QueryDict()))
