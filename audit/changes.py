"""The versions of an object, each with what changed since the one before."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Model
from django.utils.formats import date_format
from django.utils.html import strip_tags
from django.utils.text import Truncator, capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

LONGEST_VALUE = 300
type Related = dict[tuple[str, Any], Model]  # by field and primary key
# Bookkeeping that changes with every save says nothing to a reader.
UNINTERESTING = frozenset({"id", "modified_at", "modified_by"})


@dataclass(frozen=True, slots=True)
class FieldChange:
    label: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Version:
    when: datetime
    who: str
    what: str  # "Created", "Changed", "Deleted"
    reason: str
    changes: tuple[FieldChange, ...]


class VersionList(Sequence):
    """The versions of `obj`, newest first, read from the database a page at a time."""

    def __init__(self, obj: Model) -> None:
        self.rows = obj.history.select_related("history_user").order_by("-history_date", "-history_id")

    def __len__(self) -> int:
        return self.rows.count()

    def __getitem__(self, page: slice) -> list[Version]:
        # One row more than asked for: the version before the last one shown.
        rows = list(self.rows[page.start : page.stop + 1])
        pairs = zip(rows, [*rows[1:], None], strict=False)  # the oldest row has none before it
        related = _related(rows)
        return [_version(row, before, related) for row, before in pairs][: page.stop - page.start]


def versions_of(obj: Model) -> VersionList:
    return VersionList(obj)


def _related(rows: Sequence[Any]) -> Related:
    """What the rows refer to, by one query per field and not one per version."""
    found: Related = {}
    for field in rows[0].tracked_fields if rows else ():
        if field.is_relation and field.name not in UNINTERESTING:
            ids = {pk for row in rows if (pk := getattr(row, field.attname)) is not None}
            found |= {(field.name, pk): obj for pk, obj in field.remote_field.model._base_manager.in_bulk(ids).items()}
    return found


def _version(row: Any, before: Any, related: Related) -> Version:
    what = {"+": _("Created"), "~": _("Changed"), "-": _("Deleted")}[row.history_type]
    changes = tuple(_changes(row, before, related)) if before is not None and row.history_type == "~" else ()
    return Version(row.history_date, str(row.history_user or _("the system")), what, row.history_change_reason or "", changes)


def _changes(row: Any, before: Any, related: Related) -> Iterator[FieldChange]:
    for field in row.tracked_fields:
        if field.name in UNINTERESTING or getattr(row, field.attname) == getattr(before, field.attname):
            continue
        yield FieldChange(capfirst(str(field.verbose_name)), readable(before, field, related), readable(row, field, related))


def readable(row: Any, field: Any, related: Related | None = None) -> str:
    """The value of a model field as a person would write it, shortened. `related` is what it may refer to, if that was read before."""
    if field.choices:
        value = dict(field.flatchoices).get(getattr(row, field.attname), "")
    elif field.is_relation:
        pk = getattr(row, field.attname)
        if related is None:
            value = field.remote_field.model._base_manager.filter(pk=pk).first() if pk is not None else ""
        else:
            value = related.get((field.name, pk), "")
    else:
        value = getattr(row, field.attname)
    if isinstance(value, datetime):
        return f"{date_format(localtime(value), 'DATETIME_FORMAT')} {localtime(value).tzname()}"
    if isinstance(value, date):
        return date_format(value, "DATE_FORMAT")
    if value is True or value is False:
        return _("yes") if value else _("no")
    return Truncator(strip_tags(str(value if value is not None else ""))).chars(LONGEST_VALUE)
