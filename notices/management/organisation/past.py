"""Rows that are written as if in the past: dated back, with the history that their writing left then."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from operator import itemgetter
from typing import Any

from django.db import connection, models

from audit.attribution import acting
from audit.maintenance import set_moment
from audit.models import Entry
from audit.models.fields import ENTRY_IDS, HISTORY_IDS
from audit.sources import Source

BATCH = 1000


class Past:
    """To be used under `audit.maintenance`, the only role that may date back."""

    def __init__(self) -> None:
        self._notes: dict[Any, list[tuple[datetime, int, str, dict[str, Any]]]] = defaultdict(list)

    def create(self, instances: Iterable[Any], *, when: datetime, actor: models.Model, reason: str = "") -> None:
        """Insert instances of one model as `actor` did at `when`."""
        instances = list(instances)
        if not instances:
            return
        model = type(instances[0])
        with _at(when), _dated(model, instances, when), acting(actor, reason=reason):
            model._base_manager.bulk_create(instances, batch_size=BATCH)

    def change(self, instance: Any, *, when: datetime, actor: models.Model, reason: str = "", **values: Any) -> None:
        """Change `instance` as `actor` did at `when`."""
        values["modified_at"] = when
        for name, value in values.items():
            setattr(instance, name, value)
        with _at(when), acting(actor, reason=reason):
            type(instance)._base_manager.filter(pk=instance.pk).update(**values)

    def note(self, instance: Any, kind: str, *, when: datetime, actor_id: int) -> None:
        """Keep a history row of `instance` as it is now, for `write`: one of thousands that were not recorded."""
        values = {field.attname: getattr(instance, field.attname) for field in instance._meta.concrete_fields}
        self._notes[type(instance)].append((when, actor_id, kind, values))

    def write(self) -> None:
        """Write what was noted, oldest first."""
        for model, notes in self._notes.items():
            self._write(model, sorted(notes, key=itemgetter(0)))

    def _write(self, model: Any, notes: list[tuple[datetime, int, str, dict[str, Any]]]) -> None:
        history, part_of = model.history.model, model._meta.get_field(model.history.model.part_of[0]).attname
        entry_ids, history_ids, stamp = _numbers(ENTRY_IDS, len(notes)), _numbers(HISTORY_IDS, len(notes)), _stamp()
        entries, rows = [], []
        for (when, actor_id, kind, values), entry_id, history_id in zip(notes, entry_ids, history_ids, strict=True):
            entries.append(
                Entry(
                    id=entry_id,
                    at=when,
                    user_id=actor_id,
                    source=Source.INBOX,
                    operation=int(when.timestamp() * 1_000_000) << 10 | entry_id % 1024,
                    model=model._meta.label_lower,
                    kind=kind,
                    count=1,
                    history_first=history_id,
                    history_last=history_id,
                    object_id=values[model._meta.pk.attname],
                    subject_id=values[part_of],
                    history_stamp=stamp,
                )
            )
            of_the_trail = {"history_id": history_id, "history_entry_id": entry_id, "history_stamp": stamp, "history_user_id": actor_id}
            rows.append(history(history_date=when, history_type=kind, **of_the_trail, **values))
        Entry.objects.bulk_create(entries, batch_size=BATCH)
        history.objects.bulk_create(rows, batch_size=BATCH)


@contextmanager
def _at(when: datetime) -> Iterator[None]:
    set_moment(when)
    yield
    set_moment(None)


@contextmanager
def _dated(model: Any, instances: list[Any], when: datetime) -> Iterator[None]:
    """Django fills in these dates when it saves; here they are `when`."""
    dates = [field for field in model._meta.fields if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)]
    kept = [(field.auto_now, field.auto_now_add) for field in dates]
    for field in dates:
        field.auto_now = field.auto_now_add = False
        for instance in instances:
            if getattr(instance, field.attname) is None:
                setattr(instance, field.attname, when)
    try:
        yield
    finally:
        for field, (auto_now, auto_now_add) in zip(dates, kept, strict=True):
            field.auto_now, field.auto_now_add = auto_now, auto_now_add


def _numbers(sequence: str, count: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(%s) FROM generate_series(1, %s)", [sequence, count])
        return [number for (number,) in cursor.fetchall()]


def _stamp() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_stamp()")
        return cursor.fetchone()[0]
