"""Reminding by hand: everyone outstanding, or one person."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.utils.timezone import localdate as today  # when the cases are collected there is no database

from notices.exceptions import NoticeError
from notices.models import Delivery, Notice, Reminder, ReminderCall, ReminderMail
from notices.services import DeliveryService, NoticeService, ReminderService
from tests.makers import make_person, make_published
from tests.notices.reminding.conftest import MONTH, make_asked, remind, told_before

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(alice, dave, bob):
    return make_asked(author=alice, people=(dave, bob, make_person("nina", email="")), due=7)


def test_everyone_who_has_not_acknowledged_gets_it_with_the_mail_of_the_day(asked, alice, dave, bob, mailbox):
    NoticeService.acknowledge(asked, bob)
    assert ReminderService.remind_outstanding(asked.pk, actor=alice) == 2
    assert remind() == (0, 2, 1)
    assert mailbox.recipients == [dave.email]


def test_where_nothing_is_to_be_acknowledged_everyone_who_has_not_read(alice, dave, bob, mailbox):
    notice = make_published(author=alice, people=(dave, bob))
    told_before(notice)
    NoticeService.mark_as_read(notice, bob)
    assert ReminderService.remind_outstanding(notice.pk, actor=alice) == 1
    remind()
    assert "You have not read it yet." in mailbox.to(dave.email)[0].get_body(("plain",)).get_content()


def test_pressed_twice_reminds_once(asked, alice):
    ReminderService.remind_outstanding(asked.pk, actor=alice)
    with pytest.raises(NoticeError, match="about to be reminded anyway"):
        ReminderService.remind_outstanding(asked.pk, actor=alice)
    assert (ReminderCall.objects.count(), Reminder.objects.count()) == (1, 3)


def test_of_a_day_on_which_the_mail_has_left_it_comes_with_the_next(asked, alice, dave, mailbox):
    ReminderService.remind_outstanding(asked.pk, actor=alice)
    assert remind() == (0, 3, 2)
    assert ReminderService.outstanding(asked).tomorrow == 2  # the third is mailed nothing, today or tomorrow
    ReminderService.remind_outstanding(asked.pk, actor=alice)
    assert remind() == (0, 0, 0)
    ReminderMail.objects.update(day=F("day") - timedelta(days=1))
    assert remind() == (0, 2, 2)
    assert len(mailbox.to(dave.email)) == 2


def test_one_person_alone(asked, alice, dave, mailbox):
    ReminderService.remind_one(asked.pk, dave, actor=alice)
    remind()
    assert mailbox.recipients == [dave.email]
    NoticeService.acknowledge(asked, dave)
    with pytest.raises(NoticeError, match="Dave Tester has done it"):
        ReminderService.remind_one(asked.pk, dave, actor=alice)


def test_it_stands_in_the_history_with_who_did_it_and_for_how_many(asked, alice):
    ReminderService.remind_outstanding(asked.pk, actor=alice, reason="The audit is near")
    (row,) = ReminderCall.history.all()
    assert (row.history_type, row.people, row.history_change_reason) == ("+", 3, "The audit is near")
    assert row.history_user == alice


@pytest.mark.parametrize("who", ["bob", "carol", "frank"])
def test_needs_the_right_to_publish_this_very_notice(asked, request, alice, who):
    with pytest.raises(PermissionDenied):
        ReminderService.remind_outstanding(asked.pk, actor=request.getfixturevalue(who))
    assert not Reminder.objects.exists()
    assert ReminderService.remind_outstanding(asked.pk, actor=alice) == 3


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"status": "withdrawn"}, "not on show yet"),
        ({"start_date": today() + timedelta(days=1)}, "not on show yet"),
        ({"end_date": today() - timedelta(days=1)}, "has ended"),
    ],
    ids=["withdrawn", "begins later", "ended"],
)
def test_of_what_is_not_on_show_is_refused(asked, alice, changed, refusal):
    Notice.objects.update(**changed)
    with pytest.raises(NoticeError, match=refusal):
        ReminderService.remind_outstanding(asked.pk, actor=alice)


def test_while_sending_is_paused_is_refused(asked, alice):
    DeliveryService.pause(asked.pk, actor=alice, reason="A word is wrong")
    with pytest.raises(NoticeError, match="Resume it first"):
        ReminderService.remind_outstanding(asked.pk, actor=alice)


def test_whoever_waits_for_the_first_mail_is_not_reminded(asked, alice):
    told_before(asked, by=-MONTH)
    Delivery.objects.update(state="waiting")
    with pytest.raises(NoticeError, match="wait for their first mail"):
        ReminderService.remind_outstanding(asked.pk, actor=alice)


def test_what_is_asked_before_says_what_will_be(asked, alice, dave, bob):
    NoticeService.acknowledge(asked, bob)
    found = ReminderService.outstanding(asked)
    assert (found.people, found.waiting, found.without_mail, found.tomorrow) == (2, 0, 1, 0)
    ReminderService.remind_one(asked.pk, dave, actor=alice)
    found = ReminderService.outstanding(asked)
    assert (found.people, found.waiting, found.without_mail, found.tomorrow) == (1, 1, 1, 0)
