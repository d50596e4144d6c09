"""Group memberships: which group has whom as a member, one to a row. Checked by what the file alone shows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from operator import concat, is_not

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from recipients.imports.cells import PLAIN_CODES, PLAIN_EMAILS, Rule, check_code, check_email, clean_column, fold
from recipients.imports.columns import Column, ColumnSet
from recipients.imports.delimited import Batch
from recipients.imports.group_names import GroupNames
from recipients.imports.problems import CellProblem, Notice, shown
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
CODES = ("group", "recipient", "employee_number")


@dataclass(slots=True)
class Checked:
    """A batch by columns, tidied. Columns that the file lacks are absent; rows with a problem are still in it."""

    lines: Sequence[int]
    columns: dict[str, Sequence[str]]
    problems: list[CellProblem]

    def folded(self, key: str) -> list[str]:
        """A column as its cells are compared."""
        return fold(self.columns[key])

    def member_keys(self) -> list[str]:
        return [key for key in MEMBER if key in self.columns]


def check_batch(table: Table, batch: Batch, known: dict[str, set[str]]) -> Checked:
    """What each row says for itself. `known` is kept from one batch to the next."""
    checked = Checked(batch.lines, {}, list(batch.problems))
    if not batch.rows:
        return checked
    for key, position in table.header.positions.items():
        values, flaws = clean_column(batch.columns[position], RULES[key], known.setdefault(key, set()))
        title = table.header.title(key)
        checked.columns[key] = values
        checked.problems += [CellProblem(batch.lines[flaw.index], title, shown(flaw.value), flaw.message, flaw.code) for flaw in flaws]
    checked.problems += _missing_groups(table, checked)
    checked.problems += _unclear_members(table, checked)
    checked.problems.sort()
    return checked


def _missing_groups(table: Table, checked: Checked) -> Iterator[CellProblem]:
    groups = checked.columns["group"]
    if "" in groups:
        title, message = table.header.title("group"), _("Is empty. Enter the code of the group.")
        yield from (
            CellProblem(line, title, "", message, "missing") for line, group in zip(checked.lines, groups, strict=True) if not group
        )


def _unclear_members(table: Table, checked: Checked) -> Iterator[CellProblem]:
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
class MembershipCheck:
    """Goes through a table once, batch by batch, and remembers what only shows across rows.

    Without `across_rows` it leaves it to the caller to find members that are named twice.
    """

    table: Table
    across_rows: bool = True
    report: Report = field(default_factory=Report)
    _repeats: dict[str, Repeats] = field(default_factory=dict)
    _known: dict[str, set[str]] = field(default_factory=dict)
    _groups: GroupNames = field(default_factory=GroupNames)

    def batches(self) -> Iterator[Checked]:
        """Checked rows, ready to be staged. The report grows meanwhile, and is complete after `finish`.

        Raises:
            StructureProblem: nothing of the file may be used; also after some batches.
        """
        for batch in self.table.batches():
            checked = check_batch(self.table, batch, self._known)
            if checked.columns:
                checked.problems += self._groups.conflicts(
                    self.table.header, checked.lines, checked.columns["group"], checked.columns.get("group_name", ())
                )
                if self.across_rows:
                    self._remember(checked)
            self.report.rows += len(batch.rows) + len(batch.problems)
            self.report.blank += batch.blank
            self.report.add(sorted(checked.problems))
            yield checked

    def _remember(self, checked: Checked) -> None:
        groups = self._groups.folded(checked.columns["group"])
        for key in checked.member_keys():
            self._repeats.setdefault(key, Repeats()).add(groups, checked.folded(key))

    def finish(self) -> Report:
        self.report.notices += [*self.table.header.notices, *self.table.source.notices]
        numeric = [key for key in CODES if self.table.header.positions.get(key) in self.table.source.numeric]
        if numeric:
            names = ", ".join(f"“{self.table.header.title(key)}”" for key in numeric)
            message = _("%(names)s holds numbers, not text. If codes begin with zeros, format the column as text and enter them again.")
            self.report.notices.append(Notice("numbers", message % {"names": names}))
        for key, repeats in self._repeats.items():
            for hashes in repeats.found():
                self.report.add_late(self._repeated_rows(key, hashes))
        return self.report

    def _repeated_rows(self, key: str, hashes: set[int]) -> Iterator[CellProblem]:
        """Read the file again, for the rows alone that may be there twice by this name of their member."""
        seen: dict[tuple[str, str], tuple[int, tuple[str, ...]]] = {}
        for batch in self.table.batches():
            checked = check_batch(self.table, batch, self._known)
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
    check = MembershipCheck(table)
    for _checked in check.batches():
        pass
    return check.finish()
