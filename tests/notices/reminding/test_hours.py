"""People are reminded when they work, where they are."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured

from backoffice.clock import now as database_now
from backoffice.environment import working_hours
from notices.models import ReminderMail
from notices.services import ReminderService
from notices.services.reminding.hours import local_day
from tests.makers import make_person
from tests.notices.reminding.conftest import make_asked, remind

MONDAY = datetime(2026, 11, 30, tzinfo=UTC)


@pytest.fixture
def _nine_to_five(settings, monkeypatch):
    monkeypatch.undo()
    settings.WORKING_HOURS = (time(9), time(17))


@pytest.mark.usefixtures("_nine_to_five")
class TestWorkingHours:
    @pytest.mark.parametrize(
        ("zone", "hour", "works"),
        [
            ("Europe/London", 8.9, False),
            ("Europe/London", 9, True),
            ("Europe/London", 16.9, True),
            ("Europe/London", 17, False),
            ("Asia/Tokyo", 0, True),
            ("Asia/Tokyo", 8, False),
            ("America/New_York", 9, False),
            ("America/New_York", 21, True),
            ("Asia/Kathmandu", 3.25, True),
        ],
    )
    def test_are_those_of_where_the_person_is(self, zone, hour, works):
        assert (local_day(zone, MONDAY + timedelta(hours=hour)).until is not None) is works

    @pytest.mark.parametrize("zone", ["", "Atlantis/Capital", "../../etc/passwd", "Europe"])
    def test_without_a_zone_or_with_one_that_is_none_are_the_organisations(self, zone):
        assert local_day(zone, MONDAY + timedelta(hours=10)).until == datetime(2026, 11, 30, 17, tzinfo=UTC)

    @pytest.mark.parametrize(("day", "works"), [(27, True), (28, False), (29, False), (30, True)])
    def test_are_none_at_the_weekend(self, day, works):
        assert (local_day("", datetime(2026, 11, day, 12, tzinfo=UTC)).until is not None) is works

    def test_a_day_ends_where_the_person_is(self):
        """Also on the day on which clocks are put forward there."""
        tokyo = local_day("Asia/Tokyo", MONDAY)
        assert (tokyo.day, tokyo.until) == (date(2026, 11, 30), datetime(2026, 11, 30, 8, tzinfo=UTC))
        summer = local_day("America/Sao_Paulo", datetime(2026, 3, 30, 13, tzinfo=UTC))
        assert summer.until == datetime(2026, 3, 30, 20, tzinfo=UTC)


def test_a_mail_is_made_only_while_its_person_works(db, settings, alice, mailbox):
    """Of two people twelve hours apart, the one for whom it is day."""
    now = database_now().astimezone(UTC)
    day, night = make_person("day", time_zone=_zone_where_it_is(12, now)), make_person("night", time_zone=_zone_where_it_is(0, now))
    settings.WORKING_HOURS = (time(9), time(17))
    make_asked(author=alice, people=(day, night), due=1, remind_before=[2, 1, 0])  # the day there may be yesterday
    ReminderService.note()
    assert (ReminderService.gather(), ReminderService.send()) == (1, 1)
    assert mailbox.recipients == [day.email]


def test_a_zone_that_the_database_does_not_know_stops_nobodys_mail(db, alice, dave, mailbox):
    from recipients.models import User  # noqa: PLC0415

    odd = make_person("odd")
    User.objects.filter(pk=odd.pk).update(time_zone="Atlantis/Capital")
    make_asked(author=alice, people=(dave, odd), due=1, remind_before=[1])
    assert remind() == (2, 2, 2)
    assert ReminderMail.objects.filter(state="sent").count() == 2


@pytest.mark.parametrize("text", ["", "9-17", "17:00-09:00", "09:00", "09:00-09:00", "09:00-17:00-18:00", "nine-five", "25:00-26:00"])
def test_hours_that_are_none_are_refused_with_what_to_write(text):
    with pytest.raises(ImproperlyConfigured, match=r"such as 09:00-17:00"):
        working_hours(text)


def test_hours_are_read_with_or_without_spaces():
    assert working_hours("08:30 - 16:00") == (time(8, 30), time(16))


def _zone_where_it_is(hour: int, now: datetime) -> str:
    """About that time of day, by the zones that are whole hours from UTC (their sign is the other way round)."""
    east = (hour - now.hour + 12) % 24 - 12
    return f"Etc/GMT{-east:+d}" if east else "Etc/GMT"
