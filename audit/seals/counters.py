"""How far the database had come with what cannot be taken back and leaves no row of the trail, such as mails: told outside.

A copy from before knows of less than the file says. It is no evidence, and nobody signs it: it keeps an older copy that
was restored from doing again what it does not know to be done.
"""

import json
import os
from pathlib import Path
from typing import Any, cast

from django.db import connection, models, transaction

from audit.seals import anchors

TAIL = 1 << 12  # bytes at the end of the file, some dozens of lines; the newest alone would do
Counts = dict[str, int]  # of each model, the number of its newest row
_counted: list[type[models.Model]] = []
LAST = "'{name}', coalesce(pg_sequence_last_value(pg_get_serial_sequence('{table}', '{key}')::regclass), 0)"


def count(model: type[models.Model]) -> None:
    """Whatever cannot be taken back begins with a new row of `model`, whether it stays or not."""
    _counted.append(model)


def reached_sql() -> str:
    """An expression that gives how far the database is, for `read`."""
    named = ((model._meta.label_lower, model._meta.db_table, model._meta.pk.column) for model in _counted)
    return f"jsonb_build_object({', '.join(LAST.format(name=name, table=table, key=key) for name, table, key in named)})::text"


def read(reached: str) -> Counts:
    return cast("Counts", json.loads(reached))


def path() -> Path:
    return anchors.path().with_name(f"{anchors.path().name}.counters")


def note(epoch: int) -> None:
    """Tell the file, unless it knows as much."""
    reached = _on_disk()
    if _is_ahead(reached, _told(epoch)):
        anchors.append(path(), json.dumps({"epoch": epoch, "reached": reached}) + "\n")


def is_ahead(epoch: int, of: Counts) -> bool:
    """Whether the file knows of more than the database `of` which this is, in an epoch that is not over."""
    return _is_ahead(_told(epoch), of)


def last_epoch() -> int:
    return max((line["epoch"] for line in _lines()), default=0)


def _is_ahead(these: Counts, those: Counts) -> bool:
    return any(number > those.get(name, 0) for name, number in these.items())


def _told(epoch: int) -> Counts:
    """The most of each that the last lines say: two processes may have written at once."""
    told: Counts = {}
    for line in _lines():
        if line["epoch"] >= epoch:
            told |= {name: max(number, told.get(name, 0)) for name, number in line["reached"].items()}
    return told


def _lines() -> list[dict[str, Any]]:
    try:
        with path().open("rb") as file:
            file.seek(max(file.seek(0, os.SEEK_END) - TAIL, 0))
            lines = file.read().splitlines()
    except FileNotFoundError:
        return []
    return [found for line in lines if (found := _read(line))]


def _read(line: bytes) -> dict[str, Any] | None:
    """None for half a line."""
    try:
        return cast("dict[str, Any]", json.loads(line))
    except ValueError:
        return None


@transaction.atomic
def _on_disk() -> Counts:
    """A number that a crash undid is given out again, and would look like a copy from before."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {reached_sql()}")
        (reached,) = cursor.fetchone()
        cursor.execute("SET LOCAL synchronous_commit = on")
        cursor.execute("SELECT pg_current_xact_id()")  # so that there is something to commit, and with it all before
    return read(reached)
