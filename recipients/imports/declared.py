"""A kind of import that is told by its declaration: columns, rules, what a row must hold, and which rows must agree."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from recipients.imports.cells import Rule
from recipients.imports.checks import Check, Checked, RowCheck, check_cells
from recipients.imports.columns import ColumnSet
from recipients.imports.delimited import Batch
from recipients.imports.differences import Differences
from recipients.imports.problems import CellProblem, shown
from recipients.imports.sameness import Key, Row, Same, compared, differing, keys_of, rows_of, share, told


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

    def look_again(self) -> None:
        for (same, key), seen in self._seen.items():
            for hashes in seen.found():
                self.report.add_late(self._differences(same, key, hashes))

    def _differences(self, same: Same, key: Key, hashes: set[int]) -> Iterator[CellProblem]:
        """Read the file again, for the rows alone that may not agree with another of the same key."""
        earlier = same.keys[: same.keys.index(key)]
        firsts: dict[Key, Row] = {}
        for cells, row in self._suspects(key, hashes):
            first = firsts.setdefault(cells, row)
            if first is row or any(share(other, first, row) for other in earlier):
                continue
            yield from self._told(same, key, first, row)
            if same.counts and first.cells == row.cells:
                self.report.duplicates += 1

    def _told(self, same: Same, key: Key, first: Row, row: Row) -> Iterator[CellProblem]:
        header = self.table.header
        by = ", ".join(f"“{header.title(column)}”" for column in key if column in row.cells)
        for column in differing(same, first, row):
            here, there = (self.rules[column].in_words(other.cells[column]) for other in (row, first))
            message = told(here, there, {"line": first.line, "by": by, "first": shown(there)}, same.remedy)
            yield CellProblem(row.line, header.title(column), shown(here), message, "conflict")

    def _suspects(self, key: Key, hashes: set[int]) -> Iterator[tuple[Key, Row]]:
        for batch in self.table.batches():
            checked = self.read(batch)
            if not checked.columns:
                continue
            keys = keys_of(checked, key, self.rules)
            if hashes.isdisjoint(map(hash, keys)):
                continue
            for cells, row in zip(keys, rows_of(checked, self.table.header, self.rules), strict=True):
                if cells and hash(cells) in hashes:
                    yield cells, row


def _hashes(checked: Checked, same: Same, rules: Mapping[str, Rule]) -> list[int]:
    columns = [compared(checked, column, rules[column]) for column in same.says if column in checked.columns]
    return list(map(hash, zip(*columns, strict=True))) if columns else [0] * len(checked.lines)
