"""A notice that two people were told of a month ago and have not acknowledged; now they are at work."""

from datetime import time, timedelta

import pytest
from django.db.models import F

from backoffice.clock import today
from notices.models import Delivery, Notice
from notices.services.reminding import ReminderService, hours
from tests.makers import make_published

MONTH = timedelta(days=30)


def told_before(notice: Notice, by: timedelta = MONTH) -> None:
    Delivery.objects.filter(notice=notice).update(state="sent", changed_at=F("changed_at") - by)


def make_asked(title: str = "Fire drill", *, due: int, author, people, **fields) -> Notice:
    """To be acknowledged in `due` days from today, or as many days ago; people were told a month ago."""
    fields = {"remind_before": [], "remind_after": [], "start_date": today() - MONTH} | fields
    notice = make_published(title, author=author, people=tuple(people), requires_acknowledgement=True, due_date=today() + MONTH, **fields)
    Notice.objects.filter(pk=notice.pk).update(due_date=today() + timedelta(days=due))
    told_before(notice)
    notice.refresh_from_db()
    return notice


@pytest.fixture(autouse=True)
def _at_work(settings, monkeypatch):
    """All day, every day."""
    settings.WORKING_HOURS = (time.min, time.max)
    monkeypatch.setattr(hours, "FIRST_DAY_OFF", 7)


def remind() -> tuple[int, int, int]:
    """What the clock does: how many reminders were noted, mails made, and mails dealt with."""
    return ReminderService.note(), ReminderService.gather(), ReminderService.send()
