"""Who writes, why, and through which door: said once, read by the triggers from settings of the transaction."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, replace
from secrets import randbelow
from typing import Any

from django.db import connection, transaction
from psycopg.pq import TransactionStatus

from audit.sources import Source

SET = "SELECT " + ", ".join(f"set_config('audit.{name}', %s, true)" for name in ("actor", "reason", "source", "source_detail", "operation"))


NOTHING = ("",) * 5


@dataclass(frozen=True, slots=True)
class Attribution:
    source: Source
    source_detail: str
    operation: int
    actor_id: int | None = None
    reason: str = ""
    is_set: bool = False  # in the transaction that runs now

    def settings(self) -> tuple[str, ...]:
        actor = "" if self.actor_id is None else str(self.actor_id)
        return actor, self.reason, self.source, self.source_detail, str(self.operation)


_current: ContextVar[Attribution | None] = ContextVar("attribution", default=None)


@contextmanager
def operation(source: Source, detail: str = "") -> Iterator[None]:
    """Everything written meanwhile is one operation that came through `source`: a request, a task, a command.

    It sets nothing in the database: whoever writes says so by `acting`. Within one it is a part of what goes on.
    """
    outer = _current.get()
    if outer is not None and outer.is_set:
        yield
        return
    token = _current.set(_operation(source, detail))
    try:
        yield
    finally:
        _current.reset(token)


@contextmanager
def acting(actor: Any, *, reason: str = "") -> Iterator[None]:
    """Attribute what is written meanwhile to `actor` (None: the system itself) and open a transaction if none is.

    Inside another `acting` it takes over the reason, unless it gives one.
    """
    outer = _current.get() or _operation(Source.PROGRAM, "")
    inner = replace(outer, actor_id=getattr(actor, "pk", None), reason=reason or outer.reason, is_set=True)
    if inner == outer:
        yield
        return
    with nullcontext() if connection.in_atomic_block else transaction.atomic():
        _set(inner.settings())
        token = _current.set(inner)
        try:
            yield
        finally:
            _current.reset(token)
            _set(outer.settings() if outer.is_set else NOTHING)


def _operation(source: Source, detail: str) -> Attribution:
    # Microseconds and a random part: unique without asking the database, and in the order of time.
    number = (time.time_ns() // 1000 << 10) | randbelow(1 << 10)
    return Attribution(source, detail, number)


def _set(values: tuple[str, ...]) -> None:
    if connection.needs_rollback or connection.connection.info.transaction_status == TransactionStatus.INERROR:
        return  # what failed is rolled back, and the settings with it
    with connection.cursor() as cursor:
        cursor.execute(SET, values)
