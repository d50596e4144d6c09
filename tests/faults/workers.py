"""Real Celery workers, a real clock (beat) and real brokers, in processes of their own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings

from tests.processes import environment
from tests.smtp import free_port
from tests.waiting import eventually

ALL_DAY = "00:00-23:59"  # people are reminded at whatever hour the tests run
QUIET = ("--without-heartbeat", "--without-gossip", "--without-mingle")


class Started:
    """A program with all its children, its output in a file."""

    def __init__(self, name: str, command: list[str], folder: Path, env: dict[str, str]) -> None:
        self.log = folder / f"{name}-{free_port()}.log"
        with self.log.open("w") as output:
            self._process = subprocess.Popen(
                command, env=env, cwd=settings.BASE_DIR, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )
        self.pid = self._process.pid

    def says(self, words: str, *, seconds: float = 60) -> "Started":
        eventually(lambda: words in self.log.read_text(), seconds=seconds, about=self.log.read_text)
        return self

    def children(self) -> list[int]:
        return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text(encoding="ascii").split()]

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait(20)

    def stop(self) -> int:
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
        return self._process.wait(60)


class Crew:
    """Workers and beats on one broker, mailing to one port."""

    def __init__(self, broker_url: str, port: int, folder: Path) -> None:
        mail = f"smtp://127.0.0.1:{port}"
        self._env = environment(CELERY_BROKER_URL=broker_url, EMAIL_URL=mail, PYTHONUNBUFFERED="1", WORKING_HOURS=ALL_DAY)
        self._folder, self._all = folder, []

    def worker(self, *, before: tuple[str, ...] = ()) -> Started:
        """`before` runs it under another program, such as a faked clock."""
        command = [*before, sys.executable, "-m", "celery", "-A", "backoffice", "worker", "--loglevel", "INFO", "-c", "2", *QUIET]
        return self._start("worker", command).says("ready.")

    def beat(self) -> Started:
        schedule = str(self._folder / f"schedule-{free_port()}")
        command = [sys.executable, "-m", "celery", "-A", "backoffice", "beat", "--loglevel", "INFO", "-s", schedule, "--pidfile="]
        return self._start("beat", command).says("Sending due task")

    def _start(self, name: str, command: list[str]) -> Started:
        started = Started(name, command, self._folder, self._env)
        self._all.append(started)
        return started

    def kill(self) -> None:
        for started in self._all:
            started.kill()


@contextmanager
def redis(folder: Path) -> Iterator[tuple[str, Callable[[], None]]]:
    """Its URL, and a way to kill it, with all that it holds, and start it anew."""
    port = free_port()
    command = [_program("redis-server"), "--port", str(port), "--save", "", "--appendonly", "no", "--dir", str(folder)]
    with _server("redis", command, port, folder, dict(os.environ)) as again:
        yield f"redis://127.0.0.1:{port}/0", again


@contextmanager
def rabbitmq(folder: Path) -> Iterator[tuple[str, Callable[[], None]]]:
    """The same for RabbitMQ; its queues go with its folder."""
    port, dist = free_port(), free_port()
    data = folder / "rabbitmq"
    env = os.environ | {
        "RABBITMQ_NODENAME": f"faults{port}@localhost",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(dist),
        "RABBITMQ_MNESIA_BASE": str(data),
        "RABBITMQ_LOG_BASE": str(data / "log"),
        "RABBITMQ_PID_FILE": str(data / "pid"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(data / "plugins"),
        "HOME": str(folder),
    }

    def wiped() -> None:
        shutil.rmtree(data, ignore_errors=True)
        (data / "log").mkdir(parents=True)

    wiped()
    with _server("rabbitmq", ["/usr/lib/rabbitmq/bin/rabbitmq-server"], port, folder, env, wiped) as again:
        yield f"amqp://guest:guest@127.0.0.1:{port}//", again


@contextmanager
def _server(
    name: str, command: list[str], port: int, folder: Path, env: dict[str, str], between: Callable[[], None] = bool
) -> Iterator[Callable[[], None]]:
    running: list[Started] = []

    def start() -> None:
        running.append(Started(name, command, folder, env))
        eventually(lambda: _listens(port), seconds=90, about=running[-1].log.read_text)

    def again() -> None:
        running[-1].kill()
        between()
        start()

    start()
    try:
        yield again
    finally:
        running[-1].kill()


def _program(name: str) -> str:
    found = shutil.which(name)
    assert found, f"Install {name}: apt-get install redis-server rabbitmq-server faketime"
    return found


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
