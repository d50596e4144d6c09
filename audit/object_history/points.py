"""Moments of the trail, and what an object and what belongs to it were then."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from audit.object_history.branches import Branch
from audit.records import NEWEST_FIRST
from audit.triggers.recording import history_of

LAST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """Everything that was recorded up to and including this history row."""

    at: datetime
    history_id: int = LAST_ID


def up_to(point: Point) -> Q:
    # The first condition alone is a range of the index.
    return Q(history_date__lte=point.at) & (Q(history_date__lt=point.at) | Q(history_id__lte=point.history_id))


def after(point: Point) -> Q:
    return Q(history_date__gte=point.at) & (Q(history_date__gt=point.at) | Q(history_id__gt=point.history_id))


def rows_of(model: Any, pk: int) -> QuerySet:
    return history_of(model)._default_manager.filter(**{model._meta.pk.attname: pk}).order_by(*NEWEST_FIRST)


def row_at(model: Any, pk: int, point: Point) -> Any:
    """The object's own newest version then; of kind “-” if it was gone, None if it was not there yet."""
    return rows_of(model, pk).filter(up_to(point)).select_related("history_user").first()


def recorded(model: Any, pk: int, branches: Iterable[Branch], history_id: int) -> Any:
    """The history row of that number, if it tells of the object or of what belongs to it; else None."""
    sources = [rows_of(model, pk), *(_rows_of_branch(branch, pk) for branch in branches)]
    rows = (source.filter(history_id=history_id).select_related("history_user").first() for source in sources)
    return next((row for row in rows if row is not None), None)


def _rows_of_branch(branch: Branch, pk: int) -> QuerySet:
    return branch.history._default_manager.filter(**{branch.field.attname: pk})


def rows_at(branch: Branch, pk: int, point: Point) -> QuerySet:
    """The rows of a branch that were there then, each in its version of then; in no order."""
    key = branch.model._meta.pk.attname
    newer = branch.history._default_manager.filter(**{key: OuterRef(key)}).filter(
        up_to(point),
        Q(history_date__gt=OuterRef("history_date")) | Q(history_date=OuterRef("history_date"), history_id__gt=OuterRef("history_id")),
    )
    return _rows_of_branch(branch, pk).filter(up_to(point)).exclude(history_type="-").exclude(Exists(newer))


def touched_between(branch: Branch, pk: int, old: Point, new: Point) -> QuerySet:
    """The keys of the rows of a branch of which something was recorded after `old` and up to `new`."""
    key = branch.model._meta.pk.attname
    return _rows_of_branch(branch, pk).filter(after(old), up_to(new)).order_by().values(key).distinct()
