"""Two versions side by side: the fields that differ, and what was added to and taken from what belongs to the object."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.text import capfirst

from audit.object_history.branches import Branch
from audit.object_history.diffs import FieldDifference, differences
from audit.object_history.lines import mentioned, reading
from audit.object_history.points import Point, row_at, rows_at, touched_between
from audit.sentences.names import Names
from audit.sentences.words import plural_of

MOST_SHOWN = 200  # rows of one branch

type Values = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Replaced:
    name: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class SetDifference:
    label: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    replaced: tuple[Replaced, ...]
    more: bool  # than are shown


@dataclass(frozen=True, slots=True)
class Comparison:
    fields: tuple[FieldDifference, ...]
    sets: tuple[SetDifference, ...]

    def __bool__(self) -> bool:
        return bool(self.fields or self.sets)


def compare(model: Any, pk: int, branches: Sequence[Branch], old: Point, new: Point, *, reader: Any) -> Comparison:
    """What differs between two points. What was not there has no fields."""
    before, now = row_at(model, pk, old), row_at(model, pk, new)
    fields: list[FieldDifference] = []
    if before is not None and now is not None:
        names = Names([*mentioned(before, old.at), *mentioned(now, new.at)], reader)
        reads = {id(before): reading(names, old.at), id(now): reading(names, new.at)}
        fields = differences(before, now, lambda version, field: reads[id(version)](version, field))
    found = (_set_difference(branch, pk, old, new, reader) for branch in branches)
    return Comparison(tuple(fields), tuple(difference for difference in found if difference is not None))


def _set_difference(branch: Branch, pk: int, old: Point, new: Point, reader: Any) -> SetDifference | None:
    earlier, later = sorted((old, new))
    key = branch.model._meta.pk.attname
    touched = [row[key] for row in touched_between(branch, pk, earlier, later)[: MOST_SHOWN + 1]]
    if not touched:
        return None
    then, now = (list(rows_at(branch, pk, point).filter(**{f"{key}__in": touched[:MOST_SHOWN]})) for point in (old, new))
    before, after = Counter(_values(branch, then)), Counter(_values(branch, now))
    wording = Wording(branch, [*then, *now], later.at, reader)
    removed, added = list((before - after).elements()), list((after - before).elements())
    replaced = list(_replaced(removed, added))
    difference = SetDifference(
        label_of(branch),
        tuple(sorted(wording.of(values) for values in added)),
        tuple(sorted(wording.of(values) for values in removed)),
        tuple(Replaced(wording.name(was), wording.rest(was), wording.rest(now)) for was, now in replaced),
        more=len(touched) > MOST_SHOWN,
    )
    return difference if difference.added or difference.removed or difference.replaced or difference.more else None


def label_of(branch: Branch) -> str:
    return capfirst(plural_of(branch.model))


def _values(branch: Branch, rows: Iterable[Any]) -> Iterator[Values]:
    return (tuple(getattr(row, field.attname) for field in branch.shown) for row in rows)


def _replaced(removed: list[Values], added: list[Values]) -> Iterator[tuple[Values, Values]]:
    """Take out of both what has the same name in each, once."""
    gone, come = Counter(values[0] for values in removed), Counter(values[0] for values in added)
    for was in [values for values in removed if gone[values[0]] == come[values[0]] == 1]:
        now = next(values for values in added if values[0] == was[0])
        removed.remove(was)
        added.remove(now)
        yield was, now


class Wording:
    """Rows of a branch in words: the name, and what else tells them apart."""

    def __init__(self, branch: Branch, rows: Iterable[Any], at: datetime, reader: Any) -> None:
        rows = list(rows)
        self.fields = branch.shown
        names = Names((reference for row in rows for reference in mentioned(row, at)), reader)
        read = reading(names, at)
        self._words: dict[tuple[str, Any], str] = {(f.name, getattr(row, f.attname)): read(row, f) for row in rows for f in self.fields}

    def of(self, values: Values) -> str:
        rest = self.rest(values)
        return f"{self.name(values)} ({rest})" if rest else self.name(values)

    def name(self, values: Values) -> str:
        return self._words[self.fields[0].name, values[0]]

    def rest(self, values: Values) -> str:
        told = [(field, self._words[field.name, value]) for field, value in zip(self.fields[1:], values[1:], strict=True)]
        return ", ".join(f"{field.verbose_name}: {words}" for field, words in told if words)
