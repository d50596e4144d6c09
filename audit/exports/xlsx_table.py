"""A table as an Excel workbook, written to a file a row at a time."""

import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from typing import IO, Any

import xlsxwriter
from django.utils.translation import gettext as _
from xlsxwriter.worksheet import Worksheet

from audit.exports.cells import Column
from audit.exports.csv_table import Tell
from audit.exports.snapshot import Snapshot
from audit.exports.tables import Table

ROWS_PER_SHEET = 1_048_576  # Excel's own limit, the headings included
LARGEST_EXACT = 2**53  # Excel's numbers are binary floats
LONGEST_CELL = 32_767  # Excel's own limit, in characters
AT_ONCE = 2000  # rows
# Text stays text: nothing is taken for a formula or a link.
OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "use_zip64": True,
}
LONGEST_NAME = 25  # of a sheet, so that a number fits too
NOT_IN_A_NAME = re.compile(r"[\[\]:*?/\\']")


class PlainSheet(Worksheet):
    """xlsxwriter takes text from “<r>” to “</r>” for its own markup and writes it as it is, whatever stands in between."""

    def _xml_rich_inline_string(self, string: str, attributes: Any = ()) -> None:
        self._xml_inline_string(string, preserve=False, attributes=attributes)


def workbook_of(table: Table, snapshot: Snapshot, *, rows_per_sheet: int = ROWS_PER_SHEET) -> Any:
    """An open temporary file, at its beginning; it goes when it is closed."""
    with ExitStack() as held:
        file = held.enter_context(tempfile.TemporaryFile())
        write_workbook(table, snapshot, file, rows_per_sheet=rows_per_sheet)
        held.pop_all()  # the answer closes it
    file.seek(0)
    return file


def write_workbook(table: Table, snapshot: Snapshot, file: IO[bytes], *, rows_per_sheet: int = ROWS_PER_SHEET, tell: Tell = bool) -> None:
    with tempfile.TemporaryDirectory() as folder:  # the sheets wait there until they are packed
        book = xlsxwriter.Workbook(file, OPTIONS | {"tmpdir": folder})
        with ExitStack() as broken_off:
            broken_off.callback(_abandon, book)
            _fill(book, table, snapshot, rows_per_sheet, tell)
            broken_off.pop_all()
        book.close()


def _abandon(book: Any) -> None:
    """What broke off is not worth packing."""
    for sheet in book.worksheets():
        sheet._opt_close()


def _fill(book: Any, table: Table, snapshot: Snapshot, rows_per_sheet: int, tell: Tell) -> None:
    sheet, line = None, rows_per_sheet
    for count, row in enumerate(_rows(table, snapshot), 1):
        if line == rows_per_sheet:
            sheet, line = _sheet(book, table), 1
        _write(sheet, line, row)
        line += 1
        if count % AT_ONCE == 0:
            tell(count)
    if sheet is None:
        _sheet(book, table)


def _sheet(book: Any, table: Table) -> Any:
    name, number = NOT_IN_A_NAME.sub(" ", table.title)[:LONGEST_NAME].strip(), len(book.worksheets()) + 1
    sheet = book.add_worksheet(name if number == 1 else f"{name} {number}", PlainSheet)
    sheet.freeze_panes(1, 0)
    heading = book.add_format({"bold": True})
    for place, column in enumerate(table.columns):
        sheet.write_string(0, place, column.heading, heading)
    return sheet


def _rows(table: Table, snapshot: Snapshot) -> Iterator[list[tuple[Column, Any]]]:
    snapshot.cursor.execute(f"DECLARE export NO SCROLL CURSOR FOR {table.sql}", table.parameters)
    while True:
        snapshot.cursor.execute(f"FETCH {AT_ONCE} FROM export")
        rows = snapshot.cursor.fetchall()
        if not rows:
            return
        yield from (list(zip(table.columns, row, strict=True)) for row in rows)


def _write(sheet: Any, line: int, row: list[tuple[Column, Any]]) -> None:
    for number, (column, value) in enumerate(row):
        if value is None or value == "":
            continue
        if column.is_number and abs(value) < LARGEST_EXACT:
            sheet.write_number(line, number, value)
        else:
            sheet.write_string(line, number, _fitting(str(value)))


def _fitting(text: str) -> str:
    """Excel would refuse the workbook, or cut the text without a word."""
    if len(text) <= LONGEST_CELL:
        return text
    end = _(" … (cut here: an Excel cell holds no more. The CSV file has all of it.)")
    return text[: LONGEST_CELL - len(end)] + end
