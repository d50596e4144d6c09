"""The check of a table, whatever its kind: each cell by the rule of its column, each row by itself, then rows against others."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from recipients.imports.cells import Rule, check_code, clean_column, fold
from recipients.imports.columns import Header
from recipients.imports.delimited import Batch
from recipients.imports.problems import CellProblem, Notice, shown
from recipients.imports.reports import Report
from recipients.imports.tables import Table


@dataclass(slots=True)
class Checked:
    """A batch by columns, tidied. Columns that the file lacks are absent; rows with a problem are still in it."""

    lines: Sequence[int]
    columns: dict[str, Sequence[str]]
    problems: list[CellProblem]

    def folded(self, key: str) -> list[str]:
        """A column as its cells are compared."""
        return fold(self.columns[key])

    def column(self, key: str) -> Sequence[str]:
        """Its cells; empty ones, if the file has no such column."""
        return self.columns[key] if key in self.columns else [""] * len(self.lines)


RowCheck = Callable[[Header, Checked], Iterator[CellProblem]]


def check_cells(checked: Checked, header: Header, batch: Batch, rules: Mapping[str, Rule], known: dict[str, set[str]]) -> None:
    """Fill in the columns, and what each cell shows by itself. `known` is kept from one batch to the next."""
    for key, position in header.positions.items():
        values, flaws = clean_column(batch.columns[position], rules[key], known.setdefault(key, set()))
        title = header.title(key)
        checked.columns[key] = values
        checked.problems += [CellProblem(batch.lines[flaw.index], title, shown(flaw.value), flaw.message, flaw.code) for flaw in flaws]


def filled(key: str, message: str | Promise) -> RowCheck:
    """No cell of this column is empty."""

    def check(header: Header, checked: Checked) -> Iterator[CellProblem]:
        values = checked.columns[key]
        if "" in values:
            title = header.title(key)
            for line, value in zip(checked.lines, values, strict=True):
                if not value:
                    yield CellProblem(line, title, "", str(message), "missing")

    return check


@dataclass(slots=True)
class Check[C: Checked](ABC):
    """Goes through a table once, batch by batch, and remembers what only shows across rows.

    Without `across_rows` it remembers nothing and reads the file once: whoever holds all the rows compares them.
    """

    table: Table
    report: Report = field(default_factory=Report)
    across_rows: bool = field(default=True, kw_only=True)
    _known: dict[str, set[str]] = field(default_factory=dict, init=False)

    @property
    @abstractmethod
    def rules(self) -> Mapping[str, Rule]: ...

    @abstractmethod
    def read(self, batch: Batch) -> C:
        """What each row says for itself."""

    @abstractmethod
    def remember(self, checked: C) -> None:
        """Take on what only shows across rows, and add what is known of it already."""

    @abstractmethod
    def look_again(self) -> Iterator[Iterator[CellProblem]]:
        """What shows across rows, once all of them were read: for each pass over the file what it found, by line."""

    def batches(self) -> Iterator[C]:
        """Checked rows, ready to be staged. The report grows meanwhile, and is complete after `finish`.

        Raises:
            StructureProblem: nothing of the file may be used; also after some batches.
        """
        for batch in self.table.batches():
            checked = self.read(batch)
            if checked.columns:
                self.remember(checked)
            self.report.rows += len(batch.rows) + len(batch.problems)
            self.report.blank += batch.blank
            self.report.add(sorted(checked.problems))
            yield checked

    def run(self) -> Report:
        """Read all of it, and say what is wrong."""
        for _checked in self.batches():
            pass
        return self.finish()

    def finish(self, keep: Callable[[CellProblem], object] = bool) -> Report:
        """`keep` is given each problem that shows only now."""
        self.report.notices += [*self.table.header.notices, *self.table.source.notices, *self._numbers()]
        if self.across_rows:
            for found in self.look_again():
                self.report.add_late(_passed_on(found, keep))
        return self.report

    def _numbers(self) -> Iterator[Notice]:
        """Codes that a spreadsheet holds as numbers."""
        header, numeric = self.table.header, self.table.source.numeric
        names = [
            f"“{header.title(key)}”"
            for key, rule in self.rules.items()
            if rule.check is check_code and header.positions.get(key) in numeric
        ]
        if names:
            message = _("%(names)s holds numbers, not text. If codes begin with zeros, format the column as text and enter them again.")
            yield Notice("numbers", message % {"names": ", ".join(names)})


def _passed_on(problems: Iterator[CellProblem], keep: Callable[[CellProblem], object]) -> Iterator[CellProblem]:
    for problem in problems:
        keep(problem)
        yield problem
