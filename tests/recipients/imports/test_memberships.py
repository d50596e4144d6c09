"""What a file of memberships shows by itself, and what `check_import` says of it."""

import io
import os

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recipients.imports.memberships import COLUMNS, MembershipCheck, check_memberships
from recipients.imports.tables import open_table

HEADER = "Group code,Group name,Recipient code,E-mail"


@pytest.fixture
def report(tmp_path):
    """The report of a file with these rows."""

    def of(*rows: str):
        path = tmp_path / "members.csv"
        path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
        return check_memberships(open_table(path, COLUMNS))

    return of


def places(report) -> list[tuple[int, str, str]]:
    return [(problem.line, problem.column, problem.code) for problem in report.problems]


def test_every_wrong_cell_is_told_with_its_place(report):
    found = report("G1,Night,,ann@example.org", ",Night,,bob", "G1,Night,D1,carol@example.org", "G1,Night", "G2,Da\u202ey,,")

    assert places(found) == [
        (3, "E-mail", "email"),
        (3, "Group code", "missing"),
        (4, "Recipient code", "conflict"),
        (5, "", "width"),
        (6, "Group name", "bidi"),
        (6, "Recipient code", "missing"),
    ]
    assert found.rows == 5


def test_the_summary_says_what_to_fix(report):
    assert report("G1,Night,,ann@example.org").summary() == "1 row read, and nothing is wrong in the file."
    assert report("G1,Night,,ann", "G1,Night,,bob", "G1,Night").summary() == "3 rows read. Fix 2 cells in “E-mail”, 1 row."


def test_a_group_may_leave_its_name_out(report):
    assert report("G1,,,ann@example.org", "G1,Night,,bob@example.org", "G1,,,carol@example.org").is_clean
    found = report("G1,,,ann@example.org", "G1,Night,,bob@example.org", "G1,Day,,carol@example.org", "G1,Day,,dave@example.org")
    assert places(found) == [(4, "Group name", "conflict"), (5, "Group name", "conflict")]


def test_a_person_may_be_in_many_groups_and_once_in_each(report):
    assert report("G1,,,ann@example.org", "G2,,,ann@example.org").duplicates == 0
    assert report("G1,,,ann@example.org", "G2,,,ann@example.org", "G1,,,ANN@example.org").duplicates == 1


def test_repeats_are_found_across_any_distance(report):
    found = report(
        *(f"G{number % 7},,,person.{number}@example.org" for number in range(9_000)), "G3,,,person.3@example.org", "G3,,D1,", "G3,,d1,"
    )

    assert found.duplicates == 1
    assert places(found) == [(9_004, "Recipient code", "conflict")]


def test_repeats_are_counted_whatever_their_number(report, monkeypatch):
    monkeypatch.setattr("recipients.imports.repeats.AT_ONCE", 50)  # so that it takes several passes
    rows = [f"G1,,,person.{number}@example.org" for number in range(2_000)]
    found = report(*rows, *rows, *(f"G1,,D{number}," for number in range(300)), *(f"G1,,d{number}," for number in range(300)))

    assert found.duplicates == 2_000
    assert found.problem_count == 300
    assert found.problems[0].line == 4_302


def test_rows_alike_by_number_and_by_email_are_told_once(tmp_path):
    path = tmp_path / "members.csv"
    path.write_text("Group code,Employee number,E-mail\nG1,7,ann@example.org\nG1,7,ann@example.org\nG1,8,ann@example.org\n")
    found = check_memberships(open_table(path, COLUMNS))

    assert found.duplicates == 1
    assert places(found) == [(4, "E-mail", "conflict")]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.permutations(
        ["G1,Night,,ann@example.org", "G1,,,bob@example.org", "g1,Night,,carol@example.org", "G2,Day,D1,", "G2,Late,D2,", "G2,Day,D1,"]
    )
)
def test_the_order_of_rows_hides_nothing(report, rows):
    found = report(*rows)

    assert {problem.code for problem in found.problems} == {"conflict"}
    assert set(found.counts) == {"Group code", "Group name"}
    assert found.duplicates == 1


def test_clean_rows_are_handed_on_tidied(tmp_path):
    path = tmp_path / "members.csv"
    path.write_text("e-mail,group_code\n\u00a0ann@example.org , G\u200b1\n", encoding="utf-8")
    check = MembershipCheck(open_table(path, COLUMNS))

    assert [dict(checked.columns) for checked in check.batches()] == [{"email": ["ann@example.org"], "group": ["G1"]}]


def test_the_first_twenty_are_shown_and_the_rest_counted(tmp_path):
    path = tmp_path / "members.csv"
    path.write_text("Group code,E-mail\n" + "G1,ann\n" * 1_234)
    output = io.StringIO()

    with pytest.raises(SystemExit) as end:
        call_command("check_import", path, stdout=output)

    lines = output.getvalue().splitlines()
    assert end.value.code == 1
    assert lines[0] == "line 2, E-mail “ann”: Is not an e-mail address. It looks like ann@example.org."
    assert lines[20] == "… and 1,214 more."
    assert "1,234 rows read. Fix 1,234 cells in “E-mail”." in lines


@pytest.mark.parametrize("name", ["missing.csv", "folder", "pipe"])
def test_what_cannot_be_opened_is_said_in_words(tmp_path, name):
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(CommandError, match=r"^(The file cannot be read: No such file or directory|This is not a file)"):
        call_command("check_import", tmp_path / name)
