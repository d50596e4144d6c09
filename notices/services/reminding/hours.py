"""When people work, where they are. Zones are looked up here: one that the database does not know must stop nobody's mail."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings

FIRST_DAY_OFF = 5  # Saturday


@dataclass(frozen=True, slots=True)
class LocalDay:
    """The day that it is for those with `zone` as their time zone; `until` is the end of its working hours, None outside of them."""

    zone: str
    day: date
    until: datetime | None


def local_day(zone: str, now: datetime) -> LocalDay:
    """`zone` may be empty, or a name that is not known any more: then it is the organisation's."""
    here = now.astimezone(_zone(zone))
    begin, end = settings.WORKING_HOURS
    works = here.weekday() < FIRST_DAY_OFF and begin <= here.time() < end
    return LocalDay(zone, here.date(), datetime.combine(here.date(), end, here.tzinfo) if works else None)


def local_days(zones: Iterable[str], now: datetime) -> list[LocalDay]:
    return [local_day(zone, now) for zone in sorted(set(zones))]


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name or settings.TIME_ZONE)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # the three that it raises for a name that is none
        return ZoneInfo(settings.TIME_ZONE)
