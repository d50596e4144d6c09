"""What an export guards against being taken for a formula is read as what it was."""

import csv
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.exports.columns import DANGEROUS, guard
from recipients.imports import guarded
from recipients.imports.columns import Column, ColumnSet
from recipients.imports.memberships import COLUMNS, MembershipCheck
from recipients.imports.tables import open_table
from tests.recipients.imports.nasty_files import workbook

ONE = ColumnSet((Column("text", "Text", required=True), Column("number", "Number", required=True)))
BEGINNINGS = st.text(st.sampled_from("'" + DANGEROUS + "a"), max_size=4)
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff"), max_size=12)


def cells(path) -> list[str]:
    return [row[0] for batch in open_table(path, ONE).batches() for row in batch.rows]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(st.builds("{}{}".format, BEGINNINGS, TEXT), min_size=1, max_size=6),
    delimiter=st.sampled_from(",;\t|"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_guarding_and_reading_gives_the_text(tmp_path, texts, delimiter, quoting):
    path = tmp_path / "exported.csv"
    file = io.StringIO(newline="")
    rows = [[guard(text), number] for number, text in enumerate(texts)]
    csv.writer(file, delimiter=delimiter, quoting=quoting).writerows([["Text", "Number"], *rows])
    path.write_bytes(file.getvalue().encode("utf-8-sig"))

    assert cells(path) == texts


@settings(deadline=None)
@given(text=st.builds("{}{}".format, BEGINNINGS, TEXT))
def test_no_guarded_text_is_a_formula(text):
    assert guard(text)[:1] not in set(DANGEROUS)


def test_reader_and_export_guard_against_the_same():
    assert {char for char in map(chr, range(0x10000)) if guarded.is_guarded(f"'{char}")} == set(DANGEROUS)


@pytest.mark.parametrize("name", ["exported.csv", "exported.xlsx"])
def test_only_an_apostrophe_before_a_formula_comes_off(tmp_path, name):
    path = tmp_path / name
    texts = ["'=1", "''=1", "'a", "O'-Neil", "''", "'", "=1", " '=1"]
    if name.endswith("xlsx"):
        workbook(path, [["Text", "Number"], *([text, "1"] for text in texts)])
    else:
        path.write_text("Text,Number\n" + "".join(f"{text},1\n" for text in texts))

    assert cells(path) == ["=1", "'=1", "'a", "O'-Neil", "''", "'", "=1", " '=1"]


def test_a_guard_in_one_row_of_many_comes_off(tmp_path):
    """Also where the other rows are taken without a look at each, and whichever way they were quoted."""
    for quote in ("", '"'):
        path = tmp_path / "members.csv"
        rows = [["G1", "O'Neil's crew", f"person.{number}@example.org"] for number in range(5_000)]
        rows[4_000][:2] = ["G2", "'-Night's crew"]
        lines = [",".join(f"{quote}{cell}{quote}" for cell in row) for row in [["Group code", "Group name", "E-mail"], *rows]]
        path.write_text("\n".join(lines) + "\n")
        check = MembershipCheck(open_table(path, COLUMNS))
        names = [name for checked in check.batches() for name in checked.columns["group_name"]]

        assert check.finish().is_clean
        assert len(names) == 5_000
        assert {name for name in names if name != "O'Neil's crew"} == {"-Night's crew"}


def test_a_long_run_of_apostrophes_costs_no_time(tmp_path):
    path = tmp_path / "apostrophes.csv"
    path.write_text("Text,Number\n'=1,1\n" + ("'" * 60_000 + ",1\n") * 20)

    assert cells(path) == ["=1", *["'" * 60_000] * 20]
