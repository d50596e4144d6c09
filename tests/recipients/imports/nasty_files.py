"""The files of `fixtures/nasty/outcomes.csv` that are too large or not text: made when asked for."""

import datetime as dt
import gzip
import io
import os
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter

HEADER = ["Group code", "Group name", "E-mail"]
ANN, BOB = ["G1", "Night shift", "ann@example.org"], ["G1", "Night shift", "bob@example.org"]
PLAIN = "Group code,Group name,E-mail\nG1,Night shift,ann@example.org\n"

MAKERS: dict[str, Callable[[Path], object]] = {}


def made(name: str) -> Callable[[Callable[[Path], object]], Callable[[Path], object]]:
    def register(maker: Callable[[Path], object]) -> Callable[[Path], object]:
        MAKERS[name] = maker
        return maker

    return register


def workbook(
    path: Path, *sheets: Sequence[Sequence[Any]], names: Sequence[str] = (), dress: Callable[[Any, Any], object] | None = None
) -> None:
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        for index, rows in enumerate(sheets):
            sheet = book.add_worksheet(names[index] if names else None)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
            if dress:
                dress(book, sheet)


def with_entry(path: Path, name: str, content: bytes) -> None:
    """A workbook in which one entry is replaced."""
    inside = io.BytesIO()
    workbook(inside, [HEADER, ANN])  # type: ignore[arg-type]
    with zipfile.ZipFile(inside) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            target.writestr(entry, content if entry.filename == name else source.read(entry))


MAKERS |= {
    "gzip.csv": lambda path: path.write_bytes(gzip.compress(PLAIN.encode())),
    "picture.csv": lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(64)),
    "old_excel.csv": lambda path: path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)),
    "program.csv": lambda path: path.write_bytes(b"MZ\x90\0\3" + bytes(128)),
    "workbook.csv": lambda path: workbook(path, [HEADER, ANN, BOB]),
    "workbook.xlsx": lambda path: workbook(path, [HEADER, ANN, BOB], []),
    "workbook_bad_email.xlsx": lambda path: workbook(path, [HEADER, ANN, [], BOB, ["G1", "Night shift", "carol"]]),
    "workbook_numbers.xlsx": lambda path: workbook(path, [["Group code", "Employee number"], ["G1", 123.0], ["G1", 7]]),
    "workbook_large_number.xlsx": lambda path: workbook(path, [["Group code", "Employee number"], ["G1", 12345678901234567890]]),
    "workbook_empty.xlsx": lambda path: workbook(path, []),
    "workbook_title_rows.xlsx": lambda path: workbook(path, [["Night crew"], [], HEADER, ANN]),
    "workbook_wide.xlsx": lambda path: workbook(path, [HEADER + [f"Column {n}" for n in range(100)], ANN]),
    "workbook_long_row.xlsx": lambda path: workbook(path, [[*HEADER, *"abcdefghijklmnopqr"], ANN, ["x" * 4_000] * 20]),
    "workbook_damaged.xlsx": lambda path: with_entry(path, "xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row><c"),
    "workbook_zip_bomb.xlsx": lambda path: with_entry(path, "xl/sharedStrings.xml", b"<sst><si><t>" + b"a" * 30_000_000),
    "many_columns.csv": lambda path: path.write_text(",".join(f"c{n}" for n in range(100_000)) + "\n"),
    "wide_row.csv": lambda path: path.write_text(PLAIN + "," * 1_000_000 + "\n"),
    "huge_cell.csv": lambda path: path.write_text(f"Group code,Group name,E-mail\nG1,{'x' * 50_000_000},ann@example.org\n"),
    "huge_quoted_cell.csv": lambda path: path.write_text(f'Group code,Group name,E-mail\nG1,"{"x, " * 20_000_000}",ann@example.org\n'),
    "cell_over_csv_limit.csv": lambda path: path.write_text(f"Group code,Group name,E-mail\nG1,{'x' * 131_073},ann@example.org\n"),
    "long_cell.csv": lambda path: path.write_text(f"Group code,Group name,E-mail\nG1,{'x' * 201},ann@example.org\n"),
}


@made("zip.csv")
def _zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("members.csv", PLAIN)


@made("tar.csv")
def _tar(path: Path) -> None:
    with tarfile.open(path, "w") as archive:
        archive.add(__file__, "members.csv")


@made("word_document.xlsx")
def _word(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<document/>")


@made("workbook_many_entries.xlsx")
def _many_entries(path: Path) -> None:
    workbook(path, [HEADER, ANN])
    with zipfile.ZipFile(path, "a") as archive:
        for number in range(1_001):
            archive.writestr(f"xl/media/{number}.txt", "")


@made("workbook_formulas.xlsx")
def _formulas(path: Path) -> None:
    def dress(book, sheet):
        sheet.write_formula(1, 2, '=LOWER("ANN@EXAMPLE.ORG")', None, "ann@example.org")

    workbook(path, [HEADER, ["G1", "Night shift"]], dress=dress)


@made("workbook_merged_cells.xlsx")
def _merged(path: Path) -> None:
    workbook(path, [HEADER, ANN, ["", "", "bob@example.org"]], dress=lambda book, sheet: sheet.merge_range(1, 0, 2, 0, "G1"))


@made("workbook_hidden_rows.xlsx")
def _hidden_rows(path: Path) -> None:
    workbook(path, [HEADER, ANN, BOB], dress=lambda book, sheet: sheet.set_row(2, None, None, {"hidden": True}))


@made("workbook_two_sheets.xlsx")
@made("workbook_two_sheets_chosen.xlsx")
@made("workbook_no_such_sheet.xlsx")
def _two_sheets(path: Path) -> None:
    def dress(book, sheet):
        if sheet.name == "June":
            sheet.hide()

    workbook(path, [HEADER, ANN], [HEADER, ANN, BOB], names=["May", "June"], dress=dress)


@made("workbook_sparse_bomb.xlsx")
def _sparse(path: Path) -> None:
    workbook(path, [HEADER, ANN], dress=lambda book, sheet: sheet.write(1_048_575, 16_383, "x"))


@made("workbook_entity_bomb.xlsx")
def _entities(path: Path) -> None:
    lines = "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(9))
    content = f'<?xml version="1.0"?><!DOCTYPE sst [<!ENTITY a0 "ha">{lines}]><sst><si><t>&a9;</t></si></sst>'
    with_entry(path, "xl/sharedStrings.xml", content.encode())


@made("too_large.csv")
def _too_large(path: Path) -> None:
    path.write_text(PLAIN)
    os.truncate(path, 101 * 1024 * 1024)


@made("too_many_rows.csv")
def _too_many_rows(path: Path) -> None:
    with path.open("w") as file:
        file.write("Group code,Recipient code\n")
        for start in range(0, 1_001_000, 1_000):
            file.write("".join(f"G1,D{number}\n" for number in range(start, start + 1_000)))


moment = dt.datetime.fromisoformat  # without a zone: a workbook knows none
PEOPLE_HEADER = ["Employee number", "Recipient code", "From", "Until", "Active"]


def _people_workbook(path: Path, *starts: Any, look: str = "dd.mm.yyyy") -> None:
    """A row for each; days and times are such cells, and look as people in Germany want them."""

    def dress(book, sheet):
        shown = book.add_format({"num_format": look})
        for number, start in enumerate(starts, start=1):
            if isinstance(start, dt.datetime):
                sheet.write_datetime(number, 2, start, shown)
            else:
                sheet.write(number, 2, start)

    workbook(path, [PEOPLE_HEADER, *(["00042", f"D{number}", None, None, True] for number in range(len(starts)))], dress=dress)


@made("people_workbook_dates.xlsx")
def _dates(path: Path) -> None:
    _people_workbook(path, moment("2026-11-30"), "2028-02-29")


@made("people_workbook_time.xlsx")
def _times(path: Path) -> None:
    _people_workbook(path, moment("2026-11-30"), moment("2026-11-30 08:15"))


@made("people_workbook_serial.xlsx")
def _serial(path: Path) -> None:
    _people_workbook(path, 46356)


@made("groups_workbook_long_guarded.xlsx")
def _long_guarded(path: Path) -> None:
    workbook(path, [["Group code", "Group name", "Description"], ["G1", "Nights", "'=" + "x" * 4_000]])
