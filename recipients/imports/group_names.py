"""The groups that a file names: each has one code, written one way, and one name."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from recipients.imports.cells import fold
from recipients.imports.columns import Header
from recipients.imports.problems import CellProblem, StructureProblem, shown

MOST_GROUPS = 20_000  # more in one file means that another column was taken for the group's


class GroupNames:
    """A group has one code, written one way, and one name; every row that says otherwise is told."""

    def __init__(self) -> None:
        self._first: dict[str, tuple[str, str, int]] = {}  # as compared -> code, name, line
        self._said: set[tuple[str, str]] = set()
        self._names: dict[str, str] = {}  # code -> the name last said
        self._folded: dict[str, str] = {}
        self._wrong: dict[tuple[str, str], tuple[str, str, int]] = {}

    def conflicts(self, header: Header, lines: Sequence[int], codes: Sequence[str], names: Sequence[str]) -> list[CellProblem]:
        """`names` is empty if the file has no such column.

        Raises:
            StructureProblem: there are more groups than a file of memberships can mean.
        """
        names = names or [""] * len(codes)
        if not self._wrong and list(map(self._names.get, codes)) == list(names):
            return []
        here = set(zip(codes, names, strict=True))
        new = here - self._said
        if new:
            self._learn(lines, codes, names, new)
        if self._wrong.keys().isdisjoint(here):
            return []
        rows = zip(lines, zip(codes, names, strict=True), strict=True)
        return [_conflict(header, line, said, self._wrong[said]) for line, said in rows if said in self._wrong]

    def folded(self, codes: Sequence[str]) -> list[str]:
        """Known codes as they are compared; the same string for the same code, so that it is hashed once."""
        return [self._folded[code] for code in codes]

    def _learn(self, lines: Sequence[int], codes: Sequence[str], names: Sequence[str], new: set[tuple[str, str]]) -> None:
        self._said |= new
        for line, code, name in zip(lines, codes, names, strict=True):
            if (code, name) not in new:
                continue
            new.discard((code, name))
            self._names[code] = name
            folded = self._folded[code] = fold([code])[0]
            first = self._first.setdefault(folded, (code, name, line))
            if code == first[0] and name and not first[1]:
                self._first[folded] = (code, name, line)
            elif code != first[0] or (name and name != first[1]):
                self._wrong[code, name] = first
        if len(self._first) > MOST_GROUPS or len(self._said) > 2 * MOST_GROUPS:
            message = _("More than %(most)d groups are named. Check that the column of the group codes is the right one.")
            raise StructureProblem("limit", message % {"most": MOST_GROUPS})


def _conflict(header: Header, line: int, said: tuple[str, str], first: tuple[str, str, int]) -> CellProblem:
    if said[0] != first[0]:
        message = _("Differs from “%(first)s” on line %(line)d only in how it is written. Write it the same way.")
        facts = {"first": shown(first[0]), "line": first[2]}
        return CellProblem(line, header.title("group"), shown(said[0]), message % facts, "conflict")
    message = _("Line %(line)d calls this group “%(first)s”. Give it one name throughout.")
    facts = {"first": shown(first[1]), "line": first[2]}
    return CellProblem(line, header.title("group_name"), shown(said[1]), message % facts, "conflict")
