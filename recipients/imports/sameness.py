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
NOTHING: frozenset[str] = frozenset()


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
    cells: tuple[str, ...]  # as compared
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


def rows_of(checked: Checked, header: Header, rules: Mapping[str, Rule], wanted: Sequence[int]) -> Iterator[Row]:
    """Those at the places `wanted`."""
    titles = {header.title(column): column for column in checked.columns}
    wrong: dict[int, set[str]] = {}
    for problem in checked.problems:
        wrong.setdefault(problem.line, set()).add(titles.get(problem.column, ""))
    rows = list(zip(*(compared(checked, column, rules[column]) for column in checked.columns), strict=True))
    for index in wanted:
        line = checked.lines[index]
        yield Row(line, rows[index], frozenset(wrong[line]) if line in wrong else NOTHING)


class Comparison:
    """Rows of a table held against the first one with the same key. `columns` are those of the table, in the order of the cells."""

    def __init__(self, same: Same, key: Key, columns: Sequence[str]) -> None:
        self._same = same
        self._at = {column: place for place, column in enumerate(columns)}
        self._earlier = same.keys[: same.keys.index(key)]
        self.by = [column for column in key if column in self._at]

    def differing(self, first: Row, row: Row) -> list[str]:
        """Columns in which `row` says otherwise. If they are different names of the thing, no more than these."""
        if first.cells == row.cells:
            return []
        skip = first.wrong | row.wrong
        columns = [column for column in self._same.says if column in self._at and column not in skip]
        columns = [column for column in columns if self.cell(row, column) != self.cell(first, column)]
        return [column for column in columns if (column,) in self._same.keys] or columns

    def cell(self, row: Row, column: str) -> str:
        return row.cells[self._at[column]] if column in self._at else ""

    def is_told(self, first: Row, row: Row) -> bool:
        """Whether the two share an earlier key too, by which they were compared already."""
        return any(self._share(key, first, row) for key in self._earlier)

    def _share(self, key: Key, first: Row, row: Row) -> bool:
        mine, theirs = ([self.cell(other, column) for column in key] for other in (first, row))
        return bool(mine[0]) and (mine == theirs or fold(mine) == fold(theirs))


def told(here: str, there: str, facts: dict[str, Any], remedy: str | Promise) -> str:
    """The message for a cell; of the first row it names the line, what it says, and the columns by which it is about the same."""
    if here and fold([here]) == fold([there]):
        return _("Differs from “%(first)s” on line %(line)d only in how it is written. Write it the same way.") % facts
    filled = _("Line %(line)d, with the same %(by)s, says “%(first)s” here.")
    said = filled if there else _("Line %(line)d, with the same %(by)s, says nothing here.")
    return f"{said % facts} {remedy}"
