"""What a check found: the first problems, how many there are in all, and a summary in words."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from recipients.imports.problems import CellProblem, Notice

KEPT = 200


@dataclass(slots=True)
class Report:
    rows: int = 0
    blank: int = 0
    duplicates: int = 0
    problems: list[CellProblem] = field(default_factory=list)  # the first of them, by line
    counts: Counter[str] = field(default_factory=Counter)  # all of them, by column
    notices: list[Notice] = field(default_factory=list)

    @property
    def problem_count(self) -> int:
        return self.counts.total()

    @property
    def is_clean(self) -> bool:
        return not self.counts

    def add(self, problems: Iterable[CellProblem]) -> None:
        """Take problems on, in the order of their lines."""
        for problem in problems:
            self.counts[problem.column] += 1
            if len(self.problems) < KEPT:
                self.problems.append(problem)

    def add_late(self, problems: Iterable[CellProblem]) -> None:
        """The same for those found on another pass, which begins at the top again."""
        late = Report()
        late.add(problems)
        self.counts += late.counts
        self.problems = sorted(self.problems + late.problems)[:KEPT]

    def all_notices(self) -> list[Notice]:
        told = list(self.notices)
        if self.blank:
            told.append(
                Notice("blank", ngettext("%d blank row was passed over.", "%d blank rows were passed over.", self.blank) % self.blank)
            )
        if self.duplicates:
            text = ngettext("%d row repeats another one and counts once.", "%d rows repeat others and count once.", self.duplicates)
            told.append(Notice("duplicate", text % self.duplicates))
        return told

    def summary(self) -> str:
        rows = ngettext("%(count)s row", "%(count)s rows", self.rows) % {"count": f"{self.rows:,}"}
        if self.is_clean:
            return _("%(rows)s read, and nothing is wrong in the file.") % {"rows": rows}
        parts = [self._part(column, count) for column, count in self.counts.most_common()]
        return _("%(rows)s read. Fix %(parts)s.") % {"rows": rows, "parts": ", ".join(parts)}

    @staticmethod
    def _part(column: str, count: int) -> str:
        facts = {"count": f"{count:,}", "column": column}
        if column:
            return ngettext("%(count)s cell in “%(column)s”", "%(count)s cells in “%(column)s”", count) % facts
        return ngettext("%(count)s row", "%(count)s rows", count) % facts
