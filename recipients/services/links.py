"""Links between two things, written set by set: one statement, so one entry in the trail for any number of them."""

from collections.abc import Collection, Mapping
from typing import Any

from django.db import models


class TargetMissingError(LookupError):
    """Something that was to be linked no longer exists."""


def add(model: Any, owner: Mapping[str, models.Model], column: str, ids: Collection[int]) -> int:
    """Link `owner` to each of `ids` by `column`, but for those that are linked already. Returns how many were new."""
    missing = sorted(set(ids) - set(_links(model, owner, column, ids).values_list(column, flat=True)))
    target = model._meta.get_field(column.removesuffix("_id")).remote_field.model
    if target._base_manager.filter(pk__in=missing).count() != len(missing):
        raise TargetMissingError
    model.objects.bulk_create([model(**owner, **{column: pk}) for pk in missing])
    return len(missing)


def remove(model: Any, owner: Mapping[str, models.Model], column: str, ids: Collection[int]) -> int:
    """Returns how many of the links existed."""
    return _links(model, owner, column, ids).delete()[0]


def _links(model: Any, owner: Mapping[str, models.Model], column: str, ids: Collection[int]) -> models.QuerySet:
    return model.objects.filter(**owner, **{f"{column}__in": ids})
