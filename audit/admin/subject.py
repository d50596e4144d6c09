"""The object whose history a page shows, living or gone, and who asks for it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from django.core.exceptions import ValidationError
from django.forms import DateTimeField
from django.http import Http404, HttpRequest
from django.utils.formats import date_format
from django.utils.timezone import localtime

from audit.object_history.branches import Branch, branches_of
from audit.object_history.points import LAST_ID, Point, recorded

LONGEST_NUMBER = 18  # digits
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR = re.compile(r"(\d{1,16})-(\d{1,18})")
EARLIEST, LATEST = 1970, 9000  # years: at the ends of the calendar there are no zones


@dataclass
class Subject:
    model: Any  # a model with a history of its own
    pk: int
    title: str
    base: str  # the address of its history page; the others stand below it
    reader: Any
    context: dict[str, Any] = field(default_factory=dict)  # for all of its pages
    head: str | None = None  # the template above all of its pages
    living: Any = None

    @cached_property
    def branches(self) -> list[Branch]:
        return branches_of(self.model, reader=self.reader)

    @cached_property
    def branches_and_readers(self) -> list[Branch]:
        return branches_of(self.model, reader=self.reader, by_readers=True)

    @property
    def has_readers(self) -> bool:
        return len(self.branches_and_readers) > len(self.branches)

    def row_or_404(self, number: str) -> Any:
        """The history row of that number, of this object or of what belongs to it."""
        row = recorded(self.model, self.pk, self.branches, int(number)) if number.isdecimal() and len(number) <= LONGEST_NUMBER else None
        if row is None:
            raise Http404
        return row


def point_of(row: Any) -> Point:
    return Point(row.history_date, row.history_id)


def cursor_of(point: Point) -> str:
    """A point in an address."""
    return f"{(point.at - _EPOCH) // timedelta(microseconds=1)}-{point.history_id}"


def cursor_in(request: HttpRequest) -> Point:
    """Where a page of the history begins: everything before. The newest if the address does not say, or nonsense."""
    found = _CURSOR.fullmatch(request.GET.get("before", ""))
    newest = Point(datetime(LATEST, 1, 1, tzinfo=UTC), LAST_ID)
    return Point(_EPOCH + timedelta(microseconds=int(found[1])), int(found[2])) if found else newest


def moment_in(text: str) -> datetime:
    """A moment as the date field of a page sends it, in the zone of the reader.

    Raises:
        ValidationError: it is none.
    """
    moment = DateTimeField().clean(text)
    if not EARLIEST < moment.year < LATEST:
        raise ValidationError(DateTimeField.default_error_messages["invalid"], code="invalid")
    return moment


def exactly(moment: datetime) -> str:
    local = localtime(moment)
    return f"{date_format(local, 'j F Y, H:i:s')} {local.tzname()}"


def versions_named(request: HttpRequest, subject: Subject, names: Sequence[str]) -> list[Any]:
    return [subject.row_or_404(request.GET.get(name, "")) for name in names]
