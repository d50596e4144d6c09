"""Moments that people choose and read: in the zone where they are, and in the organisation's where it differs."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone

from backoffice.clock import today
from notices.models import Notice
from notices.services import NoticeService
from notices.tasks import publish_due
from tests.clock import pass_time
from tests.makers import make_draft

LONDON, NEW_YORK = "Europe/London", "America/New_York"
DAY = timedelta(days=1)


@pytest.fixture
def author(client, alice, settings):
    settings.TIME_ZONE = LONDON
    client.force_login(alice)
    return client


@pytest.fixture
def draft(alice, dave):
    return make_draft(author=alice, people=(dave,))


def be_in(zone, person):
    person.time_zone = zone
    person.save()


def text(response) -> str:
    return " ".join(response.content.decode().split())


def tab(notice, name="change"):
    return reverse(f"admin:notices_notice_{name}", args=[notice.pk])


def choose(client, notice, day, time, slug="schedule", **more):
    notice.refresh_from_db()
    chosen = {"version": notice.version, "people": 1, "day": day.strftime("%d/%m/%Y"), "time": time} | more
    return client.post(reverse("admin:notices_notice_act", args=[notice.pk, slug]), chosen)


def errors(response) -> str:
    return " ".join(error for found in response.context["form"].errors.values() for error in found)


class TestTwoZones:
    def test_the_form_says_which_zone_it_reads_and_what_time_it_is_in_the_other(self, author, alice, draft):
        address = reverse("admin:notices_notice_act", args=[draft.pk, "schedule"])
        assert "In the time zone Europe/London." in text(author.get(address))
        be_in(NEW_YORK, alice)
        page = text(author.get(address))
        assert "In your time zone, America/New_York." in page
        here, there = re.search(r"When it is (\d\d):\d\d there, it is (\d\d):\d\d in Europe/London", page).groups()
        assert (int(there) - int(here)) % 24 in {4, 5}

    def test_another_time_where_the_organisation_is_is_shown_before_it_is_taken(self, author, alice, draft):
        be_in(NEW_YORK, alice)
        day = today() + 30 * DAY
        shown = choose(author, draft, day, "21:30")
        assert "If you mean that, press the button once more." in errors(shown)
        assert "21:30 in America/New_York" in errors(shown)
        assert "in Europe/London)" in errors(shown)
        assert Notice.objects.get().status == "draft"
        seen_as = shown.context["form"]["seen_as"].value()
        assert f'value="{seen_as}"' in shown.content.decode()

        other = choose(author, draft, day, "21:45", seen_as=seen_as)  # what was shown is not what is sent
        assert "21:45 in America/New_York" in errors(other)
        done = choose(author, draft, day, "21:30", seen_as=seen_as)
        assert done.status_code == 302
        draft.refresh_from_db()
        assert draft.publish_at == datetime.combine(day, datetime.min.time(), ZoneInfo(NEW_YORK)) + timedelta(hours=21, minutes=30)

    def test_where_it_is_the_same_time_nothing_is_asked(self, author, alice, draft):
        be_in("Europe/Lisbon", alice)
        assert choose(author, draft, today() + 3 * DAY, "09:30").status_code == 302

    def test_the_page_the_list_and_the_message_show_both(self, author, alice, draft):
        moment = datetime.combine(today() + 30 * DAY, datetime.min.time(), UTC) + timedelta(hours=2)
        NoticeService.schedule(draft.pk, moment, actor=alice)
        be_in(NEW_YORK, alice)
        for address in (tab(draft), reverse("admin:notices_notice_changelist")):
            assert re.search(
                r"on \d+ \w+ \d+, 2\d:00 in America/New_York \(\d+ \w+ \d+, 0\d:00 in Europe/London\)", text(author.get(address))
            )
        day, seen_as = today() + 31 * DAY, None
        for _twice in range(2):
            answer = choose(author, draft, day, "12:00", slug="reschedule", **({"seen_as": seen_as} if seen_as else {}))
            seen_as = answer.context["form"]["seen_as"].value() if answer.context else None
        assert "will be published on" in (said := text(author.get(tab(draft))))
        assert "12:00 in America/New_York (" in said
        be_in(LONDON, alice)
        assert "America/New_York" not in text(author.get(tab(draft)))


class TestTheClocksChange:
    """In Europe/London at 01:00 UTC, forward on 28 March and back on 31 October 2027."""

    def test_a_time_that_is_skipped_is_refused_with_one_that_comes(self, author, draft):
        answer = choose(author, draft, datetime(2027, 3, 28), "01:30")  # noqa: DTZ001 - what is typed has no zone
        assert errors(answer) == "The clocks go forward that day, and 01:30 does not come. Choose 02:30, or another time."
        assert "The clocks go forward that day" in text(answer)
        for time, hour in (("00:59", 0), ("02:00", 1)):
            assert choose(author, draft, datetime(2027, 3, 28), time).status_code == 302  # noqa: DTZ001
            draft.refresh_from_db()
            assert draft.publish_at.astimezone(UTC).hour == hour
            NoticeService.cancel_schedule(draft.pk, actor=draft.created_by)

    @pytest.mark.parametrize(("which", "hour"), [("first", 0), ("second", 1)])
    def test_of_a_time_that_comes_twice_it_is_asked_which(self, author, draft, which, hour):
        day = datetime(2027, 10, 31)  # noqa: DTZ001
        asked = choose(author, draft, day, "01:30")
        assert "this time comes twice" in errors(asked)
        assert "the first time: 01:30 BST, UTC+01:00" in text(asked)
        assert "the second time: 01:30 GMT, UTC+00:00" in text(asked)
        assert errors(choose(author, draft, day, "01:30", which="third"))
        assert choose(author, draft, day, "01:30", which=which).status_code == 302
        draft.refresh_from_db()
        assert draft.publish_at == datetime(2027, 10, 31, hour, 30, tzinfo=UTC)

    def test_it_is_the_authors_clock_that_changes(self, author, alice, draft):
        be_in(NEW_YORK, alice)  # forward on 14 March 2027 at 02:00
        assert "The clocks go forward" in errors(choose(author, draft, datetime(2027, 3, 14), "02:30"))  # noqa: DTZ001
        assert "press the button once more" in errors(choose(author, draft, datetime(2027, 3, 28), "01:30"))  # noqa: DTZ001


class TestRescheduling:
    @pytest.fixture
    def scheduled(self, alice, draft):
        return NoticeService.schedule(draft.pk, timezone.now() + 2 * DAY, actor=alice)

    def test_it_begins_with_the_moment_it_has_and_tells_the_history(self, author, scheduled):
        page = author.get(reverse("admin:notices_notice_act", args=[scheduled.pk, "reschedule"]))
        assert page.context["form"].initial["day"] == timezone.localdate(scheduled.publish_at, ZoneInfo(LONDON))
        assert "Its moment is" in text(page)
        assert choose(author, scheduled, today() + 5 * DAY, "09:30", slug="reschedule").status_code == 302
        scheduled.refresh_from_db()
        assert (scheduled.status, timezone.localtime(scheduled.publish_at, ZoneInfo(LONDON)).hour) == ("scheduled", 9)
        assert "moved the moment of publication of" in text(author.get(tab(scheduled, "history")))

    def test_it_is_offered_to_whoever_may_publish_a_scheduled_notice(self, client, author, scheduled, alice, carol, bob):
        assert "Reschedule…" in text(author.get(tab(scheduled)))
        for person, answer in ((carol, 403), (bob, 404)):
            client.force_login(person)
            assert choose(client, scheduled, today() + 5 * DAY, "09:30", slug="reschedule").status_code == answer
        client.force_login(alice)
        NoticeService.cancel_schedule(scheduled.pk, actor=alice)
        assert "Reschedule…" not in text(author.get(tab(scheduled)))
        refused = choose(author, scheduled, today() + 5 * DAY, "09:30", slug="reschedule")
        assert "is not scheduled: it is draft" in text(author.get(refused.url))
        assert Notice.objects.get().status == "draft"

    def test_what_missed_its_moment_says_so_and_offers_three_ways_on(self, author, scheduled, settings):
        assert author.get(tab(scheduled)).context["header"].halt == ""
        pass_time(2 * DAY + settings.PUBLISH_GRACE + timedelta(minutes=1))
        assert publish_due() == 0
        header = author.get(tab(scheduled)).context["header"]
        assert header.halt.startswith("It missed its moment and is not published by itself any more")
        assert {"Publish to 1 person", "Reschedule…", "Cancel schedule"} <= {button.text for button in header.buttons}
