"""Moments and due days in the words that the reader's pages use."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Self

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from backoffice import clock
from notices.models import Notice


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment three ways: for machines, at a glance, and exactly, in the reader's zone."""

    iso: str
    relative: str
    exact: str

    @classmethod
    def of(cls, value: datetime) -> Self:
        local = timezone.localtime(value)
        day, time, zone = date_format(local, "DATE_FORMAT"), date_format(local, "H:i"), _zone(local)
        return cls(local.isoformat(timespec="seconds"), _ago(value), f"{day}, {time} {zone}")


def _ago(value: datetime) -> str:
    if clock.now() - value < timedelta(minutes=1):
        return _("just now")
    return _("%(time)s ago") % {"time": timesince(value, depth=1)}


def _zone(local: datetime) -> str:
    """“BST”; or “UTC+04” where a zone has a number for a name."""
    name = local.tzname() or "UTC"
    return name if name.isalpha() else f"UTC{name}"


@dataclass(frozen=True, slots=True)
class Due:
    """What a notice still asks of the reader. `tone` is open, soon, overdue or done."""

    tone: str
    text: str

    @classmethod
    def of(cls, notice: Notice, acknowledged_at: datetime | None) -> Self | None:
        """None if the notice does not ask to be acknowledged. `due_on` is the reader's own day."""
        if not notice.requires_acknowledgement:
            return None
        if acknowledged_at:
            return cls("done", _("Acknowledged"))
        if notice.due_on is None:
            return cls("open", _("To acknowledge"))
        return cls(*_still_due(notice.due_on))


def _still_due(day: date) -> tuple[str, str]:
    days = (day - clock.today()).days
    if days < 0:
        return "overdue", _("Overdue: was due by %(day)s") % {"day": short_day(day)}
    if days == 0:
        return "soon", _("Acknowledge today")
    if days == 1:
        return "soon", _("Acknowledge by tomorrow")
    return "open", _("Acknowledge by %(day)s") % {"day": short_day(day)}


def short_day(day: date) -> str:
    return date_format(day, "MONTH_DAY_FORMAT" if day.year == clock.today().year else "DATE_FORMAT")
