"""The whole of an object as it was at a point: its fields, and what belonged to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, TextField
from django.utils.text import capfirst

from audit.object_history.branches import UNINTERESTING, Branch
from audit.object_history.comparing import Wording, label_of
from audit.object_history.lines import mentioned, reading
from audit.object_history.points import Point, row_at, rows_at
from audit.sentences.names import Names
from backoffice.richtext import render_rich_text
from backoffice.richtext_field import RichTextField

MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Fact:
    name: str
    label: str
    value: str
    is_text: bool  # formatted, over several lines


@dataclass(frozen=True, slots=True)
class Belongings:
    label: str
    names: tuple[str, ...]
    more: int  # than are named


@dataclass(frozen=True, slots=True)
class State:
    point: Point
    row: Any  # the object's own version
    facts: tuple[Fact, ...]
    belongings: tuple[Belongings, ...]


def state_at(model: Any, pk: int, branches: Sequence[Branch], point: Point, *, reader: Any) -> State | None:
    """None where the object was not there: not yet, or no more."""
    row = row_at(model, pk, point)
    if row is None or row.history_type == "-":
        return None
    found = (_belongings(branch, pk, point, reader) for branch in branches)
    return State(point, row, tuple(_facts(row, point, reader)), tuple(b for b in found if b.names))


def _facts(row: Any, point: Point, reader: Any) -> list[Fact]:
    read = reading(Names(mentioned(row, point.at), reader), point.at)
    fields = [f for f in row.tracked_fields if not f.primary_key and f.name not in UNINTERESTING]
    facts = []
    for field in sorted(fields, key=lambda f: not isinstance(f, (CharField, TextField))):  # what it is called, and says, comes first
        is_text = isinstance(field, RichTextField)
        value = render_rich_text(getattr(row, field.attname)) if is_text else read(row, field)
        if value:
            facts.append(Fact(field.name, capfirst(str(field.verbose_name)), value, is_text))
    return facts


def _belongings(branch: Branch, pk: int, point: Point, reader: Any) -> Belongings:
    there = rows_at(branch, pk, point)
    rows = list(there.order_by("history_date", "history_id")[: MOST_SHOWN + 1])
    more = there.count() - MOST_SHOWN if len(rows) > MOST_SHOWN else 0
    wording = Wording(branch, rows[:MOST_SHOWN], point.at, reader)
    values = (tuple(getattr(row, field.attname) for field in branch.shown) for row in rows[:MOST_SHOWN])
    return Belongings(label_of(branch), tuple(sorted(wording.of(v) for v in values)), more)
