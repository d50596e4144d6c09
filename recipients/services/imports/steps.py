"""A plan in steps: small enough to tell how far it is, and along groups, so that each group's history has entries of its own."""

from collections.abc import Iterator
from dataclasses import dataclass

from recipients.models import Import
from recipients.services.imports.sql import fetch

MOST_STEPS = 200  # of groups one by one; a file that names more of them goes in steps of several
LARGE, LARGEST = 20_000, 100_000  # rows

BY_GROUP = """
    SELECT min(number), max(number), count(*), count(person_id), count(recipient_id) FROM recipients_importrow
    WHERE batch_id = %s AND outcome = %s GROUP BY group_id, person_id IS NULL ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Step:
    """Rows of one outcome with numbers from `first` to `last`."""

    first: int
    last: int
    count: int
    person_id: int  # how many of them
    recipient_id: int

    def __add__(self, other: "Step") -> "Step":
        return Step(
            self.first,
            other.last,
            self.count + other.count,
            self.person_id + other.person_id,
            self.recipient_id + other.recipient_id,
        )


def steps_of(batch: Import, outcome: str) -> Iterator[Step]:
    groups = [Step(*row) for row in fetch(BY_GROUP, [batch.pk, outcome])]
    for step in groups if len(groups) <= MOST_STEPS else _joined(groups):
        yield from _divided(step)


def _joined(groups: list[Step]) -> Iterator[Step]:
    whole = groups[0]
    for step in groups[1:]:
        if whole.count >= LARGE:
            yield whole
            whole = step
        else:
            whole += step
    yield whole


def _divided(step: Step) -> Iterator[Step]:
    """Numbers of a group follow each other, so a part of them is a part of the rows."""
    for first in range(step.first, step.last + 1, LARGEST):
        last = min(first + LARGEST - 1, step.last)
        yield Step(first, last, min(step.count, last - first + 1), step.person_id, step.recipient_id)
