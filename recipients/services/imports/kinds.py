"""What the database does with the rows of each kind of import."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.utils.translation import gettext as _

from recipients.imports.problems import StructureProblem
from recipients.models import Import

MOST_PROBLEMS = 100_000  # more is not a spreadsheet with slips in it, but the wrong spreadsheet


@dataclass(slots=True)
class Reading:
    """One reading of all files of an import.

    `titles`: for each part, by a column's key, what its header calls it. `ragged`: some rows could not be taken apart,
    so nobody knows whom they name.
    """

    batch: Import
    actor: Any
    titles: dict[int, dict[str, str]] = field(default_factory=dict)
    ragged: bool = False
    mended: int = 0  # rows of files that mend
    problems: int = 0
    summary: dict[str, Any] = field(default_factory=dict)

    @property
    def keeps_all(self) -> bool:
        """Some rows are missing or unreadable, and may be about anybody: nobody may be removed for not being in the file."""
        return self.ragged or bool(self.summary.get("not_mended"))

    @property
    def columns(self) -> list[str]:
        return sorted({key for titles in self.titles.values() for key in titles})

    def refuse_too_many(self, more: int) -> None:
        """Count problems.

        Raises:
            StructureProblem: nobody could mend that many cell by cell.
        """
        self.problems += more
        if self.problems > MOST_PROBLEMS:
            message = _("More than %(most)s cells are wrong. Check that this is the right file, and that its columns are the right ones.")
            raise StructureProblem("limit", message % {"most": f"{MOST_PROBLEMS:,}"})


class Kind(Protocol):
    """`compares_in_the_file`: rows that contradict each other are found by the reader; else they cannot, or `plan` finds them.

    `folded`: columns that are compared without case and not stored.
    """

    @property
    def modes(self) -> tuple[Import.Mode, ...]: ...

    @property
    def compares_in_the_file(self) -> bool: ...

    @property
    def folded(self) -> tuple[str, ...]: ...

    def may_import(self, actor: Any) -> bool:
        """May `actor` import anything of this kind at all?"""

    def plan(self, reading: Reading) -> None:
        """From the staged rows to problems and rows of the plan; numbers go into the summary."""

    def lock(self, batch: Import, actor: Any) -> bool:
        """Lock what the plan changes. False: `actor` may not change all of it any more."""

    def stale(self, batch: Import) -> int:
        """How many rows of the plan are no longer true. Called with the lock held."""

    def steps(self, batch: Import, actor: Any) -> Iterator[int]:
        """Carry the plan out, a step at a time; each yields how many of its rows that were."""

    def plan_reverse(self, batch: Import) -> int:
        """Make the plan that takes back what the import did. Returns how much of it others have changed since, which is left."""

    def reverse_numbers(self, batch: Import) -> dict[str, int]:
        """The same in numbers, without making the plan: what would be `taken_out`, `put_back`, `renamed` and `left`."""

    def left_rows(self, batch: Import, *, most: int, after: int = 0) -> list[dict[str, Any]]:
        """A page of what is left, with who changed it and when."""
