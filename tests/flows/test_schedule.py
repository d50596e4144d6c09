"""Scheduling in a browser, far from the organisation: both zones are shown, and a moment can be moved and taken off."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from backoffice.clock import today
from notices.models import Notice
from notices.services import NoticeService
from tests.makers import make_draft

pytestmark = pytest.mark.django_db(transaction=True)


def choose(page, day, time: str, button: str) -> None:
    page.get_by_label("Day", exact=True).fill(day.strftime("%d/%m/%Y"))
    page.get_by_label("Day", exact=True).press("Escape")
    page.get_by_label("Time", exact=True).fill(time)
    page.get_by_label("Time", exact=True).press("Escape")
    page.get_by_role("button", name=button).click()


def test_a_moment_is_seen_in_both_zones_moved_and_cancelled(visitor, alice, dave, settings):
    settings.TIME_ZONE = "Europe/London"
    alice.time_zone = "America/New_York"
    alice.save()
    notice = make_draft(author=alice, people=(dave,))
    page = (author := visitor(alice)).page
    author.open(f"/admin/notices/notice/{notice.pk}/change/")
    page.get_by_role("link", name="Schedule…").click()
    expect(page.get_by_text("In your time zone, America/New_York.")).to_be_visible()
    choose(page, today() + timedelta(days=10), "21:30", "Schedule…")
    expect(page.get_by_text("If you mean that, press the button once more.")).to_be_visible()
    author.check_accessible()
    page.get_by_role("button", name="Schedule…").click()
    expect(page.get_by_text("will be published on").first).to_be_visible()
    expect(page.get_by_text("21:30 in America/New_York").first).to_be_visible()

    page.get_by_role("link", name="Reschedule…").click()
    expect(page.get_by_label("Time", exact=True)).to_have_value("21:30:00")
    choose(page, today() + timedelta(days=11), "08:15", "Reschedule…")
    page.get_by_role("button", name="Reschedule…").click()
    expect(page.get_by_text("08:15 in America/New_York").first).to_be_visible()
    author.open("/admin/notices/notice/")
    expect(page.get_by_text("08:15 in America/New_York")).to_be_visible()

    author.open(f"/admin/notices/notice/{notice.pk}/change/")
    page.get_by_role("link", name="Cancel schedule").click()
    page.get_by_role("button", name="Cancel schedule").click()
    expect(page.get_by_text("is not scheduled any more: it is draft")).to_be_visible()


def test_what_missed_its_moment_is_rescheduled_from_today(visitor, alice, dave):
    notice = make_draft(author=alice, people=(dave,))
    NoticeService.schedule(notice.pk, timezone.now() + timedelta(hours=1), actor=alice)
    Notice.objects.filter(pk=notice.pk).update(publish_at=timezone.now() - timedelta(hours=3))
    page = (author := visitor(alice)).page
    author.open("/admin/")
    expect(page.get_by_text("is not published by itself any more")).to_be_visible()
    author.check_accessible()
    page.get_by_role("link", name=re.compile(r"^Reschedule\W+Fire drill")).click()
    choose(page, today() + timedelta(days=2), "09:00", "Reschedule…")
    expect(page.get_by_text("“Fire drill” will be published on")).to_be_visible()
    author.open("/admin/")
    expect(page.get_by_text("is not published by itself any more")).to_have_count(0)
    expect(page.get_by_text("Is published by itself.")).to_be_visible()
