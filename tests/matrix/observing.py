"""Trying every address as one person: which open, and which change something when the page's own form is sent to them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from tests.matrix.effects import Effects
from tests.matrix.forms import filled, form_of
from tests.matrix.people import sign_in
from tests.matrix.surfaces import Surface, fill, surfaces
from tests.matrix.world import MARK, World

SCOPES = ("own", "other")
MAY_MOST, MAY_LEAST = "U", "B"


@dataclass(slots=True)
class Seen:
    """Of one person: the surfaces by what they did, and the marks that were shown on any page."""

    opens: dict[str, set[str]] = field(default_factory=lambda: {scope: set() for scope in SCOPES})
    writes: dict[str, set[str]] = field(default_factory=lambda: {scope: set() for scope in SCOPES})
    marks: dict[str, str] = field(default_factory=dict)  # and where
    wrong: set[str] = field(default_factory=set)  # what nobody may meet at all


@dataclass(frozen=True, slots=True)
class Try:
    """An address, with what a superuser's page would send to it. One that names no object stands for both scopes."""

    surface: Surface
    scopes: tuple[str, ...]
    address: str
    data: dict[str, Any]


def tries(world: World, of: Callable[[Surface], bool] = bool) -> list[Try]:
    """For each surface (that `of` picks) the address that a superuser can open, and the form found there, filled in."""
    client = Client(raise_request_exception=False)
    client.force_login(world.root)
    found = []
    for surface in filter(of, surfaces()):
        addresses = {scope: fill(surface, getattr(world, scope)) for scope in SCOPES}
        for scopes in [SCOPES] if addresses["own"] == addresses["other"] else [(scope,) for scope in SCOPES]:
            address, page = _first_open(client, addresses[scopes[0]])
            fields = (form_of(page) if page else {}) or {"reason": []}
            found.append(Try(surface, scopes, address, filled(fields, world)))
    return found


def _first_open(client: Client, addresses: list[str]) -> tuple[str, bytes]:
    for address in addresses:
        answer = client.get(address)
        body = _body(answer)
        if answer.status_code == 200:
            return address, body if answer["Content-Type"].startswith("text/html") else b""
    return addresses[0], b""


class Observer:
    """One person at every address."""

    def __init__(self, letter: str, world: World) -> None:
        # The token is asked for before anybody's rights, so whoever may do most stands for all. Whether HEAD is refused
        # where GET is hangs on the page alone, so whoever is refused nearly everywhere stands for all.
        self.forges, self.asks_for_heads = letter == MAY_MOST, letter == MAY_LEAST
        self.client, self.forger = (Client(raise_request_exception=False, enforce_csrf_checks=checks) for checks in (False, True))
        sign_in(self.client, letter, world)
        # Some pages of one's own account sign out; each try begins signed in.
        self.cookies = {name: morsel.value for name, morsel in self.client.cookies.items()}
        self.effects, self.seen = Effects(), Seen()
        self.last_body = b""

    def try_everything(self, attempts: list[Try]) -> Seen:
        for attempt in attempts:
            opens = self._reads(attempt, "GET")
            if self.asks_for_heads and not opens:  # what opens answers HEAD by the same code
                self._reads(attempt, "HEAD")
            self._posts(attempt)
            if self.forges:
                self._forges(attempt)
        return self.seen

    def try_to_change(self, attempts: list[Try]) -> Seen:
        for attempt in attempts:
            self._posts(attempt)
        return self.seen

    def _reads(self, attempt: Try, method: str) -> bool:
        status, tables = self.send(self.client, method, attempt)
        if tables:
            self.seen.wrong.add(f"{method} {attempt.address} changed {sorted(tables)}")
        if method == "GET" and status == 200:
            self._note(self.seen.opens, attempt)
        return status == 200

    def _posts(self, attempt: Try) -> None:
        _status, tables = self.send(self.client, "POST", attempt)
        if tables:
            self._note(self.seen.writes, attempt)

    @staticmethod
    def _note(seen: dict[str, set[str]], attempt: Try) -> None:
        for scope in attempt.scopes:
            seen[scope].add(attempt.surface.name)

    def _forges(self, attempt: Try) -> None:
        """The same form without the token of the page."""
        status, tables = self.send(self.forger, "POST", attempt)
        if tables or status == 200:
            self.seen.wrong.add(f"POST {attempt.address} without a token: {status}, changed {sorted(tables)}")

    def send(self, client: Client, method: str, attempt: Try) -> tuple[int, set[str]]:
        client.cookies.load(self.cookies)
        data = attempt.data if method == "POST" else None
        with self.effects.watch() as tables:
            answer = getattr(client, method.lower())(attempt.address, data)
            body = self.last_body = _body(answer)
        if answer.status_code >= 500:
            self.seen.wrong.add(f"{method} {attempt.address} failed")
        for mark in MARK.findall(body.decode(errors="replace") + str(answer.headers)):
            self.seen.marks.setdefault(mark, f"{method} {attempt.address}")
        return answer.status_code, tables


def _body(answer: Any) -> bytes:
    """All of it. Closing the answer would end the request for Django, and with it the connection of the test."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if file := getattr(answer, "file_to_stream", None):
        file.close()
    return body
