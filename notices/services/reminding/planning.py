"""What the reminders of a notice would come to, before it is published."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from backoffice.clock import database_now
from notices.models import Notice

# The notices whose readers say how many usually are left: the last that were to be acknowledged.
COMPARED = 3
PEOPLE_OF_EARLIER = """
    SELECT n.id, n.revision, n.due_date, d.people
    FROM notices n, LATERAL (
        SELECT count(*) AS people FROM notices_delivery d
        WHERE d.notice_id = n.id AND d.revision = n.revision AND d.kind = 'publication' AND d.occasion = 0
    ) d
    WHERE n.id = ANY(%(notices)s) AND d.people > 0
"""
ACKNOWLEDGED = """
    SELECT (r.acknowledged_at AT TIME ZONE %(zone)s)::date - %(due)s::date AS away, count(*)
    FROM notices_readacknowledgment r
    WHERE r.notice_id = %(notice)s AND r.revision = %(revision)s AND r.acknowledged_at IS NOT NULL
    GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """On which `days` people are reminded, for how many days from now, and how many reminders that makes at most.

    `about` is what is to be expected after `compared` earlier notices; None without any.
    """

    days: tuple[date, ...]
    for_days: int
    at_most: int
    about: int | None
    compared: int


def plan(notice: Notice, people: int) -> Plan:
    """`people` are those of its audience who can be mailed."""
    today = timezone.localdate(database_now(), timezone.get_default_timezone())
    told = max(today, notice.start_date)
    offsets = [away for away in _offsets(notice) if _is_a_day(notice, away, told)]
    days = tuple(notice.due_date + timedelta(days=away) for away in offsets if notice.due_date)
    left = _usually_left(offsets, today) if people and days else []
    about = round(sum(people * sum(shares) / len(shares) for shares in zip(*left, strict=True))) if left else None
    return Plan(days, (days[-1] - today).days if days else 0, people * len(days), about, len(left))


def _offsets(notice: Notice) -> list[int]:
    return sorted({-days for days in notice.remind_before} | set(notice.remind_after))


def _is_a_day(notice: Notice, away: int, told: date) -> bool:
    if not (notice.requires_acknowledgement and notice.due_date):
        return False
    day = notice.due_date + timedelta(days=away)
    return told < day and (notice.end_date is None or day <= notice.end_date)


def _usually_left(offsets: list[int], today: date) -> list[list[float]]:
    """Of each earlier notice, the share of people who had not acknowledged on each of these days."""
    earlier = Notice.objects.filter(status=Notice.Status.PUBLISHED, requires_acknowledgement=True, due_date__lt=today)
    ids = list(earlier.order_by("-due_date", "-pk").values_list("pk", flat=True)[:COMPARED])
    with connection.cursor() as cursor:
        cursor.execute(PEOPLE_OF_EARLIER, {"notices": ids})
        return [_shares(offsets, *row) for row in cursor.fetchall()]


def _shares(offsets: list[int], notice_id: int, revision: int, due: date, people: int) -> list[float]:
    of: dict[str, Any] = {"notice": notice_id, "revision": revision, "due": due, "zone": settings.TIME_ZONE}
    with connection.cursor() as cursor:
        cursor.execute(ACKNOWLEDGED, of)
        acknowledged = dict(cursor.fetchall())
    done = [sum(number for away, number in acknowledged.items() if away < wanted) for wanted in offsets]
    return [max(0.0, 1 - number / people) for number in done]
