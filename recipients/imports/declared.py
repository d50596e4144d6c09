"""A kind of import that is told by its declaration: columns, rules, what a row must hold, and which rows must agree."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from django.utils.functional import Promise

from recipients.imports.cells import Rule
from recipients.imports.checks import Check, Checked, RowCheck, check_cells
from recipients.imports.columns import ColumnSet
from recipients.imports.delimited import Batch
from recipients.imports.differences import Differences
from recipients.imports.problems import CellProblem, shown
from recipients.imports.sameness import Comparison, Key, Row, Same, compared, keys_of, rows_of, told


@dataclass(frozen=True, slots=True)
class Declaration:
    columns: ColumnSet
    rules: Mapping[str, Rule]
    rows: tuple[RowCheck, ...]
    same: tuple[Same, ...]


@dataclass(slots=True)
class DeclaredCheck(Check[Checked]):
    declaration: Declaration = field(kw_only=True)
    _seen: dict[tuple[Same, Key], Differences] = field(default_factory=dict, init=False)

    @property
    def rules(self) -> Mapping[str, Rule]:
        return self.declaration.rules

    def read(self, batch: Batch) -> Checked:
        checked = Checked(batch.lines, {}, list(batch.problems))
        if batch.rows:
            check_cells(checked, self.table.header, batch, self.rules, self._known)
            for check in self.declaration.rows:
                checked.problems += check(self.table.header, checked)
            checked.problems.sort()
        return checked

    def remember(self, checked: Checked) -> None:
        if not self.across_rows:
            return
        for same in self.declaration.same:
            said = _hashes(checked, same, self.rules)
            for key in same.keys:
                rows = keys_of(checked, key, self.rules)
                there = [index for index, cells in enumerate(rows) if cells]
                seen = self._seen.setdefault((same, key), Differences(all_repeats=same.counts))
                seen.add([hash(rows[index]) for index in there], [said[index] for index in there])

    def look_again(self) -> Iterator[Iterator[CellProblem]]:
        for (same, key), seen in self._seen.items():
            for hashes in seen.found():
                yield self._differences(same, key, hashes)

    def _differences(self, same: Same, key: Key, hashes: set[int]) -> Iterator[CellProblem]:
        """Read the file again, for the rows alone that may not agree with another of the same key."""
        comparison = Comparison(same, key, list(self.table.header.positions))
        firsts: dict[Key, Row] = {}
        for cells, row in self._suspects(key, hashes):
            first = firsts.setdefault(cells, row)
            if first is row or comparison.is_told(first, row):
                continue
            yield from self._told(comparison, first, row, same.remedy)
            if same.counts and first.cells == row.cells:
                self.report.duplicates += 1

    def _told(self, comparison: Comparison, first: Row, row: Row, remedy: str | Promise) -> Iterator[CellProblem]:
        header = self.table.header
        for column in comparison.differing(first, row):
            by = ", ".join(f"“{header.title(key)}”" for key in comparison.by)
            here, there = (self.rules[column].in_words(comparison.cell(other, column)) for other in (row, first))
            message = told(here, there, {"line": first.line, "by": by, "first": shown(there)}, remedy)
            yield CellProblem(row.line, header.title(column), shown(here), message, "conflict")

    def _suspects(self, key: Key, hashes: set[int]) -> Iterator[tuple[Key, Row]]:
        for batch in self.table.batches():
            checked = self.read(batch)
            if not checked.columns:
                continue
            keys = keys_of(checked, key, self.rules)
            wanted = [index for index, cells in enumerate(keys) if cells and hash(cells) in hashes]
            if wanted:
                rows = rows_of(checked, self.table.header, self.rules, wanted)
                yield from zip((keys[index] for index in wanted), rows, strict=True)


def _hashes(checked: Checked, same: Same, rules: Mapping[str, Rule]) -> list[int]:
    columns = [compared(checked, column, rules[column]) for column in same.says if column in checked.columns]
    return list(map(hash, zip(*columns, strict=True))) if columns else [0] * len(checked.lines)
