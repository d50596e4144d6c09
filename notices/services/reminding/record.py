"""Who was reminded so far: by day and call for a notice, and of each person how often."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Count, Max

from notices.models import MailState, Notice, Reminder, ReminderCall

_NUMBERS = """
    count(*), count(*) FILTER (WHERE m.state IN ('sent', 'unknown')),
    count(*) FILTER (WHERE r.needless = '' AND (m.id IS NULL OR m.state IN ('waiting', 'retry', 'claimed'))),
    count(*) FILTER (WHERE r.needless <> '')
    FROM notices_reminder r LEFT JOIN notices_remindermail m ON m.id = r.mail_id
"""
BY_DAY = f"SELECT r.day, {_NUMBERS} WHERE r.notice_id = %s AND r.revision = %s AND r.day IS NOT NULL GROUP BY r.day ORDER BY r.day"
BY_CALL = f"SELECT r.call_id, {_NUMBERS} WHERE r.call_id = ANY(%s) GROUP BY r.call_id"


@dataclass(frozen=True, slots=True)
class Reminded:
    """Of `people` to be reminded, whose mail left, who waits for it, and who had done it before. The rest could not be mailed."""

    day: date | None  # None: it was `call`
    call: ReminderCall | None
    people: int
    mailed: int
    waiting: int
    needless: int

    @property
    def not_mailed(self) -> int:
        return self.people - self.mailed - self.waiting - self.needless


def record(notice: Notice) -> list[Reminded]:
    """The days first, then what was asked for by hand, each in their order."""
    calls = {call.pk: call for call in ReminderCall.objects.filter(notice=notice, revision=notice.revision).select_related("by", "person")}
    days = [Reminded(day, None, *numbers) for day, *numbers in _rows(BY_DAY, [notice.pk, notice.revision])]
    by_call = dict.fromkeys(sorted(calls), (0, 0, 0, 0)) | {call: numbers for call, *numbers in _rows(BY_CALL, [list(calls)])}
    return days + [Reminded(None, calls[pk], *numbers) for pk, numbers in by_call.items()]


def reminded_people(notice: Notice, people: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Of those who were: how many `mails` reminded them of it, and the `last` day of theirs on which one did."""
    left = Reminder.objects.filter(
        notice=notice, revision=notice.revision, person__in=list(people), mail__state__in=(MailState.SENT, MailState.UNKNOWN)
    )
    rows = left.order_by().values("person_id").annotate(mails=Count("mail", distinct=True), last=Max("mail__day"))
    return {row["person_id"]: row for row in rows}


def _rows(sql: str, parameters: list[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()
