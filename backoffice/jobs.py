"""Long work, a transaction of its own at a time, and yet seen by others while it goes on.

How far it is and whether it shall stop is told on a second connection, which commits at once. That connection also holds
an advisory lock for as long as the work goes on: a second worker is turned away, and work whose worker died is found by
its free lock. Nothing hangs on a clock.

    with running("imports.read", import_id) as run:
        for batch in batches:
            …
            run.tell("reading", done, total)  # raises Stopped if somebody asked for it
        run.finish()  # in the transaction that records the outcome
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Any

from django.db import DEFAULT_DB_ALIAS, Error, connection, connections, transaction

from backoffice import clock
from backoffice.models import Job

INTERVAL = 0.5  # seconds between two tellings
PATIENCE = timedelta(seconds=20)  # a worker takes work up sooner, unless all of them are busy
KEY = "hashtextextended(%s::text || ':' || {}::text, 0)"


class Busy(Exception):  # noqa: N818 - not a failure
    """Another worker is at it, or it is finished."""


class Stopped(Exception):  # noqa: N818 - not a failure
    """Somebody asked to stop. What was written in the transaction is rolled back by whoever raised it on."""


@dataclass(frozen=True, slots=True)
class Progress:
    """`total` is 0 and `seconds_left` None while nobody can know."""

    phase: str
    done: int
    total: int
    seconds_left: int | None
    stop_asked: bool
    is_waiting: bool  # no worker has taken it up yet

    @property
    def percent(self) -> int | None:
        return min(100, 100 * self.done // self.total) if self.total else None


class Run:
    def __init__(self, kind: str, object_id: int, own: Any, attempt: int) -> None:
        self.kind, self.object_id, self.attempt = kind, object_id, attempt
        self._own = own
        self._phase, self._next = "", 0.0
        self._is_over = False

    def tell(self, phase: str, done: int = 0, total: int = 0) -> None:
        """Cheap enough to call for every batch.

        Raises:
            Stopped: somebody asked for it.
        """
        now = monotonic()
        if self._is_over or (phase == self._phase and now < self._next):
            return
        begun = phase != self._phase
        self._phase, self._next = phase, now + INTERVAL
        sql = (
            "UPDATE backoffice_job SET phase = %s, done = %s, total = %s, phase_at = CASE WHEN %s THEN clock_timestamp() ELSE phase_at END "
            "WHERE kind = %s AND object_id = %s RETURNING stop_asked"
        )
        with self._own.cursor() as cursor:
            cursor.execute(sql, [phase, done, total, begun, self.kind, self.object_id])
            row = cursor.fetchone()
        if row and row[0]:
            raise Stopped

    def finish(self, *, even_if_stopped: bool = False) -> None:
        """Nothing can stop it from here on; the row goes with the caller's transaction.

        Raises:
            Stopped: somebody asked for it just before.
        """
        job = Job.objects.select_for_update().filter(kind=self.kind, object_id=self.object_id).first()
        if job is not None and job.stop_asked and not even_if_stopped:
            raise Stopped
        Job.objects.filter(kind=self.kind, object_id=self.object_id).delete()
        self._is_over = True  # the second connection would wait for this one for ever


@transaction.atomic
def ask_for(kind: str, object_id: int) -> None:
    """Put work on record, to be done by a task that the caller sends off after commit; the sweep sends it again if it is lost."""
    fresh = {"phase": "", "done": 0, "total": 0, "attempts": 0, "stop_asked": False, "asked_at": clock.now(), "phase_at": None}
    Job.objects.update_or_create(kind=kind, object_id=object_id, defaults=fresh)


def ask_to_stop(kind: str, object_id: int) -> bool:
    """False: there is nothing to stop any more."""
    return bool(Job.objects.filter(kind=kind, object_id=object_id).update(stop_asked=True))


@contextmanager
def running(kind: str, object_id: int) -> Iterator[Run]:
    """Be the one who does this work.

    Raises:
        Busy: somebody else is, or nobody asked for it any more.
    """
    own: Any = connections[DEFAULT_DB_ALIAS].copy()
    try:
        with own.cursor() as cursor:
            cursor.execute(f"SELECT pg_try_advisory_lock({KEY.format('%s')})", [kind, object_id])
            if not cursor.fetchone()[0] or not Job.objects.filter(kind=kind, object_id=object_id).exists():
                raise Busy
            cursor.execute(
                "UPDATE backoffice_job SET attempts = attempts + 1 WHERE kind = %s AND object_id = %s RETURNING attempts", [kind, object_id]
            )
            row = cursor.fetchone()
        yield Run(kind, object_id, own, row[0] if row else 1)
    finally:
        with suppress(Error), own.cursor() as cursor:  # closing only asks the server to let go, some time
            cursor.execute("SELECT pg_advisory_unlock_all()")
        own.close()


@transaction.atomic
def lost(kind: str) -> list[int]:
    """Work of this kind that is on record and that nobody is at: its message was lost, or its worker died."""
    sql = f"""
        SELECT object_id FROM (SELECT object_id FROM backoffice_job WHERE kind = %s AND asked_at < %s OFFSET 0) j
        WHERE pg_try_advisory_xact_lock({KEY.format("object_id")}) ORDER BY object_id
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [kind, clock.now() - PATIENCE, kind])
        return [object_id for (object_id,) in cursor.fetchall()]


def progress_of(kind: str, object_id: int) -> Progress | None:
    """None: it is finished, or was never asked for."""
    job = Job.objects.filter(kind=kind, object_id=object_id).first()
    if job is None:
        return None
    return Progress(job.phase, job.done, job.total, _seconds_left(job), job.stop_asked, is_waiting=not job.attempts)


def _seconds_left(job: Job) -> int | None:
    if not (job.total and job.done and job.phase_at):
        return None
    spent = (clock.now() - job.phase_at).total_seconds()
    return max(0, round(spent * (job.total - job.done) / job.done))
