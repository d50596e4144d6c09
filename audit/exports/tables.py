"""What leaves as a file: headings, and one SELECT whose rows are the lines, in order."""

from dataclasses import dataclass
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.models import QuerySet

from audit.exports.cells import Column

type Select = tuple[str, tuple[Any, ...]]  # SQL and its parameters


@dataclass(frozen=True, slots=True)
class Table:
    title: str
    columns: tuple[Column, ...]
    sql: str
    parameters: tuple[Any, ...]


def select_of(rows: QuerySet) -> Select:
    """The SELECT of `rows`, also where Django knows that there are none."""
    sql, parameters = rows.query.get_compiler(DEFAULT_DB_ALIAS, elide_empty=False).as_sql()
    return sql, tuple(parameters)
