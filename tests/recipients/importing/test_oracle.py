"""Any file, in any mode, leaves what a few lines of plain Python say it should; and undoing leaves what was there before."""

from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recipients.models import Import, RecipientGroupAdditionalRecipient, RecipientGroupRecipient
from tests.makers import make_group, make_person, make_recipient
from tests.recipients.importing.conftest import carry_out, members, take_back

GROUPS, PEOPLE, ENTITIES = ("G1", "G2", "G3"), ("p1", "p2", "p3"), ("E1", "E2")
MEMBERS = (*PEOPLE, *ENTITIES)
KNOWN = st.tuples(st.sampled_from(GROUPS), st.sampled_from(MEMBERS))
UNKNOWN = st.sampled_from([("G1", "nobody"), ("G2", "nobody"), ("NONE", "p1")])
type State = dict[str, set[str]]


@pytest.fixture
def world(db, frank) -> dict[str, Any]:
    people = {name: make_person(name) for name in PEOPLE}
    entities = {code: make_recipient(code, code=code) for code in ENTITIES}
    groups = {code: make_group(code, code=code) for code in GROUPS}
    return people | entities | groups


def row(group: str, member: str) -> str:
    return f"{group},{member}," if member in ENTITIES else f"{group},,{member}@example.org"


def expected(before: State, rows: list[tuple[str, str]], mode: str) -> State:
    good = [(group, member) for group, member in rows if group in GROUPS and member in MEMBERS]
    wrong = set(rows) - set(good)
    after = {group: set(there) for group, there in before.items()}
    if mode == Import.Mode.REPLACE and not any(group not in GROUPS for group, _member in wrong):
        for group in {group for group, _member in good} - {group for group, _member in wrong}:
            after[group] = set()
    for group, member in good:
        after[group].add(member)
    return after


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=st.sets(KNOWN, max_size=8),
    rows=st.lists(KNOWN | UNKNOWN, min_size=1, max_size=10),
    mode=st.sampled_from([Import.Mode.ADD, Import.Mode.REPLACE]),
)
def test_an_import_leaves_what_it_should_and_undoing_what_was_there(world, upload, before, rows, mode):
    def now() -> State:
        return {code: members(world[code]) for code in GROUPS}

    with transaction.atomic():
        for group, member in before:
            if member in ENTITIES:
                RecipientGroupRecipient.objects.create(recipient_group=world[group], recipient=world[member])
            else:
                RecipientGroupAdditionalRecipient.objects.create(recipient_group=world[group], user=world[member])
        there = now()
        batch = upload("Group code,Recipient code,E-mail", *(row(*pair) for pair in rows), mode=mode)
        if any(batch.summary[outcome] for outcome in ("new", "removed")):
            batch = carry_out(batch, sets_aside=True, typed=str(batch.summary["removed"]))
            assert batch.state == Import.State.DONE
        assert now() == expected(there, rows, mode)
        if batch.state == Import.State.DONE:
            assert take_back(batch).state == Import.State.UNDONE
        assert now() == there
        transaction.set_rollback(True)
