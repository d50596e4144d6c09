"""The kinds of things that a spreadsheet can hold, each with its columns and its check."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from recipients.imports import memberships
from recipients.imports.checks import Check
from recipients.imports.columns import ColumnSet
from recipients.imports.declared import Declaration, DeclaredCheck
from recipients.imports.groups import GROUPS
from recipients.imports.people import PEOPLE
from recipients.imports.recipients import RECIPIENTS
from recipients.imports.reports import Report
from recipients.imports.sameness import Same
from recipients.imports.tables import Table


@dataclass(frozen=True, slots=True)
class Kind:
    """`same` says which rows of a file must agree, for whoever compares them elsewhere."""

    title: str | Promise
    columns: ColumnSet
    opens: Callable[..., Check[Any]]
    same: tuple[Same, ...] = ()

    def open_check(self, table: Table, across_rows: bool = True) -> Check[Any]:
        """Without `across_rows` nothing is remembered from row to row, and the file is read once."""
        return self.opens(table, across_rows=across_rows)

    def check(self, table: Table) -> Report:
        """Read all of it, and say what is wrong.

        Raises:
            StructureProblem: the file as a whole cannot be read.
        """
        return self.open_check(table).run()


def _declared(title: str | Promise, declaration: Declaration) -> Kind:
    return Kind(title, declaration.columns, partial(DeclaredCheck, declaration=declaration), declaration.same)


KINDS = {
    "memberships": Kind(_("Group memberships"), memberships.COLUMNS, memberships.MembershipCheck),
    "recipients": _declared(_("Recipients"), RECIPIENTS),
    "groups": _declared(_("Groups"), GROUPS),
    "people": _declared(_("People with their entries"), PEOPLE),
}
