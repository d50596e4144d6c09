"""Any file of people, in any mode, leaves what a few lines of plain Python say it should; and undoing leaves what was there before."""

from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recipients.models import Import, RoleAssignment, User
from tests.makers import make_person, make_recipient
from tests.recipients.importing.conftest import carry_out, take_back

HEADER = "Employee number,E-mail,First name,Active,Recipient code,Role,Until"
THERE, JOINING, CODES, DAYS = ("1", "2"), ("8", "9"), ("A", "B"), ("", "2030-01-01", "2031-01-01")
OWN = st.tuples(st.sampled_from(["", "One", "Two"]), st.sampled_from(["", "yes", "no"]))
ENTRY = st.tuples(st.sampled_from([*CODES, "", "NONE"]), st.sampled_from(["", "Lead"]), st.sampled_from(DAYS))
type People = dict[str, tuple[str, bool]]
type Entries = dict[tuple[str, str, str], str]


@pytest.fixture
def world(db, frank) -> dict[str, Any]:
    people = {number: make_person(f"p{number}", employee_number=number) for number in THERE}
    return people | {code: make_recipient(code, code=code) for code in CODES}


def files() -> st.SearchStrategy[list[tuple]]:
    """Each person says the same of themselves in every row, as the reader asks, and goes by number, by address or by both."""
    person = st.tuples(OWN, st.dictionaries(ENTRY.map(lambda entry: entry[:2]), st.sampled_from(DAYS), min_size=1, max_size=3))
    ways = st.sampled_from(["number", "both"])
    return st.dictionaries(st.sampled_from([*THERE, *JOINING]), st.tuples(ways, person), min_size=1).map(
        lambda said: [
            (number, way, *own, code, role if code else "", day if code else "")
            for number, (way, (own, entries)) in said.items()
            for (code, role), day in entries.items()
        ]
    )


def line(number: str, way: str, first: str, active: str, code: str, role: str, day: str) -> str:
    return f"{number},{f'p{number}@example.org' if way == 'both' else ''},{first},{active},{code},{role},{day}"


def expected(people: People, entries: Entries, rows: list[tuple], mode: str) -> tuple[People, Entries]:
    people_after, entries_after = dict(people), dict(entries)
    for number, _way, first, active, code, role, day in rows:
        if code == "NONE" or (number not in people and not first):
            continue
        if number not in people or mode == Import.Mode.UPDATE:
            was = people.get(number, ("", True))
            people_after[number] = (first or was[0], active == "yes" if active else was[1])
        key = (number, code, role or "Member")
        if code and (key not in entries or (mode == Import.Mode.UPDATE and day)):
            entries_after[key] = day
    return people_after, entries_after


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=st.dictionaries(
        st.tuples(st.sampled_from(THERE), st.sampled_from(CODES), st.sampled_from(["Member", "Lead"])), st.sampled_from(DAYS)
    ),
    rows=files(),
    mode=st.sampled_from([Import.Mode.ADD, Import.Mode.UPDATE]),
)
def test_an_import_of_people_leaves_what_it_should_and_undoing_what_was_there(world, upload, before, rows, mode):
    def now() -> tuple[People, Entries]:
        named = User.objects.filter(employee_number__isnull=False).values_list("employee_number", "first_name", "is_active")
        kept = RoleAssignment.objects.values_list("user__employee_number", "recipient__code", "role", "ends_on")
        return {number: own for number, *own in named}, {tuple(key): str(day or "") for *key, day in kept}

    def as_tuples(state: Any) -> tuple[People, Entries]:
        return {number: tuple(own) for number, own in state[0].items()}, state[1]

    with transaction.atomic():
        for (number, code, role), day in before.items():
            RoleAssignment.objects.create(user=world[number], recipient=world[code], role=role, ends_on=day or None)
        there = as_tuples(now())
        batch = upload(HEADER, *(line(*row) for row in rows), kind="people", mode=mode)
        if batch.summary["new"] or batch.summary["changed"]:
            batch = carry_out(batch, sets_aside=True)
            assert batch.state == Import.State.DONE
        assert as_tuples(now()) == expected(*there, rows, mode)
        if batch.state == Import.State.DONE:
            batch = take_back(batch)
            assert (batch.state, batch.summary["left"]) == (Import.State.UNDONE, 0)
        people, entries = as_tuples(now())
        assert ({number: own for number, own in people.items() if number in THERE}, entries) == there
        assert not any(is_active for number, (_first, is_active) in people.items() if number in JOINING)
        transaction.set_rollback(True)
