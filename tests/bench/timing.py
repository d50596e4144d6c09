"""How time and buffers are taken: limit and subject in turns, so that a busy neighbour disturbs both."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from statistics import median as middle
from typing import Any

import psycopg
from django.db import connection

from tests.bench import server


def seconds(act: Callable[[], Any]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def in_turns(
    limit: Callable[[], Any], subject: Callable[[], Any], *, rounds: int = 9, before: Callable[[], Any] = bool
) -> tuple[float, float]:
    """Median seconds of `limit` and of `subject`, after one unmeasured call of each; `before` precedes both, untimed."""
    limit(), subject()
    pairs = [(before(), seconds(limit), seconds(subject))[1:] for _ in range(rounds)]
    return middle(pair[0] for pair in pairs), middle(pair[1] for pair in pairs)


@contextmanager
def bare_connection() -> Iterator[psycopg.Connection]:
    """psycopg as it comes, on the database that Django uses now."""
    with psycopg.connect(server.SERVER.url(connection.settings_dict["NAME"]), autocommit=True) as bare:
        yield bare


@contextmanager
def on_database(name: str) -> Iterator[None]:
    """Django's connection goes to another database meanwhile."""
    here = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = here


def on_scale(scale: str) -> AbstractContextManager[None]:
    return on_database(server.database(scale))


def statements(act: Callable[[], Any]) -> list[tuple[str, Any]]:
    """The SQL, with its parameters, that `act` sends through Django."""
    sent: list[tuple[str, Any]] = []

    def note(execute: Callable, sql: str, params: Any, many: bool, context: dict) -> Any:
        sent.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        act()
    return sent


def buffers(act: Callable[[], Any], *, before: Callable[[], Any] = bool) -> int:
    """Shared buffers that the statements of `act` touch, in memory or not; `before` makes the ground what `act` found."""
    before()
    sent = statements(act)
    before()
    return sum(_buffers(sql, params) for sql, params in sent)


def _buffers(sql: str, params: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {sql}", params)
        answer = cursor.fetchone()[0]
    plan = (json.loads(answer) if isinstance(answer, str) else answer)[0]["Plan"]
    return plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]


def resident(peak: bool = False) -> float:
    """MB of memory this process holds now, or held at most since `forget_peak`."""
    wanted = "VmHWM:" if peak else "VmRSS:"
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(wanted)) / 1024


def forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
