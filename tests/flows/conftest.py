"""Real parts for the flows: Chromium, and a Celery worker in a process of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings as django_settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.db import connections
from playwright.sync_api import Browser, Page, Response, sync_playwright

from recipients.models import User
from recipients.signin.sessions import SessionStore
from recipients.signin.steps import PASSWORD_BACKEND
from tests.processes import database_url
from tests.waiting import eventually

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",  # the tests may run as root, in a container
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
BAD_IMPACTS = {"serious", "critical"}


@pytest.fixture(scope="session")
def chromium(django_db_setup) -> Iterator[Browser]:
    # Playwright runs an event loop in this thread; the ORM is used from the same thread, never from within the loop.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()
        connections.close_all()  # those made beside the loop, which Django does not find once it is gone


class Visitor:
    """A person at a browser of their own. Anything the browser complains about fails the test."""

    def __init__(self, browser: Browser, server: str, **context: object) -> None:
        self.server = server
        context.setdefault("viewport", {"width": 1440, "height": 900})
        self.context = browser.new_context(base_url=server, locale="en-GB", timezone_id="Europe/London", **context)
        self.context.set_default_timeout(15_000)
        self.complaints: list[str] = []
        self.page = self.new_page()

    def new_page(self) -> Page:
        page = self.context.new_page()
        page.on("console", lambda message: self._note(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def _note(self, kind: str, text: str) -> None:
        # Chromium reports every 4xx answer as an error; tests of refusals look at the page itself.
        if kind == "error" and "Failed to load resource" not in text:
            self.complaints.append(text)

    def sign_in(self, person: User) -> "Visitor":
        """Begin signed in; the sign-in page itself has tests of its own."""
        session = SessionStore()
        session[SESSION_KEY] = str(person.pk)
        session["_auth_user_backend"] = PASSWORD_BACKEND
        session[HASH_SESSION_KEY] = person.get_session_auth_hash()
        session.create()
        self.context.add_cookies([{"name": django_settings.SESSION_COOKIE_NAME, "value": session.session_key, "url": self.server}])
        return self

    def open(self, address: str) -> Response | None:
        """Go there, and wait until what the page asks for next has come, and the browser has said what it has to say."""
        response = self.page.goto(address)
        self.page.wait_for_function("!document.querySelector('[hx-trigger=load]')")
        self.page.wait_for_timeout(50)
        return response

    def check_accessible(self, page: Page | None = None) -> None:
        page = page or self.page
        found = [v for v in Axe().run(page).response["violations"] if v["impact"] in BAD_IMPACTS]
        lines = [f"{v['id']}: {v['help']}\n    " + "\n    ".join(n["html"][:200] for n in v["nodes"][:5]) for v in found]
        assert not found, f"{page.url}\n" + "\n".join(lines)


@pytest.fixture
def visitor(chromium: Browser, live_server) -> Iterator[Callable[..., Visitor]]:
    visitors: list[Visitor] = []

    def arrive(person: User | None = None, **context: object) -> Visitor:
        one = Visitor(chromium, live_server.url, **context)
        visitors.append(one)
        return one.sign_in(person) if person else one

    yield arrive
    for one in visitors:
        one.context.close()
    assert not [complaint for one in visitors for complaint in one.complaints]


@pytest.fixture
def worker(live_server, mail_server, mailbox, tmp_path: Path) -> Iterator[subprocess.Popen]:
    """A Celery worker on the test database, mailing to the mailbox."""
    environment = os.environ | {
        "DATABASE_URL": database_url(),
        "EMAIL_URL": f"smtp://127.0.0.1:{mail_server.port}",
        "SITE_URL": live_server.url,
        "PYTHONUNBUFFERED": "1",
    }
    log = tmp_path / "worker.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "backoffice", "worker", "--loglevel", "INFO", "--concurrency", "1",
             "--without-heartbeat", "--without-gossip", "--without-mingle"],
            env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            eventually(lambda: "ready." in log.read_text(), seconds=30, about=log.read_text)
            yield process
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=20)
