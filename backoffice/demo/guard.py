"""The demo never mixes with real data, and never runs twice in one place."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from django.conf import settings
from django.core.management.base import CommandError

from backoffice.demo import database


def refuse_production() -> None:
    if settings.PRODUCTION:
        msg = "ENVIRONMENT is “production”. The demo has made-up people with a known password: run it elsewhere, without ENVIRONMENT."
        raise CommandError(msg)


def refuse_real_data(*, reset: bool) -> None:
    """Raises CommandError when the database holds what the demo did not make."""
    if database.is_marked():
        return
    if settings.EMBEDDED_POSTGRES is None and (database.has_people() or database.is_someone_elses()):
        msg = "DATABASE_URL leads to a database with data that is not the demo's. Unset DATABASE_URL, or create an empty database for it."
        raise CommandError(msg)
    if database.has_people() and not reset:
        msg = (
            f"The database in {settings.VAR_DIR} holds people that the demo did not make. "
            "Keep them and run the demo elsewhere: VAR_DIR=/tmp/demo make demo. Or delete them: make demo RESET=1"
        )
        raise CommandError(msg)


@contextmanager
def only_one(file: Path) -> Iterator[IO[str]]:
    """Hold a lock on `file`, in which the holder says where it runs. Its children inherit and so prolong it.

    Raises:
        CommandError: a demo, or what a killed one left, holds it.
    """
    with file.open("a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            msg = f"The demo runs already{handle.read()}"
            raise CommandError(msg) from None
        handle.truncate(0)
        yield handle
