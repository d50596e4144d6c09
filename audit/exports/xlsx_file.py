"""The timeline as an Excel workbook, written to a temporary file a row at a time."""

import tempfile
from collections.abc import Iterator
from typing import Any

import xlsxwriter
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from audit.exports.columns import Column, columns, rows_sql
from audit.exports.snapshot import Snapshot
from audit.models import Entry

ROWS_PER_SHEET = 1_048_576  # Excel's own limit, the headings included
LARGEST_EXACT = 2**53  # Excel's numbers are binary floats
AT_ONCE = 2000  # rows
# Text stays text: nothing is taken for a formula or a link.
OPTIONS = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def write_xlsx(entries: QuerySet[Entry], snapshot: Snapshot, *, rows_per_sheet: int = ROWS_PER_SHEET) -> Any:
    """An open temporary file, at its beginning; it goes when it is closed."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the answer closes it
    with xlsxwriter.Workbook(file, OPTIONS) as book:
        sheet, line = None, rows_per_sheet
        for row in _rows(entries, snapshot):
            if line == rows_per_sheet:
                sheet, line = _sheet(book), 1
            _write(sheet, line, row)
            line += 1
        if sheet is None:
            _sheet(book)
    file.seek(0)
    return file


def _sheet(book: Any) -> Any:
    sheet = book.add_worksheet(_("Timeline") if not book.worksheets() else _("Timeline %d") % (len(book.worksheets()) + 1))
    sheet.freeze_panes(1, 0)
    heading = book.add_format({"bold": True})
    for number, column in enumerate(columns(guarded=False)):
        sheet.write_string(0, number, column.heading, heading)
    return sheet


def _rows(entries: QuerySet[Entry], snapshot: Snapshot) -> Iterator[list[tuple[Column, Any]]]:
    wanted = columns(guarded=False)
    sql, parameters = rows_sql(entries, wanted)
    snapshot.cursor.execute(f"DECLARE export NO SCROLL CURSOR FOR {sql}", parameters)
    while True:
        snapshot.cursor.execute(f"FETCH {AT_ONCE} FROM export")
        rows = snapshot.cursor.fetchall()
        if not rows:
            return
        yield from (list(zip(wanted, row, strict=True)) for row in rows)


def _write(sheet: Any, line: int, row: list[tuple[Column, Any]]) -> None:
    for number, (column, value) in enumerate(row):
        if value is None or value == "":
            continue
        if column.is_number and abs(value) < LARGEST_EXACT:
            sheet.write_number(line, number, value)
        else:
            sheet.write_string(line, number, str(value))
