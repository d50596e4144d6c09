"""Recipients, groups and people: what a file of them shows by itself, and what it hands on."""

import datetime as dt
import unicodedata

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from recipients.imports import values
from recipients.imports.examples import example
from recipients.imports.groups import GROUPS
from recipients.imports.kinds import KINDS
from recipients.imports.memberships import RULES as MEMBERSHIP_RULES
from recipients.imports.people import PEOPLE
from recipients.imports.recipients import RECIPIENTS
from recipients.models import Recipient, RecipientGroup, RoleAssignment


def places(report) -> list[tuple[int, str, str]]:
    return [(problem.line, problem.column, problem.code) for problem in report.problems]


# -- the kinds --


def test_every_kind_has_a_title_columns_and_a_check(opened):
    assert {key: str(kind.title) for key, kind in KINDS.items()} == {
        "memberships": "Group memberships",
        "recipients": "Recipients",
        "groups": "Groups",
        "people": "People with their entries",
    }


@pytest.mark.parametrize("kind", KINDS)
def test_an_example_is_accepted_as_it_is(opened, rows_of, kind):
    check = opened(kind, example(kind))
    rows = rows_of(check)
    report = check.finish()

    assert report.is_clean
    assert report.all_notices() == []
    assert len(rows) == 3
    assert check.table.header.titles == tuple(str(column.title) for column in KINDS[kind].columns.columns)


@pytest.mark.parametrize("kind", KINDS)
def test_an_example_is_accepted_in_the_language_of_whoever_asks(opened, kind):
    with translation.override("de"):
        assert opened(kind, example(kind)).run().is_clean


def test_cells_are_as_long_as_the_tables_allow():
    user = get_user_model()
    kept = [
        (RECIPIENTS.rules["recipient"], Recipient, "code"),
        (RECIPIENTS.rules["name"], Recipient, "name"),
        (RECIPIENTS.rules["email"], Recipient, "email"),
        (GROUPS.rules["group"], RecipientGroup, "code"),
        (GROUPS.rules["group_name"], RecipientGroup, "name"),
        (PEOPLE.rules["recipient"], Recipient, "code"),
        (PEOPLE.rules["role"], RoleAssignment, "role"),
        *((PEOPLE.rules[name], user, name) for name in ("employee_number", "email", "first_name", "last_name", "job_title", "username")),
        *((MEMBERSHIP_RULES[name], user, name) for name in ("employee_number", "email")),
    ]
    for rule, model, name in kept:
        assert rule.most == model._meta.get_field(name).max_length, (model, name)


def test_kinds_of_recipient_and_roles_are_those_of_the_tables():
    assert {key: str(label) for key, label in values.RECIPIENT_KINDS.items()} == {key: str(label) for key, label in Recipient.Kind.choices}
    assert str(PEOPLE.rules["role"].default) == str(RoleAssignment._meta.get_field("role").default)


@pytest.mark.parametrize("name", ["ann", "Ann.Smith@x_y+z-1", "@ann", "ann smith", "ann/x", "añn", "ａｎｎ", "ﬁnn", "ann\u2066", "a=b"])
def test_usernames_are_those_that_an_account_takes(opened, rows_of, name):
    account = get_user_model()(username=get_user_model().normalize_username(name))
    try:
        account.clean_fields(exclude=[field.name for field in account._meta.fields if field.name != "username"])
        taken = [account.username]
    except ValidationError:
        taken = []
    check = opened("people", f"Employee number,Username\n7,{name}\n")
    [(_number, username)] = rows_of(check)

    assert [username] * check.finish().is_clean == taken


# -- words, days and kinds --


def test_words_for_yes_and_no_come_out_as_one_of_three(opened, rows_of):
    cells = [*values.YES, *map(str.upper, values.YES), *values.NO, *map(str.title, values.NO), ""]
    check = opened("recipients", "Recipient code,Name,Active\n" + "".join(f"R{n},Name,{cell}\n" for n, cell in enumerate(cells)))

    assert [row[2] for row in rows_of(check)] == ["true"] * 2 * len(values.YES) + ["false"] * 2 * len(values.NO) + [""]
    assert check.finish().is_clean


@settings(deadline=None)
@given(word=st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=8))
def test_no_other_word_is_taken_for_yes_or_no(word):
    if values.check_active(word) is None:
        assert unicodedata.normalize("NFKC", word).casefold() in values.YES + values.NO


@settings(deadline=None)
@given(day=st.dates())
def test_every_day_is_read_as_it_is_written(day):
    assert values.check_date(day.isoformat()) is None


@settings(deadline=None)
@given(text=st.text(st.sampled_from("0123456789-/. "), max_size=11) | st.from_regex(r"\A\d{4}-\d\d-\d\d\Z"))
def test_what_is_read_as_a_day_is_one(text):
    if values.check_date(text) is None:
        assert dt.date.fromisoformat(text).isoformat() == text


def test_kinds_are_read_from_words_and_values_and_labels(opened, rows_of):
    check = opened("recipients", "Recipient code,Name,Kind\nA,a,Department\nB,b, SITE \nC,c,te-am\nD,d,role\nE,e,\n")

    assert [row[2] for row in rows_of(check)] == ["department", "site", "team", "role", ""]
    assert check.finish().is_clean


def test_kinds_are_read_from_translated_labels(opened, rows_of, monkeypatch):
    monkeypatch.setitem(values.RECIPIENT_KINDS, "department", "Abteilung")
    check = opened("recipients", "Recipient code,Name,Kind\nA,a,abteilung\nB,b,department\nC,c,Abteil\n")

    assert [row[2] for row in rows_of(check)] == ["department", "department", ""]
    assert places(check.finish()) == [(4, "Kind", "kind")]


def test_what_is_wrong_is_never_handed_on_as_something_else(opened, rows_of):
    """A column of days or words holds nothing else, so that it can be stored as it is."""
    check = opened("people", "Employee number,Recipient code,From,Active\n7,HR,2026-02-30,maybe\n8,HR,30.11.2026,2\n")

    assert rows_of(check) == [("7", "HR", "", ""), ("8", "HR", "", "")]
    assert places(check.finish()) == [(2, "Active", "boolean"), (2, "From", "date"), (3, "Active", "boolean"), (3, "From", "date")]


def test_names_may_begin_like_a_formula_and_codes_may_not(opened, rows_of):
    check = opened("recipients", "Recipient code,Name\nHR,'=Night\n'=HR,Day\nIT,-Late\n")

    assert [name for _code, name in rows_of(check)] == ["=Night", "Day", "-Late"]
    assert places(check.finish()) == [(3, "Recipient code", "formula")]


# -- rows by themselves --


def test_an_entry_needs_a_recipient_and_ends_after_it_starts(opened):
    head = "Employee number,Recipient code,Role,From,Until\n"
    assert opened("people", head + "7,HR,Head,2026-11-30,2026-11-30\n8,,,,\n").run().is_clean
    found = opened("people", head + "7,HR,Head,2026-11-30,2026-11-29\n8,,Head,,2026-11-30\n").run()

    assert places(found) == [(2, "Until", "order"), (3, "Role", "missing"), (3, "Until", "missing")]


def test_a_role_is_told_also_where_the_file_has_no_recipients(opened):
    assert places(opened("people", "Employee number,Role\n7,Head\n").run()) == [(2, "Role", "missing")]


def test_a_person_goes_by_number_or_by_email(opened):
    head = "Employee number,E-mail,Last name\n"
    assert opened("people", head + "7,,Smith\n,bob@example.org,Jones\n").run().is_clean
    assert places(opened("people", head + "7,,Smith\n,,Jones\n").run()) == [(3, "Employee number", "missing")]
    assert places(opened("people", "E-mail,Last name\n,Jones\n").run()) == [(2, "E-mail", "missing")]


# -- rows against others --


def test_a_person_may_stand_on_several_rows_that_say_the_same(opened):
    head = "Employee number,E-mail,Last name,Recipient code\n"
    assert opened("people", head + "7,ann@example.org,Smith,HR\n7,ANN@example.org,Smith,IT\n").run().is_clean
    found = opened("people", head + "7,ann@example.org,Smith,HR\n7,ann@example.org,Jones,IT\n7,ann@example.org,,FM\n").run()

    assert places(found) == [(3, "Last name", "conflict"), (4, "Last name", "conflict")]
    assert "Line 2, with the same “Employee number”, says “Smith” here." in found.problems[0].message


def test_people_alike_by_number_and_by_email_are_told_once(opened):
    found = opened("people", "Employee number,E-mail,Last name\n7,ann@example.org,Smith\n7,ann@example.org,Jones\n").run()

    assert places(found) == [(3, "Last name", "conflict")]
    assert found.duplicates == 0


def test_two_people_cannot_share_an_email_or_a_username(opened):
    head = "Employee number,E-mail,Username,Last name\n"
    found = opened("people", head + "7,ann@example.org,ann,Smith\n8,ann@example.org,bob,Jones\n9,eve@example.org,ann,Young\n").run()

    assert places(found) == [
        (3, "Employee number", "conflict"),
        (3, "Username", "conflict"),
        (4, "E-mail", "conflict"),
        (4, "Employee number", "conflict"),
    ]


def test_a_cell_that_is_wrong_already_is_told_once(opened):
    found = opened("people", "Employee number,Active,Recipient code\n7,maybe,HR\n7,yes,IT\n7,yes,FM\n").run()

    assert places(found) == [(2, "Active", "boolean")]


def test_rows_that_repeat_others_are_counted(opened):
    assert opened("groups", "Group code,Group name\nG1,Nights\nG1,Nights\nG1, Nights\n").run().duplicates == 2
    assert opened("people", "Employee number,Last name\n7,Smith\n7,Smith\n8,Smith\n").run().duplicates == 1
    head = "Employee number,Recipient code,Role,From\n"
    found = opened("people", head + "7,HR,,2026-11-30\n7,HR,Member,2026-11-30\n7,HR,Head,2026-11-30\n7,IT,,2026-11-30\n").run()
    assert (found.duplicates, places(found)) == (1, [])


@pytest.mark.parametrize("kind", ["recipients", "groups", "people", "memberships"])
def test_who_compares_the_rows_elsewhere_reads_the_file_once(opened, kind, monkeypatch):
    texts = {
        "recipients": "Recipient code,Name\nHR,People\nHR,Other\nHR,People\n",
        "groups": "Group code,Group name\nG1,Nights\nG1,Days\nG1,Nights\n",
        "people": "Employee number,Last name\n7,Smith\n7,Jones\n7,Smith\n",
        "memberships": "Group code,Recipient code\nG1,HR\nG1,hr\nG1,HR\n",
    }
    assert not opened(kind, texts[kind]).run().is_clean
    check = opened(kind, texts[kind], across_rows=False)
    for _checked in check.batches():
        pass
    monkeypatch.setattr(type(check.table), "batches", None)  # whoever reads again fails
    report = check.finish()

    assert report.is_clean
    assert (report.rows, report.duplicates) == (3, 0)


def test_conflicts_are_found_across_any_distance(opened, monkeypatch):
    monkeypatch.setattr("recipients.imports.repeats.AT_ONCE", 50)  # so that it takes several passes
    people = [f"{number},Smith{number},HR" for number in range(5_000)]
    again = [f"{number},Smith{number},IT" for number in range(5_000)]
    other = [f"{number},Jones{number},FM" for number in range(0, 5_000, 10)]
    found = opened(
        "people", "Employee number,Last name,Recipient code\n" + "\n".join([*people, *again, *other, *people[:300]]) + "\n"
    ).run()

    assert found.problem_count == 500
    assert found.duplicates == 300
    assert places(found)[0] == (10_002, "Last name", "conflict")
