"""What every fault test has: people to tell, a mail server with a script, workers that can be killed, and the accounts afterwards."""

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from django.db import Error, connection, connections

from backoffice.postgres import THROW_AWAY, EmbeddedServer
from notices.invariants import disagreements, violations
from notices.models import ApprovalMail, Delivery, Notice, OutgoingMail, ReminderMail
from notices.services import DeliveryService
from notices.services.sending.claims import LEASE, settle
from recipients.models import User
from tests.clock import pass_time
from tests.faults.smtp import ScriptedServer, willing
from tests.faults.workers import Crew
from tests.makers import make_draft, make_published
from tests.smtp import mailers
from tests.waiting import eventually

REPEAT = int(os.environ.get("FAULTS_REPEAT", "1"))
PEOPLE = int(os.environ.get("FAULTS_PEOPLE", "12"))
State = Delivery.State
ENDED = {State.SENT, State.FAILED, State.UNKNOWN, State.SUPPRESSED, State.CANCELLED}


def often(always: list, repeated: list) -> list:
    """Cases of every run, and more for those that repeat each fault."""
    return always + (repeated if REPEAT > 1 else [])


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each fault is injected as often as `FAULTS_REPEAT` says."""
    if "run" in metafunc.fixturenames:
        metafunc.parametrize("run", range(REPEAT))


@dataclass
class Account:
    """What became of one run of a fault."""

    fault: str
    states: Counter = field(default_factory=Counter)
    lost: int = 0
    doubled: int = 0


ACCOUNTS: list[Account] = []


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if not ACCOUNTS or REPEAT == 1:
        return
    terminalreporter.section("fault -> runs: lost, doubled, unknown")
    for fault in dict.fromkeys(account.fault for account in ACCOUNTS):
        mine = [account for account in ACCOUNTS if account.fault == fault]
        unknown = sum(account.states[State.UNKNOWN] for account in mine)
        lost, doubled = sum(account.lost for account in mine), sum(account.doubled for account in mine)
        terminalreporter.write_line(f"{fault:<90} {len(mine):>4}: lost {lost}, doubled {doubled}, unknown {unknown}")


@pytest.fixture
def server(settings) -> Iterator[ScriptedServer]:
    server = ScriptedServer()
    settings.MAILERS = mailers(server.port)
    settings.MAILERS["default"]["OPTIONS"]["timeout"] = 2
    yield server
    server.stop()


@pytest.fixture
def readers(transactional_db) -> list[User]:
    return User.objects.bulk_create(User(username=f"reader{n}", email=f"reader{n}@example.org") for n in range(PEOPLE))


@pytest.fixture
def notice(alice, readers) -> Notice:
    return make_published(author=alice, people=tuple(readers))


PROCESSES: list["Process"] = []


@pytest.fixture(autouse=True)
def _no_worker_outlives_its_test() -> Iterator[None]:
    yield
    while PROCESSES:
        PROCESSES.pop().kill()


class Process:
    """Something that is done in a process of its own, which may be killed."""

    def __init__(self, act: Callable[[], Any]) -> None:
        self._process = get_context("fork").Process(target=lambda: apart(act), daemon=True)
        self._process.start()
        PROCESSES.append(self)

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill(self) -> None:
        self._process.kill()
        self._process.join(20)

    def ends(self, seconds: float = 60) -> int | None:
        """Its exit code; that of a killed one is negative."""
        self._process.join(seconds)
        return self._process.exitcode


def apart(act: Callable[[], Any]) -> None:
    """Connections that were there before the fork are the parent's. Neither used nor closed here: it would hear of that."""
    inherited = connections.all(initialized_only=True)
    for theirs in inherited:
        del connections[theirs.alias]
    act()
    del inherited


@pytest.fixture
def mend(server) -> Callable[[], int]:
    """As if no message had ever reached a worker: a lease goes by, and the sweep finds everything. Returns how many sweeps it took."""

    def until_all_has_ended(*, sweeps: int = 2) -> int:
        server.script = willing
        pass_time(LEASE + timedelta(seconds=1))
        for number in range(1, sweeps + 1):
            sweep()
            if not Delivery.objects.exclude(state__in=ENDED).exists():
                return number
            pass_time(timedelta(hours=1))  # whatever is to be tried again is due
        raise AssertionError(Counter(Delivery.objects.values_list("state", flat=True)))

    return until_all_has_ended


def sweep() -> None:
    """What the task does, with every hint taken up at once."""
    settle([Delivery, ApprovalMail, ReminderMail])
    for notice_id in DeliveryService.mend():
        while DeliveryService.deliver(notice_id):
            pass


@pytest.fixture
def accounts(request, server) -> Callable[..., Counter]:
    """The invariants hold, nobody was lost and nobody mailed twice. Returns how many mails of `model` are in which state."""

    def check(*, sent_again: int = 0, model: type[OutgoingMail] = Delivery) -> Counter:
        states = Counter(model.objects.values_list("state", flat=True))
        account = Account(f"{request.node.path.stem}::{_of_all_runs(request.node)}", states)
        account.lost = sum(count for state, count in states.items() if state not in ENDED)
        account.doubled = len(server.accepted) - len(set(server.accepted))
        ACCOUNTS.append(account)
        assert violations() + disagreements(server.accepted, sent_again=sent_again) == []
        assert (account.lost, account.doubled) == (0, sent_again)
        return states

    return check


def _of_all_runs(test: pytest.Function) -> str:
    """Its name without the number of the run, which stands first."""
    run = test.callspec.params["run"]
    return test.name.replace(f"[{run}]", "").replace(f"[{run}-", "[")


def answers() -> bool:
    try:
        connection.close()
        return Notice.objects.exists()
    except Error:
        return False


@pytest.fixture
def postgres(transactional_db) -> EmbeddedServer:
    """The server of the tests."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW data_directory")
        return EmbeddedServer(Path(cursor.fetchone()[0]), settings=THROW_AWAY)


@pytest.fixture
def crash(postgres) -> Callable[[], None]:
    """The server ends as in a power cut, and is started again."""

    def immediately() -> None:
        pid = int((postgres.data_dir / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, signal.SIGQUIT)
        eventually(lambda: not postgres.is_running(), seconds=60)
        postgres.start()

    return immediately


@pytest.fixture
def draft(alice, readers):
    return make_draft(author=alice, people=tuple(readers))


@pytest.fixture
def crew(transactional_db, server, tmp_path):
    crew = Crew("", server.port, tmp_path)
    yield crew
    crew.kill()


@pytest.fixture
def empty_the_broker() -> Callable[[], None]:
    def purge() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pgmq.purge_queue(queue_name) FROM pgmq.list_queues()")
        connection.close()

    return purge
