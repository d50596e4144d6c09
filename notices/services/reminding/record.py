"""Who was reminded so far: by day and call for a notice, and of each person how often."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, Max, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from notices.models import MailState, Notice, Reminder, ReminderCall, ReminderMail

_NUMBERS = """
    count(*), count(*) FILTER (WHERE m.state IN ('sent', 'unknown')),
    count(*) FILTER (WHERE r.needless = '' AND (m.id IS NULL OR m.state IN ('waiting', 'retry', 'claimed'))),
    count(*) FILTER (WHERE r.needless <> '')
    FROM notices_reminder r LEFT JOIN notices_remindermail m ON m.id = r.mail_id
"""
BY_DAY = f"SELECT r.day, {_NUMBERS} WHERE r.notice_id = %s AND r.revision = %s AND r.day IS NOT NULL GROUP BY r.day ORDER BY r.day"
BY_CALL = f"SELECT r.call_id, {_NUMBERS} WHERE r.call_id = ANY(%s) GROUP BY r.call_id"
LEFT = (MailState.SENT, MailState.UNKNOWN)


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
    left = Reminder.objects.filter(notice=notice, revision=notice.revision, person__in=list(people), mail__state__in=LEFT)
    rows = left.order_by().values("person_id").annotate(mails=Count("mail", distinct=True), last=Max("mail__day"))
    return {row["person_id"]: row for row in rows}


def with_reminders(deliveries: QuerySet, notice: Notice) -> QuerySet:
    """Annotate the same for very many at once: `reminder_mails`, 0 for who was not reminded, and `last_reminded_on`."""
    of_it = Reminder.objects.filter(mail=OuterRef("pk"), notice=notice, revision=notice.revision)
    mails = ReminderMail.objects.filter(Exists(of_it), person=OuterRef("person_id"), state__in=LEFT).order_by("-day")
    if notice.published_at is not None:
        # By the index of people and days; where somebody is, it may be the day before.
        mails = mails.filter(day__gte=notice.published_at.date() - timedelta(days=1))
    number = mails.order_by().values("person").annotate(n=Count("pk")).values("n")
    return deliveries.annotate(reminder_mails=Coalesce(Subquery(number), 0), last_reminded_on=Subquery(mails.values("day")[:1]))


def _rows(sql: str, parameters: list[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()
