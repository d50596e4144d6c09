"""Whatever the dialect, the rows come out as they were written; and nothing is read wrongly in silence."""

import csv
import io
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

from audit.exports.columns import guard
from recipients.imports.columns import Column, ColumnSet
from recipients.imports.delimited import batches
from recipients.imports.limits import Limits
from recipients.imports.memberships import COLUMNS, check_memberships
from recipients.imports.problems import StructureProblem
from recipients.imports.tables import open_table
from tests.recipients.imports.nasty_files import HEADER, workbook

THREE = ColumnSet((Column("alpha", "Alpha", required=True), Column("beta", "Beta", required=True), Column("gamma", "Gamma", required=True)))
TITLES = ["Alpha", "Beta", "Gamma"]

# Of a cell, anything but NUL and a byte order mark, which are the file's own problems.
CELL = st.text(st.characters(exclude_characters="\0\ufeff", exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ['"', '""', "a\nb", "a\r\nb", "\r", ",", ";", "\t", "|", " x ", "sep=;", "\u2028", "'", "\\", '\\"']
)
ROWS = st.lists(st.lists(CELL, min_size=3, max_size=3).filter(any), min_size=1, max_size=8)
light = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def written(rows, *, delimiter=",", newline="\n", quoting=csv.QUOTE_MINIMAL) -> str:
    text = io.StringIO(newline="")
    guarded = [[guard(cell) for cell in row] for row in rows]  # as our exports are
    csv.writer(text, delimiter=delimiter, lineterminator=newline, quoting=quoting).writerows([TITLES, *guarded])
    return text.getvalue()


def read(path: Path, known=THREE, **options) -> list[list[str]]:
    table = open_table(path, known, **options)
    rows = []
    for batch in table.batches():
        assert not batch.problems
        assert len(batch.lines) == len(batch.rows)
        rows += batch.rows
    return rows


@light
@given(
    rows=ROWS,
    delimiter=st.sampled_from(",;\t|"),
    newline=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    piece=st.sampled_from([3, 64, 65_536]),
)
def test_rows_come_out_as_they_were_written(tmp_path, rows, delimiter, newline, encoding, quoting, piece):
    path = tmp_path / "written.csv"
    path.write_bytes(written(rows, delimiter=delimiter, newline=newline, quoting=quoting).encode(encoding))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recipients.imports.decoding.PIECE", piece)  # so that rows, marks and line ends are cut anywhere
        # The header must be there at once, to choose by; the rows need not.
        assert read_with_pieces(path, patch, piece) == rows


def read_with_pieces(path, patch, piece):
    patch.setattr("recipients.imports.decoding.PIECE", 65_536)
    table = open_table(path, THREE)
    patch.setattr("recipients.imports.decoding.PIECE", piece)
    return [row for batch in table.batches() for row in batch.rows]


@light
@given(rows=ROWS, newline=st.sampled_from(["\n", "\r\n", "\r"]))
def test_lines_are_the_files_own(tmp_path, rows, newline):
    path = tmp_path / "written.csv"
    text = written(rows, newline=newline)
    path.write_bytes(text.encode())
    lines = [line for batch in open_table(path, THREE).batches() for line in batch.lines]

    # Of each row, all that stands before it, counted the slow way.
    before = [written(rows[:index], newline=newline) for index in range(len(rows))]
    assert lines == [start.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1 for start in before]


@settings(light, max_examples=300)
@given(data=st.data(), quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
def test_one_changed_byte_is_seen(tmp_path, data, quoting):
    """Either the file is refused, or the cells differ in that one place, and no row is lost or made."""
    rows = [["G-1", "Zoë, late", "x y"], ["G-2", "two\nlines", "b"], ["G-3", 'a "c"', "d"], ["G-4", "plain", "e"]]
    whole = bytearray(written(rows, quoting=quoting).encode())
    at = data.draw(st.integers(0, len(whole) - 1))
    was_there = whole[at]
    whole[at] = data.draw(
        st.integers(0, 255).filter(lambda byte: byte != whole[at]) | st.sampled_from(b'",\n\r;\t\0 ').filter(lambda b: b != whole[at])
    )
    path = tmp_path / "changed.csv"
    path.write_bytes(whole)

    try:
        table = open_table(path, THREE)
        batches = list(table.batches())
    except StructureProblem as problem:
        event(f"refused: {problem.code}")
        return
    seen = [row for batch in batches for row in batch.rows]
    if any(batch.problems for batch in batches):
        return
    assert len(seen) == len(rows)
    differing = [
        (mine, theirs) for was, now in zip(rows, seen, strict=True) for mine, theirs in zip(was, now, strict=True) if mine != theirs
    ]
    assert len(differing) <= 1
    # Where nothing differs, the byte belonged to no cell: a line end of another kind, a letter of a title in the other case.
    assert differing or was_there in b"\r\n" or whole[at] in b"\r\n" or at < len(",".join(TITLES)) + 7


@settings(light, max_examples=400)
@example(text='\r""\na,a \n', cuts=[])
@given(text=st.text('",\n\ra ', max_size=24) | st.text('"",,,\n\nab', max_size=24), cuts=st.lists(st.integers(1, 23), max_size=3))
def test_what_is_accepted_reads_as_csv_reads_it(text, cuts):
    """However the text is cut in pieces. What `csv` would take for something else than it is, is refused."""
    edges = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    pieces = [text[start:end] for start, end in pairwise(edges)]
    try:
        ours = [(row, line) for batch in batches(pieces, ",", Limits()) for row, line in zip(batch.rows, batch.lines, strict=True)]
    except StructureProblem as problem:
        event(f"refused: {problem.code}")
        return

    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    theirs, line = [], 1
    for row in reader:
        theirs.append((row, line))
        line = reader.line_num + 1
    assert [(row, line) for row, line in ours if any(row)] == [(row, line) for row, line in theirs if any(row)]


def test_a_file_may_be_read_again(tmp_path):
    path = tmp_path / "twice.csv"
    path.write_text(written([["a", "b", "c"]]))
    table = open_table(path, THREE)

    assert [b.rows for b in table.batches()] == [b.rows for b in table.batches()] == [[["a", "b", "c"]]]


def test_columns_are_mapped_by_hand(tmp_path):
    path = tmp_path / "mapped.csv"
    path.write_text("Crew,Mail,Group naam\nG1,ann@example.org,x\n")
    table = open_table(path, COLUMNS, mapping={"crew": "group", "Group naam": ""})

    assert table.header.positions == {"group": 0, "email": 1}
    assert check_memberships(table).is_clean


def test_a_mapping_must_fit_the_file(tmp_path):
    path = tmp_path / "mapped.csv"
    path.write_text("Crew,Mail\nG1,ann@example.org\n")

    with pytest.raises(StructureProblem, match="“Team” to “group” does not fit"):
        open_table(path, COLUMNS, mapping={"Team": "group"})
    with pytest.raises(StructureProblem, match="“Crew” to “is_staff” does not fit"):
        open_table(path, COLUMNS, mapping={"Crew": "is_staff"})


def test_what_is_not_unicode_is_shown_before_it_is_read(tmp_path):
    path = tmp_path / "windows.csv"
    path.write_bytes("Group code,Group name,E-mail\nG1,Café “Zoë”,zoe@example.org\n".encode("cp1252"))

    with pytest.raises(StructureProblem) as problem:
        open_table(path, COLUMNS)

    assert problem.value.sample == ("G1,Café “Zoë”,zoe@example.org",)
    assert problem.value.suggestion == "cp1252"
    assert read(path, COLUMNS, encoding="cp1252") == [["G1", "Café “Zoë”", "zoe@example.org"]]


@pytest.mark.parametrize("name", ["large.csv", "large.xlsx"])
def test_an_oversized_file_is_refused_at_once(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"PK\x03\x04" if name.endswith("xlsx") else b"Group code,E-mail\n")
    with path.open("r+b") as file:
        file.truncate(20 * 1024**3)  # sparse: takes no room
    start = time.monotonic()

    with pytest.raises(StructureProblem, match="larger than 100 MB"):
        open_table(path, COLUMNS)
    assert time.monotonic() - start < 0.5


def test_limits_hold_exactly(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text(written([["a", "b", "c"]] * 5))

    assert len(read(path, limits=Limits(rows=5))) == 5
    with pytest.raises(StructureProblem, match="more than 4 rows"):
        read(path, limits=Limits(rows=4))


def test_a_workbook_keeps_its_row_numbers_and_values(tmp_path):
    path = tmp_path / "typed.xlsx"
    workbook(path, [[], HEADER, [], ["G1", "", "ann@example.org"], [123.0, 0.5, True], ["00042", "two\nlines", "x"]])
    batches = list(open_table(path, COLUMNS).batches())

    assert [line for batch in batches for line in batch.lines] == [4, 5, 6]
    assert [row for batch in batches for row in batch.rows] == [
        ["G1", "", "ann@example.org"],
        ["123", "0.5", "TRUE"],
        ["00042", "two\nlines", "x"],
    ]


def test_memory_stays_flat(tmp_path):
    """Ten times the rows, and the process is no larger than a set of hashes makes it."""
    path = tmp_path / "long.csv"
    with path.open("w") as file:
        file.write("Group code,E-mail\n")
        file.writelines(f"G{number % 500},person.{number}@example.org\n" for number in range(300_000))
    script = (
        "import resource, sys; from pathlib import Path; from django.conf import settings; settings.configure(USE_I18N=False)\n"
        "from recipients.imports.tables import open_table; from recipients.imports.memberships import COLUMNS, check_memberships\n"
        "size = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024\n"
        "table = open_table(Path(sys.argv[1]), COLUMNS); before = size()\n"
        "rows = sum(len(batch.rows) for batch in table.batches()); reading = size() - before\n"
        "assert check_memberships(table).is_clean; print(rows, reading, size() - before)"
    )
    ran = subprocess.run([sys.executable, "-c", script, path], check=True, capture_output=True, text=True, cwd=Path(__file__).parents[3])
    rows, reading, checking = map(int, ran.stdout.split())

    assert rows == 300_000
    assert reading <= 4  # MB
    assert checking <= 24
