"""A PostgreSQL that may be stopped, and the project's processes, each of its own."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import connection

from backoffice.health.ready import prober
from backoffice.postgres import THROW_AWAY, EmbeddedServer

WORKER = [sys.executable, "-m", "celery", "-A", "backoffice", "worker", "--loglevel", "INFO", "--concurrency", "1",
          "--without-heartbeat", "--without-gossip", "--without-mingle"]  # fmt: skip


@dataclass
class Diagnosis:
    """What the doctor said."""

    ok: bool
    findings: list[dict[str, str]]
    checks: list[str]
    not_looked_at: list[str]

    @classmethod
    def read(cls, text: str, code: int) -> "Diagnosis":
        told: dict[str, Any] = json.loads(text)
        assert (told["ok"], code) in {(True, 0), (False, 1)}
        return cls(**told)

    def of(self, check: str) -> list[tuple[str, str]]:
        """The level of each finding of this check, and its sentences."""
        assert check in self.checks
        return [(one["level"], f"{one['text']} {one['remedy']}") for one in self.findings if one["check"] == check]


@pytest.fixture
def doctor(capsys) -> Callable[[], Diagnosis]:
    """`manage.py doctor`, in this process."""

    def ask() -> Diagnosis:
        code = 0
        try:
            call_command("doctor", "--json")
        except SystemExit as left:
            code = left.code
        return Diagnosis.read(capsys.readouterr().out, code)

    return ask


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    """An answer holds for a second, for whoever asks; each test asks anew."""
    prober.__init__()
    yield
    prober.__init__()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen]]:
    """Starts a process of the project on the test database; at the end none is left."""
    where = connection.settings_dict
    url = f"postgres://{where['USER']}@{quote(where['HOST'], safe='')}/{where['NAME']}"
    started: list[subprocess.Popen] = []

    def begin(command: list[str], **environment: str) -> subprocess.Popen:
        with (tmp_path / f"{len(started)}.log").open("w") as output:
            process = subprocess.Popen(
                command,
                env=os.environ | {"DATABASE_URL": url, "PYTHONUNBUFFERED": "1"} | environment,
                cwd=django_settings.BASE_DIR,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=20)


@pytest.fixture(scope="session")
def spare_server() -> Iterator[EmbeddedServer]:
    """A PostgreSQL without any table, which nobody else needs."""
    folder = Path(tempfile.mkdtemp(prefix="staff-notices-test-"))
    folder.chmod(0o755)  # the system user that runs it can get there
    (folder / "owner").write_text(str(os.getpid()))  # so that `tests.plugin` removes it if this run is killed, and not before
    server = EmbeddedServer(folder / "server", settings=THROW_AWAY)
    yield server
    server.remove()
    shutil.rmtree(folder)


@pytest.fixture
def elsewhere(spare_server, django_db_blocker) -> Iterator[EmbeddedServer]:
    """The project's connections lead to the spare server, which runs."""
    spare_server.start()
    with django_db_blocker.unblock(), _leading_to(spare_server):
        yield spare_server


@contextmanager
def _leading_to(server: EmbeddedServer) -> Iterator[None]:
    where = connection.settings_dict
    before = {name: where[name] for name in ("HOST", "PORT", "NAME", "USER")}
    connection.close()
    where.update({"HOST": str(server.socket_dir), "PORT": "", "NAME": "postgres", "USER": "postgres"})
    try:
        yield
    finally:
        connection.close()
        where.update(before)
