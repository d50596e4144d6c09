"""Group memberships: which group has whom as a member, one to a row. Checked by what the file alone shows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from operator import concat, is_not

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from recipients.imports.cells import PLAIN_CODES, PLAIN_EMAILS, Rule, check_code, check_email, fold
from recipients.imports.checks import Check, Checked, check_cells, filled
from recipients.imports.columns import Column, ColumnSet
from recipients.imports.delimited import Batch
from recipients.imports.group_names import GroupNames
from recipients.imports.problems import CellProblem, shown
from recipients.imports.repeats import Repeats, pair_hashes
from recipients.imports.reports import Report
from recipients.imports.tables import Table

COLUMNS = ColumnSet(
    (
        Column("group", gettext_lazy("Group code"), ("group id", "recipient group", "recipient group code"), required=True),
        Column("group_name", gettext_lazy("Group name"), ("name of group", "recipient group name")),
        Column("recipient", gettext_lazy("Recipient code"), ("department code", "entity code", "unit code")),
        Column(
            "employee_number",
            gettext_lazy("Employee number"),
            ("employee no", "employee id", "staff number", "staff no", "personnel number"),
        ),
        Column("email", gettext_lazy("E-mail"), ("email address", "mail", "mail address")),
    ),
    one_of=(("recipient", "employee_number", "email"),),
)
RULES = {
    "group": Rule(64, key=True, check=check_code, plain=PLAIN_CODES, few=True),
    "group_name": Rule(200, key=False, few=True),
    "recipient": Rule(64, key=True, check=check_code, plain=PLAIN_CODES),
    "employee_number": Rule(32, key=True, check=check_code, plain=PLAIN_CODES),
    "email": Rule(254, key=True, check=check_email, plain=PLAIN_EMAILS),
}
MEMBER = ("recipient", "employee_number", "email")


@dataclass(slots=True)
class Members(Checked):
    """A batch of memberships."""

    def member_keys(self) -> list[str]:
        return [key for key in MEMBER if key in self.columns]


GROUP_IS_NAMED = filled("group", gettext_lazy("Is empty. Enter the code of the group."))


def check_batch(table: Table, batch: Batch, known: dict[str, set[str]]) -> Members:
    """What each row says for itself. `known` is kept from one batch to the next."""
    checked = Members(batch.lines, {}, list(batch.problems))
    if not batch.rows:
        return checked
    check_cells(checked, table.header, batch, RULES, known)
    checked.problems += GROUP_IS_NAMED(table.header, checked)
    checked.problems += _unclear_members(table, checked)
    checked.problems.sort()
    return checked


def _unclear_members(table: Table, checked: Members) -> Iterator[CellProblem]:
    """Each row names one member: a recipient, or a person by number, by e-mail or both."""
    there = checked.member_keys()
    if len(there) == 1 and "" not in checked.columns[there[0]]:
        return
    nobody = [""] * len(checked.lines)
    recipients, numbers, emails = (checked.columns.get(key, nobody) for key in MEMBER)
    people = map(concat, numbers, emails)
    if all(map(is_not, map(bool, recipients), map(bool, people))):  # just one of the two in each row
        return
    title = table.header.title(there[0])
    for line, recipient, number, email in zip(checked.lines, recipients, numbers, emails, strict=True):
        if not (recipient or number or email):
            yield CellProblem(
                line, title, "", _("Nobody is named in this row. Enter a recipient code, an employee number or an e-mail."), "missing"
            )
        elif recipient and (number or email):
            message = _("This row names a recipient and a person. Give each a row of its own.")
            yield CellProblem(line, title, shown(recipient), message, "conflict")


@dataclass(slots=True)
class MembershipCheck(Check[Members]):
    _repeats: dict[str, Repeats] = field(default_factory=dict, init=False)
    _groups: GroupNames = field(default_factory=GroupNames, init=False)

    @property
    def rules(self) -> Mapping[str, Rule]:
        return RULES

    def read(self, batch: Batch) -> Members:
        return check_batch(self.table, batch, self._known)

    def remember(self, checked: Members) -> None:
        codes = checked.columns["group"]
        checked.problems += self._groups.conflicts(self.table.header, checked.lines, codes, checked.columns.get("group_name", ()))
        if self.across_rows:
            groups = self._groups.folded(codes)
            for key in checked.member_keys():
                self._repeats.setdefault(key, Repeats()).add(groups, checked.folded(key))

    def look_again(self) -> Iterator[Iterator[CellProblem]]:
        for key, repeats in self._repeats.items():
            for hashes in repeats.found():
                yield self._repeated_rows(key, hashes)

    def _repeated_rows(self, key: str, hashes: set[int]) -> Iterator[CellProblem]:
        """Read the file again, for the rows alone that may be there twice by this name of their member."""
        seen: dict[tuple[str, str], tuple[int, tuple[str, ...]]] = {}
        for batch in self.table.batches():
            checked = self.read(batch)
            for index, pair in _suspects(checked, key, hashes):
                row = _as_compared(checked, index)
                line, first = seen.setdefault(pair, (checked.lines[index], row))
                if line == checked.lines[index] or _same_by_an_earlier_name(key, row, first):
                    continue
                if row == first:
                    self.report.duplicates += 1
                else:
                    yield self._repeated(key, checked, index, line)

    def _repeated(self, key: str, checked: Checked, index: int, first: int) -> CellProblem:
        message = _("Line %(line)d names the same member of the same group, with something written differently. Keep one of the two.")
        return CellProblem(
            checked.lines[index], self.table.header.title(key), shown(checked.columns[key][index]), message % {"line": first}, "conflict"
        )


def _suspects(checked: Checked, key: str, hashes: set[int]) -> Iterator[tuple[int, tuple[str, str]]]:
    """Rows that may repeat another: where in the batch, and the pair."""
    if not checked.columns:
        return
    groups, members = checked.folded("group"), checked.folded(key)
    for index, value in enumerate(pair_hashes(groups, members)):
        if value in hashes and members[index]:
            yield index, (groups[index], members[index])


def _as_compared(checked: Checked, index: int) -> tuple[str, ...]:
    """A row's own words. E-mail addresses that differ in case alone are one; a group's name is compared elsewhere."""
    cells = [checked.columns[key][index] if key in checked.columns else "" for key in ("group", *MEMBER)]
    return (*cells[:-1], cells[-1].lower())


def _same_by_an_earlier_name(key: str, row: tuple[str, ...], first: tuple[str, ...]) -> bool:
    """Rows that are alike by number and by e-mail are told once."""
    earlier = MEMBER.index(key) + 1
    return any(mine and fold([mine]) == fold([theirs]) for mine, theirs in zip(row[1:earlier], first[1:earlier], strict=True))


def check_memberships(table: Table) -> Report:
    """Read all of it, and say what is wrong.

    Raises:
        StructureProblem: the file as a whole cannot be read.
    """
    return MembershipCheck(table).run()
