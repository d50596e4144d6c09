"""Entries that stand together and were done together, under one line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from audit.models import Entry
from audit.sentences import Sentence


@dataclass(frozen=True, slots=True)
class Line:
    entry: Entry
    sentence: Sentence


@dataclass(frozen=True, slots=True)
class Action:
    """One request, task, command or import, as far as it is on the page."""

    head: Line  # the first thing done, which the others follow from
    lines: tuple[Line, ...]  # newest first, with the head

    @property
    def followers(self) -> tuple[Line, ...]:
        """What came after the head, in the order it was done."""
        return self.lines[-2::-1]

    @property
    def is_group(self) -> bool:
        return len(self.lines) > 1


def actions_of(entries: Sequence[Entry], sentences: Mapping[int, Sentence]) -> list[Action]:
    lines = [Line(entry, sentences[entry.pk]) for entry in entries]
    groups = [tuple(group) for _operation, group in groupby(lines, key=lambda line: line.entry.operation)]
    return [Action(group[-1], group) for group in groups]
