"""Any text comes out of a file as it is stored, but for the apostrophe that keeps it from being a formula."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from audit.exports.cells import DANGEROUS, Column, guard, guarded
from audit.exports.csv_table import CsvTable
from audit.exports.snapshot import Snapshot
from audit.exports.tables import Table
from audit.exports.xlsx_table import LONGEST_CELL, workbook_of

pytestmark = pytest.mark.django_db(transaction=True)

# PostgreSQL stores no NUL; half a surrogate pair is no text.
TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"))
# What XML and spreadsheets have a meaning of their own for, more often than chance would have it.
PIECES = st.sampled_from(
    [
        *DANGEROUS,
        "'",
        "''",
        "<r>",
        "</r>",
        "<t>",
        "</t></is></c>",
        "_x0041_",
        "_x005F_",
        "&amp;",
        '"',
        ",",
        ";",
        "\\N",
        "\\.",
        " ",
        "0",
        "1E5",
        "é",
    ]
)
HOSTILE = st.lists(PIECES, min_size=1, max_size=6).map("".join)
COLUMNS = st.lists(st.tuples(TEXTS | HOSTILE, TEXTS | HOSTILE), min_size=1, max_size=5)


def table(rows) -> Table:
    sql = f"SELECT {guarded('r.a')}, {guarded('r.b')} FROM unnest(%s::text[], %s::text[]) r(a, b)"
    first, second = ([row[place] for row in rows] for place in (0, 1))
    return Table("Any", (Column("First", ""), Column("Second", "")), sql, (first, second))


def as_csv(rows) -> list[list[str]]:
    content = b"".join(CsvTable(table(rows), Snapshot())).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(content, newline="")))


def as_sheet(rows) -> list[list]:
    with Snapshot() as snapshot, workbook_of(table(rows), snapshot) as file:
        return CalamineWorkbook.from_filelike(file).get_sheet_by_index(0).to_python()


@settings(deadline=None, max_examples=150)
@given(COLUMNS)
def test_what_is_read_from_a_csv_file_is_what_is_stored_but_for_the_guard(rows):
    assert as_csv(rows)[1:] == [[guard(cell) for cell in row] for row in rows]


@settings(deadline=None, max_examples=150)
@given(COLUMNS)
def test_what_is_read_from_a_workbook_is_what_is_stored_but_for_the_guard(rows):
    framed = [*rows, ("the last", "of all")]  # empty cells at the edge would not be read back
    assert as_sheet(framed)[1:] == [[guard(cell) for cell in row] for row in framed]


@given(TEXTS | HOSTILE)
def test_a_guarded_cell_is_no_formula_and_one_apostrophe_less_is_the_text(text):
    cell = guard(text)
    assert not cell or cell[0] not in DANGEROUS
    assert cell in {text, f"'{text}"}
    bare = cell[1:] if cell.startswith("'") and cell.lstrip("'")[:1] and cell.lstrip("'")[0] in DANGEROUS else cell
    assert bare == text


@pytest.mark.parametrize("character", DANGEROUS)
@pytest.mark.parametrize("before", ["", "'", "''"])
def test_sql_guards_like_python(character, before):
    text = f"{before}{character}1+1"
    assert as_csv([(text, f" {text}")])[1] == [guard(text), f" {text}"]
    assert guard(text) == f"'{text}"


def test_text_that_looks_like_the_markup_of_a_workbook_stays_text():
    injected = '<r><t>x</t></r></is></c><c r="B9"><f>HYPERLINK("http://evil.example")</f></c><c r="C9" t="inlineStr"><is><r><t>y</t></r>'
    assert as_sheet([(injected, "<r></r>")])[1] == [injected, "<r></r>"]


def test_a_cell_too_long_for_excel_says_that_it_is_cut():
    fits, long = "x" * LONGEST_CELL, "y" * (LONGEST_CELL + 1)
    [first, second] = as_sheet([(fits, long)])[1]
    assert first == fits
    assert len(second) == LONGEST_CELL
    assert "cut here" in second
    assert as_csv([(fits, long)])[1] == [fits, long]
