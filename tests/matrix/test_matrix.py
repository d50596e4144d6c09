"""Every address, for every kind of person: what opens, what changes and what is shown are what the tables say."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.matrix import expected
from tests.matrix.bulk import bulk_tries
from tests.matrix.observing import MAY_LEAST, MAY_MOST, SCOPES, Observer, Seen, tries
from tests.matrix.people import NAMES, PEOPLE, come, sign_in
from tests.matrix.surfaces import ABSENT, WRONG, Surface, fill_with, hidden_object, page_of_the_object, surfaces, takes_an_object
from tests.matrix.world import MARK, World, make_world

pytestmark = pytest.mark.timeout(1800)

# Each share meets a world of its own, so that two cores work; to find what there is to try takes a while in each.
SHARES = ("UOBGRI", "APNDCFVW")
MOST_AND_LEAST = (MAY_MOST, MAY_LEAST)
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')  # another one for each answer
QUERIES = ("q=qzother", "_facets=1&q=qz", "_popup=1&_to_field=id")
AUTOCOMPLETED = (
    ("notices", "noticerecipient", "recipient"),
    ("notices", "noticerecipientgroup", "recipient_group"),
    ("notices", "noticeadditionalrecipient", "user"),
    ("notices", "notice", "category"),
    ("notices", "notice", "department"),
    ("notices", "notice", "created_by"),
    ("notices", "attachment", "notice"),
    ("notices", "delivery", "notice"),
    ("notices", "approval", "notice"),
    ("notices", "readacknowledgment", "user"),
    ("recipients", "roleassignment", "user"),
    ("recipients", "roleassignment", "recipient"),
    ("recipients", "recipientgrouprecipient", "recipient"),
    ("recipients", "recipientgroupadditionalrecipient", "user"),
    ("recipients", "user_groups", "group"),
)


def test_the_shares_are_everyone():
    assert sorted("".join(SHARES)) == sorted(PEOPLE) == sorted(NAMES)


def test_every_address_has_an_expectation_and_every_expectation_an_address(db, capsys):
    live = {surface.name for surface in surfaces()}
    assert live == expected.OPENS.keys()
    assert expected.WRITES.keys() <= live
    with capsys.disabled():
        print(f"\nMatrix: {len(live)} surfaces x {len(PEOPLE)} kinds of people x {len(SCOPES)} objects x GET/HEAD, POST, forged POST")  # noqa: T201


@pytest.fixture
def _pages_without_their_contexts(monkeypatch):
    """The test client keeps a copy of every context that a template saw, for tests that look at it."""
    monkeypatch.setattr("django.test.client.store_rendered_templates", lambda *_, **__: None)


@pytest.mark.usefixtures("_pages_without_their_contexts")
@pytest.mark.django_db(transaction=True)  # short transactions: other tests wait for the oldest
@pytest.mark.parametrize("letters", SHARES)
def test_what_opens_changes_and_is_shown_is_what_the_tables_say(letters):
    world = make_world()
    for letter in letters:
        come(letter, world)  # before any page is read: a form that gives rights knows who held which then, and is refused when more do
    attempts, several = tries(world), bulk_tries(world)
    problems = []
    for letter in letters:
        problems += compare(letter, Observer(letter, world).try_everything(attempts))
        problems += compare_bulk(letter, Observer(letter, world).try_to_change(several), {attempt.surface.name for attempt in several})
        problems += [*tells_apart(letter, world), *leaks(letter, world)]
        if letter in MOST_AND_LEAST:
            problems += fails_on_wrong_ids(letter, world)
    assert not problems, "\n".join(problems)


def compare(letter: str, seen: Seen) -> list[str]:
    who, found = NAMES[letter], []
    for kind, table in (("opens", expected.OPENS), ("changes", expected.WRITES)):
        for scope in SCOPES:
            did = (seen.opens if kind == "opens" else seen.writes)[scope]
            should = expected.surfaces_for(letter, scope, table)
            found += [f"{who} {kind} {name} ({scope})" for name in sorted(did - should)]
            found += [f"{who} no longer {kind} {name} ({scope})" for name in sorted(should - did)]
    found += [f"{who} was shown {mark} by {where}" for mark, where in seen.marks.items() if not may_see(letter, mark)]
    return found + [f"{who}: {what}" for what in sorted(seen.wrong)]


def compare_bulk(letter: str, seen: Seen, acts: set[str]) -> list[str]:
    """What can be done to several rows at once, those can do who can do it to one."""
    found = []
    for scope in SCOPES:
        did, should = seen.writes[scope], acts & expected.surfaces_for(letter, scope, expected.WRITES)
        found += [f"{NAMES[letter]} does {name} to several ({scope})" for name in sorted(did - should)]
        found += [f"{NAMES[letter]} no longer does {name} to several ({scope})" for name in sorted(should - did)]
    return found + [f"{NAMES[letter]}, several at once: {what}" for what in sorted(seen.wrong)]


def may_see(letter: str, mark: str) -> bool:
    return letter in expected.SEES[mark.removeprefix("qz")]


def tells_apart(letter: str, world: World) -> list[str]:
    """What one may not see answers like what does not exist."""
    client, found = Client(raise_request_exception=False), []
    sign_in(client, letter, world)
    for surface in filter(takes_an_object, surfaces()):
        if letter in expected.OPENS[surface.name] + expected.OPENS[page_of_the_object(surface)]:
            continue
        hidden, absent = (_answer(client, surface, value, world) for value in (hidden_object(surface, world.other), ABSENT))
        if hidden != absent:
            found.append(f"{NAMES[letter]} can tell by {surface.name} that it exists")
    return found


def fails_on_wrong_ids(letter: str, world: World) -> list[str]:
    client = Client(raise_request_exception=False)
    sign_in(client, letter, world)
    tries = [(surface, value) for surface in filter(takes_an_object, surfaces()) for value in WRONG]
    return [f"{surface.name} fails on {value}" for surface, value in tries if _answer(client, surface, value, world)[0] >= 500]


def _answer(client: Client, surface: Surface, value: Any, world: World) -> tuple[int, str]:
    client.cookies.pop("messages", None)  # what an earlier page had to say
    answer = client.get(fill_with(surface, value, world.other))
    return answer.status_code, TOKEN.sub("", answer.content.decode()).replace(f"/{value}/", "/ID/")


def leaks(letter: str, world: World) -> list[str]:
    """Lists by search, facet and pop-up, and completion, show no more than the lists themselves."""
    client = Client(raise_request_exception=False)
    sign_in(client, letter, world)
    return [
        f"{NAMES[letter]} was shown {mark} by {address}"
        for address in leaky_addresses()
        for mark in set(MARK.findall(client.get(address).content.decode()))
        if not may_see(letter, mark)
    ]


def leaky_addresses() -> list[str]:
    lists = [s.route for s in surfaces() if s.name.endswith("_changelist") or s.name in {"inbox:index", "admin:notices_approvals"}]
    return [*(f"{route}?{query}" for route in lists for query in QUERIES), *completions()]


def completions() -> list[str]:
    fields = "app_label={}&model_name={}&field_name={}"
    return [f"{reverse('admin:autocomplete')}?{fields.format(*names)}&term=qz" for names in AUTOCOMPLETED]
