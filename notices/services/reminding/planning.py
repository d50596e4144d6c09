"""What the reminders of a notice would come to, before it is published."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.db import connection

from backoffice import clock
from notices.models import Notice

# The notices whose readers say how many usually are left: the last that were to be acknowledged.
COMPARED = 3
PEOPLE_OF_EARLIER = """
    SELECT n.id, d.people
    FROM notices n, LATERAL (
        SELECT count(*) AS people FROM notices_delivery d
        WHERE d.notice_id = n.id AND d.revision = n.revision AND d.kind = 'publication' AND d.occasion = 0
    ) d
    WHERE n.id = ANY(%(notices)s) AND d.people > 0
"""
ACKNOWLEDGED = """
    SELECT n.id, (r.acknowledged_at AT TIME ZONE %(zone)s)::date - n.due_date AS away, count(*)
    FROM notices n JOIN notices_readacknowledgment r ON r.notice_id = n.id AND r.revision = n.revision
    WHERE n.id = ANY(%(notices)s) AND r.acknowledged_at IS NOT NULL
    GROUP BY 1, 2
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
    today = clock.today()
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
    done: dict[int, dict[int, int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(ACKNOWLEDGED, {"notices": ids, "zone": settings.TIME_ZONE})
        for notice_id, away, count in cursor.fetchall():
            done.setdefault(notice_id, {})[away] = count
        cursor.execute(PEOPLE_OF_EARLIER, {"notices": ids})
        return [_shares(offsets, done.get(notice_id, {}), people) for notice_id, people in cursor.fetchall()]


def _shares(offsets: list[int], acknowledged: dict[int, int], people: int) -> list[float]:
    done = (sum(count for away, count in acknowledged.items() if away < wanted) for wanted in offsets)
    return [max(0.0, 1 - count / people) for count in done]
