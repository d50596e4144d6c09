"""Run everything on a believable organisation: `make demo`."""

import io
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import IO

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from backoffice.demo import cast, database, guard
from backoffice.demo.ports import HOST, Ports, choose_ports
from backoffice.demo.screen import Screen
from backoffice.demo.static_files import collect_if_changed
from backoffice.demo.supervisor import ChildDiedError, Supervisor

SECONDS_TO_START = 60


class Command(BaseCommand):
    help = "Run the product on a believable organisation, with everything it needs. Ctrl-C stops it all."
    requires_system_checks = []  # the second start is to take seconds

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="where the web listens (default: 8000)")
        parser.add_argument("--reset", action="store_true", help="delete the demo's data and start over")

    def handle(self, *args, port: int, reset: bool, **options) -> None:
        guard.refuse_production()
        self.screen = Screen(self.stdout, self.style)
        self.folder = Path(settings.VAR_DIR).resolve() / "demo"
        self.folder.mkdir(parents=True, exist_ok=True)
        with guard.only_one(self.folder / "lock") as lock, _stopping_on_signals(), _postgres_stopped_at_the_end(self.screen):
            try:
                ports = choose_ports(port)
                self._prepare(reset=reset)
                self._run(ports, lock)
            except KeyboardInterrupt:
                self.screen.lines("", "  Stopped. The data is kept: make demo goes on with it.")
            except ChildDiedError as error:
                raise CommandError(error) from None

    def _prepare(self, *, reset: bool) -> None:
        guard.refuse_real_data(reset=reset)
        if reset:
            with self.screen.step("Deleting what was there"):
                database.empty()
                shutil.rmtree(self.folder / "mail", ignore_errors=True)
                anchors = settings.AUDIT_ANCHOR_FILE
                for told in (anchors, f"{anchors}.counters", settings.AUDIT_SIGNING_KEY_FILE):  # of the database that is gone
                    if Path(told).resolve().is_relative_to(self.folder.parent):
                        Path(told).unlink(missing_ok=True)
                if Path(settings.MEDIA_ROOT).resolve().is_relative_to(self.folder.parent):
                    shutil.rmtree(settings.MEDIA_ROOT, ignore_errors=True)
        if not database.is_migrated():
            with self.screen.step("Creating the tables"):
                call_command("migrate", interactive=False, verbosity=0)
        if database.is_marked():
            self.screen.done("The organisation is as you left it")
        else:
            with self.screen.step("Loading the organisation") as step:
                summary = io.StringIO()
                call_command("load_organisation", stdout=summary)
                step.outcome = f"Loaded {summary.getvalue().strip()}"
        with self.screen.step("Collecting the static files") as step:
            if not collect_if_changed(self.folder / "static"):
                step.outcome = "The static files are unchanged"
        connection.close()

    def _run(self, ports: Ports, lock: IO[str]) -> None:
        with Supervisor(self.folder, self._environment(ports), settings.BASE_DIR, keep_open=(lock.fileno(),)) as processes:
            with self.screen.step("Starting web, worker, clock and mail catcher") as step:
                commands = _commands(ports, self.folder)
                processes.start("web", commands.pop("web"))  # people wait for it, so it has the processors for itself
                if not processes.wait_until(lambda: _status(ports.web) > 0, seconds=SECONDS_TO_START):
                    msg = f"The web does not answer after {SECONDS_TO_START} seconds. See {self.folder / 'web.log'}"
                    raise CommandError(msg)
                for name, command in commands.items():
                    processes.start(name, command)
                step.outcome = "Web, worker, clock and mail catcher run"
            pids = " ".join(str(child.process.pid) for child in processes.children)
            lock.write(f" at http://localhost:{ports.web}. Stop it with Ctrl-C where it was started, or: kill {os.getpid()} {pids}")
            lock.flush()
            self._welcome(ports)
            try:
                processes.watch()
            except KeyboardInterrupt:
                self.screen.lines("")
                with self.screen.step("Stopping") as step:
                    processes.stop()
                    step.outcome = "Everything has stopped"
                raise

    def _environment(self, ports: Ports) -> dict[str, str]:
        """The children serve this demo and no other: what must fit together is said, the rest is as it was."""
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "backoffice.settings",
            "VAR_DIR": str(self.folder.parent),
            "SITE_URL": f"http://localhost:{ports.web}",
            "EMAIL_URL": f"smtp://{HOST}:{ports.smtp}",
            "AUDIT_ANCHOR_MAIL": "compliance@example.org",
            "PYTHONUNBUFFERED": "1",
        }
        if settings.EMBEDDED_POSTGRES is not None:
            # By address, so that no child starts a server that nobody would stop.
            environment["DATABASE_URL"] = settings.EMBEDDED_POSTGRES.url()
        return environment

    def _welcome(self, ports: Ports) -> None:
        status = _status(ports.web)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self.screen.lines("", f"  {self.style.WARNING(f'The sign-in page answers {status}; see {self.folder}/web.log')}")
        self.screen.lines(
            "",
            f"  Sign in           {self.style.SUCCESS(f'http://localhost:{ports.web}')}",
            f"  Mails it sent     http://localhost:{ports.mail_page}",
            f"  Logs              {self.folder}/*.log",
            "",
            f"  Everyone's password is {self.style.SUCCESS(cast.PASSWORD)}",
            *(f"    {username:<8}{role:<19}{purpose}" for username, role, purpose in cast.SIGN_INS),
            "",
            "  Ctrl-C stops it all and keeps the data. make demo RESET=1 starts over.",
        )


def _commands(ports: Ports, folder: Path) -> dict[str, list[str]]:
    python, celery = [sys.executable, "-m"], [sys.executable, "-m", "celery", "-A", "backoffice"]
    return {
        "mail catcher": [
            *(*python, "backoffice.demo.catcher", "--smtp", str(ports.smtp), "--web", str(ports.mail_page)),
            *("--folder", str(folder / "mail")),
        ],
        "web": [
            *(*python, "gunicorn", "backoffice.wsgi", "--bind", f"{HOST}:{ports.web}", "--preload", "--workers", "2", "--threads", "4"),
            *("--graceful-timeout", "1", "--no-control-socket"),
        ],
        "worker": [*celery, "worker", "--loglevel", "INFO", "--concurrency", "2"],
        "clock": [*celery, "beat", "--loglevel", "INFO"],
    }


def _status(port: int) -> int:
    """What the sign-in page answers; 0 when nobody does yet."""
    web = HTTPConnection(HOST, port, timeout=10)
    try:
        web.request("GET", "/sign-in/")
        return web.getresponse().status
    except (OSError, HTTPException):
        return 0
    finally:
        web.close()


@contextmanager
def _stopping_on_signals() -> Iterator[None]:
    """A closed terminal and a plain `kill` mean the same as Ctrl-C."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    for number in before:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _postgres_stopped_at_the_end(screen: Screen) -> Iterator[None]:
    """The embedded server goes as it came: whoever started it before this command keeps it."""
    server = settings.EMBEDDED_POSTGRES
    try:
        yield
    finally:
        connection.close()
        if server is not None and getattr(server, "started_here", True):
            server.stop()
