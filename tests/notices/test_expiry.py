"""A notice whose last day is over: gone from every inbox, and all on record."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from backoffice.clock import today
from notices.exceptions import NoticeError
from notices.models import Delivery, Notice, ReadAcknowledgment
from notices.repositories import NoticeRepository
from notices.services import DeliveryService, NoticeService
from tests.makers import make_published

DAY = timedelta(days=1)

pytestmark = pytest.mark.usefixtures("mailbox")


@pytest.fixture
def notice(alice, dave, erin):
    notice = make_published(author=alice, people=(dave, erin), requires_acknowledgement=True, end_date=today())
    NoticeService.acknowledge(notice, dave)
    return notice


def end(notice):
    Notice.objects.filter(pk=notice.pk).update(start_date=today() - 2 * DAY, end_date=today() - DAY)
    notice.audiencekey_set.update(starts_on=today() - 2 * DAY, ends_on=today() - DAY)
    notice.refresh_from_db()


def in_inbox(client, person) -> bool:
    client.force_login(person)
    return "Fire drill" in client.get(reverse("inbox:index")).text


def test_it_is_in_the_inbox_on_its_last_day_and_not_after(client, notice, dave, erin):
    assert (in_inbox(client, dave), in_inbox(client, erin)) == (True, True)
    assert NoticeService.get_unread_count(erin) == 1
    end(notice)
    assert (in_inbox(client, dave), in_inbox(client, erin)) == (False, False)
    assert NoticeService.get_unread_count(erin) == 0
    assert client.get(reverse("inbox:notice", args=[notice.pk])).status_code == 410


def test_nobody_reads_or_acknowledges_it_any_more_and_who_did_stays_on_record(client, notice, alice, dave, erin):
    end(notice)
    with pytest.raises((NoticeError, PermissionDenied)):
        NoticeService.acknowledge(notice, erin)
    assert ReadAcknowledgment.objects.get(notice=notice).user == dave
    figures = NoticeRepository.figures(notice)
    assert (figures["expected"], figures["acknowledged"]) == (2, 1)
    client.force_login(alice)
    page = client.get(reverse("admin:notices_notice_readers", args=[notice.pk]) + "?only=acknowledged")
    assert [row.person for row in page.context["page"].object_list] == [dave]


def test_mails_that_did_not_leave_before_are_cancelled_with_the_reason(notice, mailbox):
    DeliveryService.mend()
    assert Delivery.objects.to_do().count() == 2  # it is on show still
    end(notice)
    assert DeliveryService.mend() == []
    assert DeliveryService.deliver(notice.pk) == 0
    assert (mailbox.recipients, NoticeRepository.figures(notice)["cancelled"]) == ([], 2)
    assert set(Delivery.objects.values_list("reason", flat=True)) == {"The notice ended before the mail left."}
