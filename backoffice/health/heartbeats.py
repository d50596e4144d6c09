"""The clock and the workers say in the database that they live. All moments are the database's: hosts may disagree about the time.

The clock's sign of life is given by a task, so it says that clock, queue and a worker work end to end. A worker's is given
by its main process, also while all of its children are busy.
"""

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

INTERVAL = 15  # seconds between two signs of life of a worker
SILENT = timedelta(seconds=60)  # without one, a worker is taken for dead
CLOCK_SILENT = timedelta(seconds=120)  # the clock's comes each 30 s
FORGOTTEN = timedelta(days=1)
CLOCK, WORKER = "clock", "worker"

# A new worker takes the place of a dead one with the same name; what has been gone for a day is nobody's concern any more.
_BEAT = """
    INSERT INTO backoffice_heartbeat AS h (name, node, processes, busy, began_at, at)
    VALUES (%(name)s, %(node)s, %(processes)s, %(busy)s, clock_timestamp(), clock_timestamp())
    ON CONFLICT (name) DO UPDATE SET at = clock_timestamp(), processes = excluded.processes, busy = excluded.busy,
        began_at = CASE WHEN h.at < clock_timestamp() - %(silent)s THEN clock_timestamp() ELSE h.began_at END
"""
_FORGET = """
    DELETE FROM backoffice_heartbeat
    WHERE name <> %(name)s AND (at < clock_timestamp() - %(forgotten)s
          OR (node = %(node)s AND node <> '' AND at < clock_timestamp() - %(silent)s))
"""
_LIVES = "SELECT name, node, began_at, at, processes, busy, clock_timestamp() FROM backoffice_heartbeat ORDER BY name"


@dataclass(frozen=True, slots=True)
class Life:
    """What is known of the clock or of one worker."""

    name: str
    node: str
    began_at: datetime
    at: datetime
    processes: int
    busy: int
    now: datetime

    @property
    def age(self) -> timedelta:
        return self.now - self.at

    @property
    def is_silent(self) -> bool:
        return self.age > (CLOCK_SILENT if self.name == CLOCK else SILENT)

    @property
    def has_listened_for_long(self) -> bool:
        """Long enough to have heard the clock."""
        return self.now - self.began_at > CLOCK_SILENT

    @property
    def process(self) -> str:
        """The number of its process."""
        return self.name.rpartition(" ")[2]


def clock_ticked() -> None:
    _beat(name=CLOCK)


def worker_lives(node: str, *, processes: int, busy: int) -> None:
    _beat(name=_worker(node), node=node, processes=processes, busy=busy)


def worker_leaves(node: str) -> None:
    """It was stopped in good order, so nobody need worry about its silence."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM backoffice_heartbeat WHERE name = %s", [_worker(node)])


def clock() -> Life | None:
    return next((life for life in all_lives() if life.name == CLOCK), None)


def workers() -> list[Life]:
    return [life for life in all_lives() if life.name != CLOCK]


def _worker(node: str) -> str:
    return f"{WORKER} {node} {os.getpid()}"


def _beat(*, name: str, node: str = "", processes: int = 0, busy: int = 0) -> None:
    known: dict[str, Any] = {"name": name, "node": node, "processes": processes, "busy": busy, "silent": SILENT, "forgotten": FORGOTTEN}
    with connection.cursor() as cursor:
        cursor.execute(_BEAT, known)
        cursor.execute(_FORGET, known)


def all_lives() -> list[Life]:
    with connection.cursor() as cursor:
        cursor.execute(_LIVES)
        return [Life(*row) for row in cursor.fetchall()]
