"""Rows that were written in the past, with the history rows that their writing left."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import models

BATCH = 1000


class Past:
    """Collects history rows and writes them oldest first, as if each had been written in its time."""

    def __init__(self) -> None:
        self._models: dict[Any, Any] = {}
        self._rows: dict[Any, list[Any]] = defaultdict(list)

    def create(self, instances: Iterable[Any], *, when: datetime, actor: models.Model, reason: str = "") -> None:
        """Insert instances of one model as `actor` did at `when`."""
        instances = list(instances)
        if not instances:
            return
        model = type(instances[0])
        model._base_manager.bulk_create(instances, batch_size=BATCH)
        dates = [field.name for field in model._meta.fields if field.name in {"created_at", "modified_at"}]
        if dates:  # Django has just set them to now
            model._base_manager.filter(pk__in=[i.pk for i in instances]).update(**dict.fromkeys(dates, when))
        for instance in instances:
            for name in dates:
                setattr(instance, name, when)
            self.note(instance, "+", when=when, actor_id=actor.pk, reason=reason)

    def change(self, instance: Any, *, when: datetime, actor: models.Model, reason: str = "", **values: Any) -> None:
        """Change `instance` as `actor` did at `when`. The row itself is left for the caller to write once, at the end."""
        for name, value in values.items():
            setattr(instance, name, value)
        instance.modified_at = when
        self.note(instance, "~", when=when, actor_id=actor.pk, reason=reason)

    def note(self, instance: Any, kind: str, *, when: datetime, actor_id: int, reason: str = "") -> None:
        """Keep a history row of `instance` as it is now. Kinds: "+" created, "~" changed."""
        history = self._history_of(type(instance))
        values = {field.attname: getattr(instance, field.attname) for field in history.tracked_fields}
        row = history(history_date=when, history_type=kind, history_user_id=actor_id, history_change_reason=reason or None, **values)
        self._rows[history].append(row)

    def _history_of(self, model: Any) -> Any:
        if model not in self._models:  # each `.history` builds a manager class anew
            self._models[model] = model.history.model
        return self._models[model]

    def write(self) -> None:
        for history, rows in self._rows.items():
            history.objects.bulk_create(sorted(rows, key=lambda row: row.history_date), batch_size=BATCH)
        self._rows.clear()
