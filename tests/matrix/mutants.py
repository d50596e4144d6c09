"""Takes away each permission check once, and asks whether anybody would notice. Run by `make mutants`.

First everything is tried as people with few rights, noting which checks refused or hid something in which request. Then,
for each check, it allows all, those requests are sent again, and what comes of them is compared: what opens, what changes
and which marks are shown, as the matrix does, or at least the text of the page. Where another check behind it refuses, that
one is taken away too, until something is noticed: so the second and third line are tested like the first.

A check that nobody notices is a fault, unless the reason stands in `unnoticed.py`.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import zip_longest

import pytest
from django.core.cache import cache
from django.test import Client

from tests.matrix.bulk import bulk_tries
from tests.matrix.checks import RECORDER, Check, Place, descriptions, watch_all
from tests.matrix.effects import Effects
from tests.matrix.expected import WRITES
from tests.matrix.observing import Observer, Try, tries
from tests.matrix.people import NAMES, sign_in
from tests.matrix.surfaces import Surface
from tests.matrix.test_matrix import leaky_addresses, may_see
from tests.matrix.unnoticed import KNOWN
from tests.matrix.world import make_world

pytestmark = [pytest.mark.timeout(3600), pytest.mark.django_db(transaction=True)]

LETTERS = "BWVODFCP"  # those who are refused much, each something else
TRIED = 24  # requests for each check, of as many surfaces as there are
LEAST = "BO"  # for whom all that stands before a change is taken away
CHANGING = re.compile(
    rb"<time.*?</time>|csrf\w*\W+(?:value\W+)?[\w-]{20,}|nonce\W+[\w+/=-]+|(?:\d+|an?) (?:seconds?|minutes?|hours?)|\d\d:\d\d(?::\d\d)?"
)

type Request = tuple[str, int, str]  # letter, number of the attempt, method


@dataclass(frozen=True, slots=True)
class Outcome:
    opened: bool
    changed: bool
    marks: frozenset[str]  # that this person may not see
    wrong: frozenset[str]
    text: bytes
    refused: frozenset[Check]
    outermost: frozenset[Check]

    @property
    def known(self) -> tuple[object, ...]:
        """What the matrix compares."""
        return self.opened, self.changed, self.marks, self.wrong


class Sender:
    """Sends any of the requests of any of the people."""

    def __init__(self) -> None:
        self.world = make_world()
        for letter in LETTERS:
            sign_in(Client(), letter, self.world)
        forms = tries(self.world)
        self.attempts: list[Try] = [*forms, *bulk_tries(self.world)]
        posted = WRITES.keys() | {attempt.surface.name for attempt in forms if attempt.surface.name.startswith("admin:export_")}
        self.methods = ["GET POST" if attempt.surface.name in posted else "GET" for attempt in forms]
        self.methods += ["POST"] * (len(self.attempts) - len(forms))
        for address in leaky_addresses():
            self.attempts.append(Try(Surface(address, address, ()), ("other",), address, {}))
            self.methods.append("GET")
        self.observers = {letter: Observer(letter, self.world) for letter in LETTERS}
        effects = Effects()  # once all have come
        for observer in self.observers.values():
            observer.effects = effects

    def requests(self) -> list[Request]:
        numbered = list(enumerate(self.methods))
        return [(letter, number, method) for letter in LETTERS for number, methods in numbered for method in methods.split()]

    def send(self, request: Request, *, without: Iterable[Check] = ()) -> Outcome:
        letter, number, method = request
        observer = self.observers[letter]
        observer.seen.marks.clear()
        observer.seen.wrong.clear()
        observer.client.cookies.clear()
        cache.clear()
        RECORDER.begin(without)
        status, tables = observer.send(observer.client, method, self.attempts[number])
        return Outcome(
            opened=method == "GET" and status == 200,
            changed=bool(tables),
            marks=frozenset(mark for mark in observer.seen.marks if not may_see(letter, mark)),
            wrong=frozenset(observer.seen.wrong),
            text=b"%d " % status + CHANGING.sub(b"", observer.last_body),
            refused=frozenset(RECORDER.refused),
            outermost=frozenset(RECORDER.outermost),
        )

    def name(self, request: Request) -> str:
        letter, number, method = request
        return f"{NAMES[letter]}, {method} {self.attempts[number].surface.name}"


class Findings:
    """By check, how it is noticed: the request that tells."""

    def __init__(self) -> None:
        self.by_the_matrix: dict[Check, str] = {}
        self.with_those_behind: dict[Check, str] = {}  # only once the next ones are gone as well
        self.by_the_text: dict[Check, str] = {}
        self.met: set[Check] = set()
        self.unstable: set[str] = set()

    def noticed(self) -> set[Place]:
        ways = (self.by_the_matrix, self.with_those_behind, self.by_the_text)
        return {check.place for way in ways for check in way}

    def report(self) -> str:
        """A call counts where it is noticed best, whatever the verb."""
        lines, counted = [], set()
        for way in ("by_the_matrix", "with_those_behind", "by_the_text"):
            places = {check.place for check in getattr(self, way)} - counted
            counted |= places
            lines.append(f"  noticed {way.replace('_', ' ')}: {len(places)}")
        met = {check.place for check in self.met}
        return "\n".join([*lines, f"  by nobody: {len(met - counted)}", f"  never refused: {len(descriptions().keys() - met - counted)}"])


class Trial:
    def __init__(self, sender: Sender) -> None:
        self.sender, self.found = sender, Findings()
        self.before = {request: sender.send(request) for request in sender.requests()}
        self.found.met = {check for outcome in self.before.values() for check in outcome.refused}

    def run(self) -> None:
        for check in sorted(self.found.met):
            self._take_away(check)
        for request, outcome in self.before.items():
            if request[0] in LEAST and request[2] == "POST" and not outcome.changed:
                self._take_all_away(request, set(outcome.outermost))

    def _take_away(self, check: Check) -> None:
        for request in self._spread([request for request, outcome in self.before.items() if check in outcome.refused]):
            outcome, before = self.sender.send(request, without={check}), self.before[request]
            if outcome.known != before.known and self._is_stable(request):
                self.found.by_the_matrix[check] = self.sender.name(request)
                return
            if check not in self.found.by_the_text and outcome.text != before.text and self._is_stable(request):
                self.found.by_the_text[check] = self.sender.name(request)
            if check not in self.found.with_those_behind and outcome.outermost - before.outermost:
                self._take_all_away(request, {check})

    def _take_all_away(self, request: Request, gone: set[Check]) -> None:
        """One layer after the other, until the last, in the service, is gone too; then each alone stands again."""
        before = self.before[request]
        outcome = self.sender.send(request, without=gone)
        while outcome.known == before.known and (behind := outcome.outermost - before.outermost - gone):
            gone |= behind
            outcome = self.sender.send(request, without=gone)
        self.found.met |= gone
        if outcome.known != before.known:
            unsure = gone - self.found.with_those_behind.keys()
            needed = {check for check in unsure if self.sender.send(request, without=gone - {check}).known != outcome.known}
            self.found.with_those_behind |= dict.fromkeys(needed, self.sender.name(request))

    def _is_stable(self, request: Request) -> bool:
        """Does it come to the same when nothing is taken away?"""
        again, before = self.sender.send(request), self.before[request]
        if (again.known, again.text) == (before.known, before.text):
            return True
        self.found.unstable.add(self.sender.name(request))
        return False

    def _spread(self, requests: list[Request]) -> list[Request]:
        """Of each surface and method one first, then further ones."""
        by_surface: dict[tuple[int, str], list[Request]] = defaultdict(list)
        for request in requests:
            by_surface[request[1], request[2]].append(request)
        turns = zip_longest(*by_surface.values())
        return [request for turn in turns for request in turn if request][:TRIED]


def test_no_check_can_be_taken_away_unnoticed(capsys, monkeypatch):
    watch_all(monkeypatch)
    trial = Trial(Sender())
    trial.run()
    found, noticed = trial.found, trial.found.noticed()
    with capsys.disabled():
        print(f"\n{len(trial.before)} requests, {len(descriptions())} calls of the policy\n{found.report()}")  # noqa: T201
    unnoticed = {words for place, words in descriptions().items() if place not in noticed}
    assert not found.unstable
    assert not (new := sorted(unnoticed - KNOWN.keys())), "\n".join(["nobody notices when they are gone:", *new])
    assert not (old := sorted(KNOWN.keys() - unnoticed)), "\n".join(["are noticed by now, or no longer there:", *old])
