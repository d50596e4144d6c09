"""The lock that a worker's processes share goes with whoever holds it. That whole workers outlive it stands in `tests/faults`."""

import os
import signal
import threading
from multiprocessing import get_context

import pytest

from backoffice.pool import ProcessLock
from tests.waiting import eventually


@pytest.fixture
def taken():
    """By a process that holds on to it."""
    lock, is_held = ProcessLock(), get_context("fork").Event()

    def hold() -> None:
        with lock:
            is_held.set()
            signal.pause()

    holder = get_context("fork").Process(target=hold, daemon=True)
    holder.start()
    assert is_held.wait(10)
    yield lock, holder
    holder.kill()
    holder.join(10)


def test_two_processes_never_hold_it_at_once(taken):
    lock, _holder = taken
    got = threading.Event()
    waiting = threading.Thread(target=lambda: [lock.acquire(), got.set()], daemon=True)
    waiting.start()
    assert not got.wait(0.3)


def test_whoever_is_killed_gives_it_up(taken):
    lock, holder = taken
    os.kill(holder.pid, signal.SIGKILL)
    got = threading.Event()
    threading.Thread(target=lambda: [lock.acquire(), got.set()], daemon=True).start()
    eventually(got.is_set)
