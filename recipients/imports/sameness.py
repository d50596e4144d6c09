"""Rows of a file that are about the same thing: they must say the same of it. What differs is told on the later row."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from recipients.imports.cells import Rule, fold
from recipients.imports.checks import Checked
from recipients.imports.columns import Header

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Same:
    """Rows with the same key must have the same cells in the columns `says`.

    A thing may go by several keys, as a person does by number and by e-mail; one whose first cell is empty is none. Keys are
    compared without case and Unicode form, and must be written alike all the same.
    """

    keys: tuple[Key, ...]
    says: Key
    remedy: str | Promise = field(compare=False)
    counts: bool = True  # rows that are alike throughout are counted as repeated


@dataclass(frozen=True, slots=True)
class Row:
    line: int
    cells: dict[str, str]  # as compared
    wrong: frozenset[str]  # columns that were told already


def compared(checked: Checked, column: str, rule: Rule) -> Sequence[str]:
    """A column as its cells are held against those of other rows."""
    values = checked.folded(column) if rule.caseless else checked.columns[column]
    if rule.default and "" in values:
        default = str(rule.default)
        return [value or default for value in values]
    return values


def keys_of(checked: Checked, key: Key, rules: Mapping[str, Rule]) -> list[tuple[str, ...]]:
    """The key of each row; empty for a row without it."""
    if key[0] not in checked.columns:
        return [()] * len(checked.lines)
    parts = [fold(compared(checked, column, rules[column])) for column in key if column in checked.columns]
    return [cells if cells[0] else () for cells in zip(*parts, strict=True)]


def rows_of(checked: Checked, header: Header, rules: Mapping[str, Rule]) -> Iterator[Row]:
    columns = list(checked.columns)
    titles = {header.title(column): column for column in columns}
    wrong: dict[int, set[str]] = {}
    for problem in checked.problems:
        wrong.setdefault(problem.line, set()).add(titles.get(problem.column, ""))
    rows = zip(*(compared(checked, column, rules[column]) for column in columns), strict=True)
    for line, cells in zip(checked.lines, rows, strict=True):
        yield Row(line, dict(zip(columns, cells, strict=True)), frozenset(wrong.get(line, ())))


def differing(same: Same, first: Row, row: Row) -> list[str]:
    """Columns in which `row` says otherwise than the first one with its key. If they are different names, no more than these."""
    skip = first.wrong | row.wrong
    columns = [column for column in same.says if column in row.cells and column not in skip and row.cells[column] != first.cells[column]]
    return [column for column in columns if (column,) in same.keys] or columns


def share(key: Key, first: Row, row: Row) -> bool:
    """Whether both rows have this key."""
    mine, theirs = ([other.cells.get(column, "") for column in key] for other in (first, row))
    return bool(mine[0]) and fold(mine) == fold(theirs)


def told(here: str, there: str, facts: dict[str, Any], remedy: str | Promise) -> str:
    """The message for a cell; of the first row it names the line, what it says, and the columns by which it is about the same."""
    if here and fold([here]) == fold([there]):
        return _("Differs from “%(first)s” on line %(line)d only in how it is written. Write it the same way.") % facts
    filled = _("Line %(line)d, with the same %(by)s, says “%(first)s” here.")
    said = filled if there else _("Line %(line)d, with the same %(by)s, says nothing here.")
    return f"{said % facts} {remedy}"
