"""An answer in time, or none: what asks another machine may hang for longer than any time-out promises."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

CONNECT = 2  # seconds; the driver knows no less


def within[T](seconds: float, work: Callable[[], T]) -> T:
    """What `work` returns or raises.

    Raises:
        TimeoutError: it is not done yet. It goes on by itself, and nobody waits for it.
    """
    answer: list[tuple[T | None, Exception | None]] = []

    def run() -> None:
        try:
            answer.append((work(), None))
        except Exception as error:  # noqa: BLE001 - raised again where it is waited for
            answer.append((None, error))

    thread = Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if not answer:
        msg = f"no answer within {seconds:g} seconds"
        raise TimeoutError(msg)
    value, error = answer[0]
    if error is not None:
        raise error
    return value  # type: ignore[return-value]


@contextmanager
def impatient_database(milliseconds: int) -> Iterator[None]:
    """A connection of its own takes the place of this thread's: it gives up soon, is made when it is needed, and closed at the end."""
    before = connections[DEFAULT_DB_ALIAS]
    own: Any = before.copy()
    own.settings_dict["OPTIONS"] = own.settings_dict.get("OPTIONS", {}) | {"connect_timeout": CONNECT}
    prepare = own.init_connection_state

    def prepare_with_a_limit() -> None:
        prepare()
        own.connection.execute("SELECT set_config('statement_timeout', %s, false)", [str(milliseconds)])

    own.init_connection_state = prepare_with_a_limit
    connections[DEFAULT_DB_ALIAS] = own
    try:
        yield
    finally:
        own.close()
        connections[DEFAULT_DB_ALIAS] = before
