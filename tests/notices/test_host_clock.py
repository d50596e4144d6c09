"""A host's clock is wrong by an hour, around midnight: what is on show, over, due or told of is decided by the database's."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from backoffice import clock
from notices.exceptions import NoticeError
from notices.models import Delivery, Notice, ReadAcknowledgment
from notices.repositories import NoticeRepository
from notices.services import DeliveryService, NoticeService
from recipients.models import RoleAssignment
from tests.makers import make_draft, make_published, make_recipient

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)

pytestmark = pytest.mark.usefixtures("mailbox")


@pytest.fixture(params=[(23, HOUR), (0, -HOUR)], ids=["fast-before-midnight", "slow-after-midnight"])
def wrong(request, settings):
    """The hour before or after midnight where the organisation is, and a host that believes it is the other day."""
    hour, off = request.param
    ahead = (hour - clock.now().hour) % 24
    settings.TIME_ZONE = f"Etc/GMT{-(ahead if ahead <= 14 else ahead - 24):+d}"  # POSIX counts westwards
    with time_machine.travel(timezone.now() + off):
        assert timezone.localdate(timezone=timezone.get_default_timezone()) != clock.today()
        yield


@pytest.fixture
def leeds(db, dave):
    return make_recipient("Leeds", members=(dave,))


@pytest.fixture
def notices(wrong, alice, leeds):
    """Of yesterday, of today, and of tomorrow. The first was on show."""
    today = clock.today()
    made = {
        title: make_published(title, author=alice, recipients=(leeds,), start_date=day, end_date=day, requires_acknowledgement=True)
        for title, day in {"Yesterday's": today, "Today's": today, "Tomorrow's": today + DAY}.items()
    }
    over = made["Yesterday's"]
    Notice.objects.filter(pk=over.pk).update(start_date=today - DAY, end_date=today - DAY)
    over.audiencekey_set.update(starts_on=today - DAY, ends_on=today - DAY)
    over.refresh_from_db()
    return list(made.values())


def test_the_inbox_has_what_is_on_show(client, notices, dave):
    client.force_login(dave)
    page = client.get(reverse("inbox:index"))
    assert [row.notice.title for row in page.context["rows"]] == ["Today's"]
    assert NoticeService.get_unread_count(dave) == NoticeRepository.get_unread_for_user(dave).count() == 1
    assert [client.get(reverse("inbox:notice", args=[notice.pk])).status_code for notice in notices] == [410, 200, 404]


def test_the_words_for_it_agree(notices):
    assert [notice.is_expired for notice in notices] == [True, False, False]
    assert [notice.begins_later for notice in notices] == [False, False, True]
    assert list(Notice.objects.published()) == [notices[1]]


def test_mails_leave_for_what_is_on_show(notices, dave):
    DeliveryService.mend()
    for notice in notices:
        DeliveryService.deliver(notice.pk)
    states = dict(Delivery.objects.filter(person=dave).values_list("notice__title", "state"))
    assert states == {"Yesterday's": "cancelled", "Today's": "sent", "Tomorrow's": "waiting"}


def test_moments_on_record_are_the_databases(notices, dave):
    NoticeService.acknowledge(notices[1], dave)
    reading = ReadAcknowledgment.objects.get()
    for moment in (notices[1].published_at, reading.read_at, reading.acknowledged_at):
        assert abs(moment - clock.now()) < MINUTE


def test_whoever_belongs_to_it_today_is_told(wrong, alice, leeds, erin, dave):
    RoleAssignment.objects.filter(user=dave).update(ends_on=clock.today() - DAY)
    RoleAssignment.objects.create(user=erin, recipient=leeds, starts_on=clock.today(), ends_on=clock.today())
    notice = make_published(author=alice, recipients=(leeds,))
    assert set(Delivery.objects.filter(notice=notice).values_list("person__username", flat=True)) == {"erin"}


def test_a_last_day_that_is_over_is_refused_and_today_is_not(wrong, alice, leeds):
    today = clock.today()
    over = make_draft(author=alice, recipients=(leeds,), start_date=today - DAY, end_date=today - DAY)
    with pytest.raises(NoticeError):
        NoticeService.publish(over.pk, actor=alice)
    ends_today = make_draft(author=alice, recipients=(leeds,), start_date=today - DAY, end_date=today)
    assert NoticeService.publish(ends_today.pk, actor=alice).is_published
