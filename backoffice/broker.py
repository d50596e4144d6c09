"""Celery's default broker: a queue inside the project's own PostgreSQL, so that nothing else must run.

A message is only a hint to look at the database now; losing or repeating one does no harm.
kombu's `pgmq` transport is used without its connection pool. That one delays the exit of any process
that published (by 21 s), hangs for 30 s when the server is away and ignores Django's OPTIONS.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from queue import Empty
from threading import RLock
from time import monotonic, sleep
from typing import Any

import psycopg
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from kombu.transport import TRANSPORT_ALIASES, pgmq
from pgmq import PGMQueue
from pgmq.install import get_embedded_install_sql
from psycopg.errors import InvalidSchemaName, UndefinedTable

DATABASE_BROKER_URL = f"django-pgmq://{DEFAULT_DB_ALIAS}"
TRANSPORT_ALIASES["django-pgmq"] = f"{__name__}:Transport"

# Seconds until a message whose worker died comes again. Less than any task may run (CELERY_TASK_TIME_LIMIT; imports, 19 minutes)
# would start a running one twice.
VISIBILITY_TIMEOUT = 20 * 60
IDLE_INTERVAL = 0.2  # between two looks at an empty queue
BUSY_INTERVAL = 0.02  # the same shortly after a message; it limits how many tasks start per second


def broker_settings(url: str | None) -> tuple[str, dict[str, Any]]:
    """The values of CELERY_BROKER_URL and CELERY_BROKER_TRANSPORT_OPTIONS."""
    if not url:
        return DATABASE_BROKER_URL, {"visibility_timeout": VISIBILITY_TIMEOUT, "wait_time_seconds": 0}
    redis = {"visibility_timeout": VISIBILITY_TIMEOUT, "socket_connect_timeout": 1}
    return url, redis if url.startswith("redis") else {}


class OneConnection:
    """What pgmq needs of a psycopg pool: one connection, opened when needed, and no threads."""

    def __init__(self, alias: str) -> None:
        self._alias = alias
        self._lock = RLock()  # Celery acknowledges in another thread than the one that polls
        self._connection: psycopg.Connection | None = None
        self._pid = 0

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection]:
        with self._lock:
            if self._connection is None or self._connection.closed or self._pid != os.getpid():
                self._connection, self._pid = self._connect(), os.getpid()
            yield self._connection

    def close(self) -> None:
        with self._lock:
            if self._connection and self._pid == os.getpid():  # not the one of the parent process
                self._connection.close()
            self._connection = None

    def _connect(self) -> psycopg.Connection:
        # Asked for each time: in tests the alias means the test database. Django's adapters would hand over JSON as text.
        params = {"connect_timeout": 2, **connections[self._alias].get_connection_params()}
        return psycopg.connect(**{**params, "context": None, "cursor_factory": None}, autocommit=True)


class Channel(pgmq.Channel):
    def close(self) -> None:
        # What a shutdown cuts short goes to the next worker at once; what outlives a lost connection stays hidden.
        self.qos.restore_at_shutdown = _is_stopping()
        super().close()


class Transport(pgmq.Transport):
    """Connects as Django does, stops quickly, and waits for the first `migrate` as for a server that is away."""

    Channel = Channel
    connection_errors: Any = (*pgmq.Transport.connection_errors, InvalidSchemaName, UndefinedTable)
    client: Any
    cycle: Any
    _last_message = 0.0

    def drain_events(self, connection: object, timeout: float | None = None, **_: Any) -> None:
        deadline = monotonic() + (inf if timeout is None else timeout)
        while True:
            try:
                self.cycle.get(self._deliver, timeout=timeout)
            except Empty:
                if _is_stopping() or monotonic() >= deadline:
                    raise TimeoutError from None
            else:
                self._last_message = monotonic()
                return
            sleep(BUSY_INTERVAL if monotonic() - self._last_message < 1 else IDLE_INTERVAL)

    def _create_pgmq_client(self) -> PGMQueue:
        pool: Any = OneConnection(self.client.hostname)
        client = PGMQueue(pool=pool, conn_string="", init_extension=False)  # "" or it reads DATABASE_URL
        client._own_pool = True  # closing the transport shall close the connection
        return client


def _is_stopping() -> bool:
    state = sys.modules.get("celery.worker.state")  # imported by workers only; it takes half a second
    return state is not None and (state.should_stop, state.should_terminate) != (None, None)


def install_queue(*, using: str = DEFAULT_DB_ALIAS, **_: object) -> None:
    """Create pgmq's tables and functions, once, however many processes come here: a receiver of `post_migrate`."""
    if using != DEFAULT_DB_ALIAS or settings.CELERY_BROKER_URL != DATABASE_BROKER_URL:
        return
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('pgmq.install'))")
        cursor.execute("SELECT to_regclass('pgmq.meta') IS NULL")
        if cursor.fetchone()[0]:
            cursor.execute(get_embedded_install_sql())
