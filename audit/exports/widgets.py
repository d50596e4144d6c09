"""How a column of a list is written: by PostgreSQL for files of any size, by import-export's own export for a few rows.

Both say the same, but for the guard against formulas, which is the database's; a test compares them. `sql` takes the SQL of
the stored value. `is_number` leaves a number one in Excel.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from typing import Any

from django.utils.translation import gettext as _
from import_export.widgets import Widget

from audit.exports.cells import guarded
from audit.exports.tables import Select


class Cell(Widget, ABC):
    is_number = False

    @abstractmethod
    def sql(self, value: str) -> Select: ...


class Text(Cell):
    def sql(self, value: str) -> Select:
        return guarded(value), ()


class Number(Cell):
    is_number = True

    def sql(self, value: str) -> Select:
        return value, ()


class Day(Cell):
    """As ISO writes it, which no spreadsheet mistakes."""

    def sql(self, value: str) -> Select:
        return f"to_char({value}, 'YYYY-MM-DD')", ()

    def render(self, value: date | None, obj: Any = None, **kwargs: Any) -> str:
        return value.isoformat() if value else ""


class Moment(Cell):
    """To the second, in UTC: the heading has to say so."""

    def sql(self, value: str) -> Select:
        return f"""to_char({value} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')""", ()

    def render(self, value: datetime | None, obj: Any = None, **kwargs: Any) -> str:
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if value else ""


class YesNo(Cell):
    def sql(self, value: str) -> Select:
        return f"CASE WHEN {value} THEN %s WHEN NOT {value} THEN %s END", (_("Yes"), _("No"))

    def render(self, value: bool | None, obj: Any = None, **kwargs: Any) -> str:
        return "" if value is None else _("Yes") if value else _("No")


class Choice(Cell):
    """The word for a key; a key without one stands for itself."""

    def __init__(self, choices: Callable[[], Iterable[tuple[Any, Any]]]) -> None:
        super().__init__()
        self.choices = choices  # asked when they are needed: words have a language, and some lists grow

    def _words(self) -> dict[str, str]:
        return {str(key): str(word) for key, word in self.choices()}

    def sql(self, value: str) -> Select:
        return f"coalesce(%s::jsonb ->> {value}, {guarded(value)})", (json.dumps(self._words()),)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "" if value is None else self._words().get(str(value), str(value))
