"""Whatever the rows: what is written comes out, in any order, and nothing is read wrongly in silence."""

import csv
import io

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from audit.exports.columns import guard
from recipients.imports import values
from recipients.imports.cells import SPOILT
from recipients.imports.examples import example
from recipients.imports.kinds import KINDS
from recipients.imports.problems import StructureProblem

light = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

NAME = st.text(st.characters(exclude_categories=["C", "Z"]), max_size=6).filter(lambda text: not SPOILT.search(text))
BEGUN = st.builds("{}{}".format, st.sampled_from(["", "=", "-", "＠", "'", "'=", "<b>", "{{"]), NAME)
DAY = st.sampled_from(["", "2026-11-30", "2026-12-01", "2028-02-29"])
KIND = st.sampled_from(["", *values.RECIPIENT_KINDS])
ACTIVE = st.sampled_from(["", "true", "false"])
VALID = {
    "recipients": st.tuples(
        BEGUN.filter(bool), st.sampled_from(["", *values.RECIPIENT_KINDS]), st.sampled_from(["", "hr@example.org"]), ACTIVE
    ),
    "groups": st.tuples(BEGUN.filter(bool), st.sampled_from(["", "one\ntwo", "a\r\nb", "=1\t2"]) | BEGUN),
    "people": st.tuples(
        st.sampled_from(["", "ann{}@example.org"]), BEGUN, BEGUN, BEGUN, st.sampled_from(["", "+ann{}"]), ACTIVE, st.just("HR"), BEGUN, DAY
    ),
}


@pytest.mark.parametrize("kind", VALID)
@light
@given(data=st.data(), delimiter=st.sampled_from(",;\t|"), newline=st.sampled_from(["\n", "\r\n", "\r"]))
def test_what_is_written_comes_out(opened, rows_of, kind, data, delimiter, newline):
    """Every row is about a thing of its own, so none is against another; guarded as our exports are."""
    columns = [column.key for column in KINDS[kind].columns.columns]
    drawn = data.draw(st.lists(VALID[kind], min_size=1, max_size=6))
    rows = [(f"X{number}", *(cell.replace("{}", str(number)) for cell in row)) for number, row in enumerate(drawn)]
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=newline)
    writer.writerow([column.title for column in KINDS[kind].columns.columns][: len(rows[0])])
    writer.writerows([guard(cell) for cell in row] for row in rows)
    check = opened(kind, text.getvalue())

    assert rows_of(check) == rows
    assert check.finish().is_clean
    assert [column for column in columns if column in check.table.header.positions] == columns[: len(rows[0])]


ANY_ORDER = {
    "recipients": ["HR,People,site,", "HR,People,Site,", "IT,Tech,team,maybe", "hr,People,site,", "FM,Works,role,", "FM,Works,team,"],
    "groups": ["G1,Nights,", "G1,Nights,", "G2,Days,x", "G2,Days,y", "g3,Odd,", "G3,Odd,"],
    "people": ["7,Smith,HR,2026-11-30", "7,Jones,IT,", "8,Young,HR,", "8,Young,HR,", "9,Old,HR,2026-11-30", "9,Old,HR,2026-12-01"],
}
HEADS = {
    "recipients": "Recipient code,Name,Kind,Active\n",
    "groups": "Group code,Group name,Description\n",
    "people": "Employee number,Last name,Recipient code,From\n",
}
TOLD = {
    "recipients": {("Active", "boolean"), ("Kind", "conflict"), ("Recipient code", "conflict")},
    "groups": {("Description", "conflict"), ("Group code", "conflict")},
    "people": {("Last name", "conflict"), ("From", "conflict")},
}


@pytest.mark.parametrize("kind", ANY_ORDER)
@light
@given(data=st.data())
def test_the_order_of_rows_hides_nothing(opened, kind, data):
    found = opened(kind, HEADS[kind] + "\n".join(data.draw(st.permutations(ANY_ORDER[kind]))) + "\n").run()

    assert {(problem.column, problem.code) for problem in found.problems} == TOLD[kind]


@pytest.mark.parametrize("kind", KINDS)
@settings(light, max_examples=150)
@given(data=st.data())
def test_one_changed_byte_is_seen(opened, rows_of, kind, data):
    """The file or a cell is refused, or one cell differs and nothing else: no row is lost or made, no other cell changes."""
    whole = example(kind)
    at = data.draw(st.integers(0, len(whole) - 1))
    byte = data.draw((st.integers(0, 255) | st.sampled_from(b"\",\n\r;\t\0 '=-")).filter(lambda byte: byte != whole[at]))
    try:
        check = opened(kind, whole[:at] + bytes([byte]) + whole[at + 1 :])
        rows, report = rows_of(check), check.finish()
    except StructureProblem as problem:
        event(f"refused: {problem.code}")
        return
    if not report.is_clean:
        event("cells refused")
        return
    event("one cell differs")
    before = rows_of(opened(kind, example(kind)))
    differing = [pair for was, now in zip(before, rows, strict=True) for pair in zip(was, now, strict=True) if pair[0] != pair[1]]
    assert len(differing) <= 1
