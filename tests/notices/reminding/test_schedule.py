"""Reminders on the days that a notice names, before and after the day to acknowledge by."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils.timezone import localdate as today  # when the cases are collected there is no database

from notices import tasks
from notices.models import Delivery, Notice, Reminder, ReminderMail
from notices.services import DeliveryService, NoticeService, ReminderService
from tests.makers import make_person, make_published
from tests.notices.reminding.conftest import MONTH, make_asked, remind, told_before

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(alice, dave, bob):
    """Due in a week, reminding a week and a day before and three days after."""
    return make_asked(author=alice, people=(dave, bob), due=7, remind_before=[7, 1], remind_after=[3])


@pytest.mark.parametrize(("due", "reminds"), [(8, False), (7, True), (6, True), (3, False), (1, True), (0, True), (-2, True), (-3, True)])
def test_on_its_days_and_up_to_three_days_late(asked, due, reminds):
    """What nobody noted in time, as nothing ran, is made up for; what is older is left to the next one."""
    Notice.objects.update(due_date=today() + timedelta(days=due))
    assert ReminderService.note() == (2 if reminds else 0)


def test_each_once_however_often_it_is_noted(asked):
    assert [ReminderService.note() for _ in range(3)] == [2, 0, 0]


def test_another_day_to_acknowledge_by_brings_other_days(asked):
    assert ReminderService.note() == 2
    Notice.objects.update(due_date=F("due_date") + timedelta(days=2))
    assert ReminderService.note() == 0
    Notice.objects.update(due_date=today() + timedelta(days=1))
    assert ReminderService.note() == 0  # they are reminded on this day already
    assert Reminder.objects.count() == 2


def test_of_whoever_was_told_on_that_day_or_later_none(asked):
    told_before(asked, by=-MONTH)
    assert ReminderService.note() == 0
    Delivery.objects.update(changed_at=F("changed_at") - timedelta(days=1))
    assert ReminderService.note() == 2


@pytest.mark.parametrize("state", ["waiting", "retry", "claimed"])
def test_nobody_who_waits_for_the_first_mail(asked, state):
    Delivery.objects.update(state=state)
    assert ReminderService.note() == 0


def test_a_joiner_on_days_that_follow_from_their_own(alice, dave, bob):
    notice = make_asked(author=alice, people=(dave, bob), due=-20, remind_before=[1])
    Delivery.objects.filter(person=dave).update(due_on=today() + timedelta(days=1))
    assert ReminderService.note() == 1
    assert Reminder.objects.get().person == dave
    assert Reminder.objects.get().notice == notice


class TestNobody:
    """Is reminded of what is not asked of them, or not any more."""

    def test_who_acknowledged(self, asked, dave):
        NoticeService.acknowledge(asked, dave)
        assert ReminderService.note() == 1

    def test_who_left(self, asked, dave):
        Delivery.objects.filter(person=dave).update(closed_at=F("changed_at"), closed_why="left")
        assert ReminderService.note() == 1

    def test_whose_account_is_closed(self, asked, dave):
        dave.is_active = False
        dave.save()
        assert ReminderService.note() == 1

    @pytest.mark.parametrize(
        "gone",
        [{"status": "withdrawn"}, {"end_date": today() - timedelta(days=1)}, {"requires_acknowledgement": False}, {"due_date": None}],
        ids=lambda gone: next(iter(gone)),
    )
    def test_of_what_is_off_show_or_asks_nothing(self, asked, gone):
        Notice.objects.update(**gone)
        assert ReminderService.note() == 0

    def test_of_what_was_stopped_between_noting_and_sending(self, asked, alice, mailbox):
        ReminderService.note()
        NoticeService.withdraw(asked.pk, actor=alice, reason="Wrong date")
        assert (ReminderService.gather(), ReminderService.send()) == (0, 0)
        assert set(Reminder.objects.values_list("needless", flat=True)) == {"off_show"}


class TestTheMail:
    @pytest.fixture
    def other(self, alice, dave):
        """Late by three days."""
        return make_asked("Visitors <sign> in", author=alice, people=(dave,), due=-3, remind_after=[3])

    def test_is_one_a_day_with_all_that_is_left(self, asked, other, dave, mailbox):
        assert remind() == (3, 2, 2)
        (mail,) = mailbox.to(dave.email)
        assert mail["Subject"] == "Reminder: 2 notices wait for you"
        text, html = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))
        assert text.index("Visitors <sign> in") < text.index("Fire drill")  # what is late first
        assert "It was to be acknowledged by" in text
        assert "Please acknowledge it by" in text
        assert f"/notices/{asked.pk}/" in text
        assert "Visitors &lt;sign&gt; in" in html
        assert set(ReminderMail.objects.values_list("state", flat=True)) == {"sent"}

    def test_names_the_one_that_is_left(self, asked, other, dave, bob, mailbox):
        remind()
        (mail,) = mailbox.to(bob.email)
        assert mail["Subject"] == "Reminder: Fire drill"
        assert mail["Message-ID"] == f"<reminder-{ReminderMail.objects.get(person=bob).pk}@example.org>"

    def test_comes_once_however_often_the_clock_ticks(self, asked, mailbox):
        assert [remind() for _ in range(3)] == [(2, 2, 2), (0, 0, 0), (0, 0, 0)]
        assert len(mailbox.recipients) == 2

    def test_says_nothing_that_was_done_before_it_left(self, asked, other, dave, bob, mailbox):
        ReminderService.note()
        ReminderService.gather()
        NoticeService.acknowledge(other, dave)
        NoticeService.acknowledge(asked, bob)
        ReminderService.send()
        assert mailbox.recipients == [dave.email]
        assert "Visitors" not in mailbox.messages[0].get_body(("plain",)).get_content()
        nothing = ReminderMail.objects.get(person=bob)
        assert (nothing.state, nothing.reason) == ("suppressed", "Nothing was left to be reminded of.")

    def test_of_what_comes_after_it_left_waits_for_the_next_day(self, asked, alice, dave, mailbox):
        remind()
        make_asked("Later", author=alice, people=(dave,), due=1, remind_before=[1])
        assert remind() == (1, 0, 0)
        ReminderMail.objects.update(day=F("day") - timedelta(days=1))
        assert remind() == (0, 1, 1)
        assert mailbox.to(dave.email)[1]["Subject"] == "Reminder: Later"

    def test_waits_as_long_as_sending_about_the_notice_is_paused(self, asked, alice, mailbox):
        DeliveryService.pause(asked.pk, actor=alice, reason="A word is wrong")
        assert remind() == (2, 0, 0)
        DeliveryService.resume(asked.pk, actor=alice)
        assert remind() == (0, 2, 2)

    def test_is_not_written_to_whom_none_can_be_sent(self, asked, dave, mailbox):
        dave.email = ""
        dave.save()
        assert remind() == (2, 2, 1)
        mail = ReminderMail.objects.get(person=dave)
        assert (mail.state, mail.reason) == ("suppressed", "No e-mail address. What is left to do is in the inbox.")
        assert mail.reminders.count() == 1

    def test_that_a_server_refuses_is_tried_again_within_the_day(self, asked, dave, mailbox):
        mailbox.answers[dave.email] = "451 Come back later"
        remind()
        mail = ReminderMail.objects.get(person=dave)
        assert mail.state == "retry"
        mailbox.answers.clear()
        ReminderMail.objects.update(next_attempt_at=F("changed_at"))
        assert remind() == (0, 0, 1)
        assert len(mailbox.to(dave.email)) == 1

    def test_that_did_not_leave_in_time_is_said_with_the_next(self, asked, dave, mailbox):
        ReminderService.note()
        ReminderService.gather()
        yesterday = timedelta(days=1)
        ReminderMail.objects.update(day=F("day") - yesterday, leave_by=F("leave_by") - yesterday)
        assert ReminderService.send() == 0
        assert remind() == (0, 2, 2)
        assert len(mailbox.to(dave.email)) == 1
        assert sorted(ReminderMail.objects.values_list("state", flat=True)) == ["cancelled", "cancelled", "sent", "sent"]


def test_without_days_nobody_is_reminded(alice, dave):
    make_asked(author=alice, people=(dave,), due=0)
    assert ReminderService.note() == 0


def test_a_notice_of_before_reminds_nobody_unless_someone_says_so(alice):
    """Days are what a new notice begins with, not what an old one gets."""
    assert make_published(author=alice, people=(make_person(),)).remind_before == [7, 1]
    assert Notice._meta.get_field("remind_before").db_default == []


def test_the_clock_does_all_of_it(alice, dave, mailbox, django_capture_on_commit_callbacks, monkeypatch):
    """Noting, gathering and sending, and by hand the last two at once."""
    asked = make_asked(author=alice, people=(dave,), due=1, remind_before=[1])
    for task, then in ((tasks.send_reminders, ReminderService.send), (tasks.remind, tasks.remind.run)):
        monkeypatch.setattr(task, "delay", then)
    assert tasks.note_reminders() == 1
    assert (tasks.remind(), tasks.remind()) == (1, 0)
    assert len(mailbox.recipients) == 1
    ReminderMail.objects.update(day=F("day") - timedelta(days=1))
    with django_capture_on_commit_callbacks(execute=True):
        ReminderService.remind_outstanding(asked.pk, actor=alice)
    assert len(mailbox.recipients) == 2
