"""Run as a script of its own, with limits on memory and time: reads a workbook and prints its rows as JSON lines.

It knows nothing of the project, so it starts quickly and can give nothing away. The first line names the problem or the
sheet; each further one is `[number of the first row, rows]`; the last says which columns hold numbers.
"""

import datetime as dt
import json
import resource
import sys
import zipfile
from collections.abc import Iterable, Iterator
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetVisibleEnum

ROWS, CHARACTERS = 1_000, 256 * 1024  # in a line
PROLOGUE = 4_096
EXACT = 10**15  # a spreadsheet keeps fifteen digits


class Unreadable(Exception):  # noqa: N818 - it becomes a line of the answer
    """`facts` is what the parent is told."""

    def __init__(self, problem: str, **facts: Any) -> None:
        super().__init__(problem)
        self.facts = {"problem": problem} | facts


def main(path: str, wanted: str, limits: dict[str, int]) -> None:
    if _declares_entities(path):
        raise Unreadable("entities")
    try:
        sheet = _choose(CalamineWorkbook.from_path(path), wanted)
    except PasswordError as error:
        raise Unreadable("password") from error
    except CalamineError as error:
        raise Unreadable("damaged") from error
    _print(sheet, limits, hidden=_hides(path))


def _choose(workbook: CalamineWorkbook, wanted: str) -> CalamineSheet:
    if wanted and wanted not in workbook.sheet_names:
        raise Unreadable("no_such_sheet", sheets=workbook.sheet_names)
    sheets = [(meta, workbook.get_sheet_by_name(meta.name)) for meta in workbook.sheets_metadata if wanted in {"", meta.name}]
    filled = [(meta, sheet) for meta, sheet in sheets if any(map(any, sheet.iter_rows()))]
    if not filled:
        raise Unreadable("empty")
    if len(filled) > 1:
        hidden = [meta.name for meta, _sheet in filled if meta.visible != SheetVisibleEnum.Visible]
        raise Unreadable("sheets", sheets=[meta.name for meta, _sheet in filled], hidden=hidden)
    return filled[0][1]


def _say(message: Any) -> None:
    sys.stdout.write(json.dumps(message) + "\n")


def _print(sheet: CalamineSheet, limits: dict[str, int], *, hidden: bool) -> None:
    columns, cell = limits["columns"], limits["cell"]
    if sheet.width > columns and any(any(row[columns:]) for row in sheet.iter_rows()):
        raise Unreadable("columns")
    _say({"sheet": sheet.name, "hidden": hidden})
    numbers: set[int] = set()
    first, rows, size = 1, [], 0
    for number, row in enumerate(sheet.iter_rows(), start=1):
        numbers.update(index for index, value in enumerate(row[:columns]) if isinstance(value, float | int) and not isinstance(value, bool))
        # One character more than allowed, so that the reader sees that it is too long; and one that may be a guard.
        rows.append([as_text(value)[: cell + 2] for value in row[:columns]])
        length = sum(map(len, rows[-1]))
        if length > limits["record"]:
            raise Unreadable("row", line=number)
        size += length
        if len(rows) == ROWS or size > CHARACTERS:  # one text in all cells is small in the file, and large here
            _say([first, rows])
            first, rows, size = number + 1, [], 0
    _say([first, rows])
    _say({"numbers": sorted(numbers)})


def as_text(value: Any) -> str:
    """A value as a person sees it in the cell."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return str(int(value)) if value == int(value) and abs(value) < EXACT else repr(value).upper()
    if isinstance(value, dt.datetime):
        return value.isoformat(" ") if value.time() != dt.time.min else value.date().isoformat()
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return str(value)


def _entries(archive: zipfile.ZipFile) -> Iterable[zipfile.ZipInfo]:
    return (entry for entry in archive.infolist() if entry.filename.endswith((".xml", ".rels")))


def _declares_entities(path: str) -> bool:
    with zipfile.ZipFile(path) as archive:
        for entry in _entries(archive):
            with archive.open(entry) as file:
                start = file.read(PROLOGUE).replace(b"\0", b"")
            if b"<!DOCTYPE" in start or b"<!ENTITY" in start:
                return True
    return False


def _hides(path: str) -> bool:
    with zipfile.ZipFile(path) as archive:
        sheets = [entry for entry in _entries(archive) if entry.filename.startswith("xl/worksheets/")]
        return any(b' hidden="1"' in piece or b' hidden="true"' in piece for entry in sheets for piece in _pieces(archive, entry))


def _pieces(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(entry) as file:
        end = b""
        while piece := file.read(1024 * 1024):
            yield end + piece
            end = piece[-20:]


if __name__ == "__main__":
    order = json.loads(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (order["memory"], order["memory"]))
    resource.setrlimit(resource.RLIMIT_CPU, (order["seconds"], order["seconds"]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # it has nothing to write
    try:
        main(order["path"], order["sheet"], order)
    except Unreadable as error:
        _say(error.facts)
    except MemoryError:
        _say({"problem": "memory"})
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, RuntimeError):  # the last: a way of packing that zipfile cannot undo
        _say({"problem": "damaged"})
