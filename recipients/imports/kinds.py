"""The kinds of things that a spreadsheet can hold, each with its columns and its check."""

from collections.abc import Callable
from dataclasses import dataclass

from recipients.imports import memberships
from recipients.imports.columns import ColumnSet
from recipients.imports.reports import Report
from recipients.imports.tables import Table


@dataclass(frozen=True, slots=True)
class Kind:
    columns: ColumnSet
    check: Callable[[Table], Report]
    open_check: Callable[..., memberships.MembershipCheck]


KINDS = {"memberships": Kind(memberships.COLUMNS, memberships.check_memberships, memberships.MembershipCheck)}
