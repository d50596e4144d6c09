"""What the pages of a notice say of its reminders, before and after it is published."""

from datetime import timedelta

import pytest
from django.urls import reverse

from backoffice.clock import today
from notices.models import Notice, Reminder, ReminderMail
from notices.services import NoticeService, ReminderService
from notices.services.reminding import planning
from tests.audit.exported import taken
from tests.makers import make_draft, make_person
from tests.notices.reminding.conftest import make_asked, remind

pytestmark = pytest.mark.django_db


@pytest.fixture
def author(client, alice):
    client.force_login(alice)
    return client


@pytest.fixture
def asked(alice, dave, bob):
    return make_asked(author=alice, people=(dave, bob), due=7)


def page(client, notice, name="delivery", query=""):
    return " ".join(client.get(reverse(f"admin:notices_notice_{name}", args=[notice.pk]) + query).content.decode().split())


def act(notice, slug="remind"):
    return reverse("admin:notices_notice_act", args=[notice.pk, slug])


def told(response) -> str:
    return " ".join(response.content.decode().split())


class TestThePlan:
    @pytest.fixture
    def draft(self, alice, dave, bob):
        people = (dave, bob, make_person("nina", email=""))
        return make_draft(
            author=alice,
            people=people,
            requires_acknowledgement=True,
            due_date=today() + timedelta(days=10),
            remind_before=[7, 1],
            remind_after=[3, 10],
        )

    @pytest.mark.parametrize("slug", ["publish", "schedule"])
    def test_is_shown_before_it_is_published(self, author, draft, slug):
        asked = told(author.get(act(draft, slug)))
        assert "Whoever has not acknowledged is reminded on" in asked
        assert "That is up to 8 reminders over 3 weeks, fewer the more people acknowledge." in asked

    def test_goes_by_how_people_acknowledged_before(self, author, draft, alice, dave, bob):
        """Of two, one acknowledged at once and one never did."""
        earlier = make_asked("Earlier", author=alice, people=(dave, bob), due=5)
        NoticeService.acknowledge(earlier, dave)
        Notice.objects.filter(pk=earlier.pk).update(due_date=today() - timedelta(days=1))
        plan = planning.plan(draft, 1000)
        assert (plan.at_most, plan.compared) == (4000, 1)
        assert plan.about == 500 * 2 + 1000 * 2  # today is a day after that notice was due, so a week before it nobody had
        assert "That is about" in told(author.get(act(draft, "publish")))

    def test_leaves_out_days_that_have_passed_or_come_after_the_end(self, draft):
        draft.due_date, draft.end_date = today() + timedelta(days=3), today() + timedelta(days=5)
        assert planning.plan(draft, 10).days == (today() + timedelta(days=2),)
        assert planning.plan(draft, 10).at_most == 10

    @pytest.mark.parametrize(
        ("changed", "sentence"),
        [
            ({"due_date": None}, "There is no day to acknowledge by, so nobody is reminded unless somebody does it by hand."),
            ({"remind_before": [], "remind_after": []}, "Nobody is reminded by itself: no day for it lies ahead."),
        ],
        ids=["no day", "no reminders"],
    )
    def test_says_when_there_is_none(self, author, draft, changed, sentence):
        Notice.objects.update(**changed)
        assert sentence in told(author.get(act(draft, "publish")))

    def test_is_written_with_numbers_and_commas(self, author, draft):
        form = author.get(reverse("admin:notices_notice_change", args=[draft.pk])).context["adminform"].form
        data = {name: form[name].value() for name in form.fields if form[name].value() is not None}
        parts = {"attachments-TOTAL_FORMS": 0, "attachments-INITIAL_FORMS": 0}
        url = reverse("admin:notices_notice_change", args=[draft.pk])
        for wrong in ("seven", "7; 1", "-2", "121", "1,2,3,4,5,6,7,8,9,10,11"):
            refused = author.post(url, data | parts | {"remind_before": wrong})
            assert refused.context["adminform"].form.errors["remind_before"]
        author.post(url, data | parts | {"remind_before": "1, 14,1, 7", "remind_after": ""})
        draft.refresh_from_db()
        assert (draft.remind_before, draft.remind_after) == ([14, 7, 1], [])


class TestByHand:
    def test_asks_with_the_numbers_and_says_what_was_done(self, author, asked, bob):
        assert "Remind everyone outstanding" in page(author, asked)
        assert "2 people have not acknowledged “Fire drill” and are reminded of it." in told(author.get(act(asked)))
        assert not Reminder.objects.exists()
        done = author.post(act(asked), {"reason": "The audit is near"}, follow=True)
        assert "2 people will be reminded of “Fire drill”." in told(done)
        assert "by Alice Tester" in told(done)

    @pytest.mark.parametrize(("who", "answer"), [("carol", 403), ("bob", 404), ("alice", 302)])
    def test_needs_the_right_to_publish_this_very_notice(self, client, asked, request, who, answer):
        client.force_login(request.getfixturevalue(who))
        assert client.post(act(asked)).status_code == answer
        assert Reminder.objects.exists() is (answer == 302)

    def test_one_person_from_the_readers_tab(self, author, asked, dave, bob, mailbox):
        NoticeService.acknowledge(asked, bob)
        shown = page(author, asked, "readers")
        link, no_link = (
            reverse("admin:notices_notice_mail_remind", args=[asked.pk, asked.delivery_set.get(person=person).pk]) for person in (dave, bob)
        )
        assert (link in shown, no_link in shown) == (True, False)
        assert "Dave Tester is reminded of “Fire drill”." in told(author.get(link))
        assert author.post(link).url == reverse("admin:notices_notice_readers", args=[asked.pk]) + "?only=outstanding"
        remind()
        assert mailbox.recipients == [dave.email]
        assert f"on {today().day} " in page(author, asked, "readers", "?only=outstanding")

    def test_one_person_is_not_offered_to_whom_names_are_not_shown(self, client, asked, heidi):
        client.force_login(heidi)
        link = reverse("admin:notices_notice_mail_remind", args=[asked.pk, asked.delivery_set.first().pk])
        assert client.post(link).status_code in {403, 404}
        assert not Reminder.objects.exists()


class TestWhatBecameOfThem:
    def test_stands_on_the_delivery_tab_by_day_and_call(self, author, alice, dave, bob, mailbox):
        asked = make_asked(author=alice, people=(dave, bob, make_person("nina", email="")), due=1, remind_before=[1])
        remind()
        ReminderMail.objects.filter(person=bob).update(state="unknown")
        NoticeService.acknowledge(asked, dave)
        ReminderService.remind_one(asked.pk, bob, actor=alice)
        day, call = ReminderService.record(asked)
        assert (day.day, day.people, day.mailed, day.waiting, day.needless, day.not_mailed) == (today(), 3, 2, 0, 0, 1)
        assert (call.call.by, call.people, call.mailed, call.waiting) == (alice, 1, 0, 1)
        shown = page(author, asked)
        assert "Reminders" in shown
        assert "on schedule" in shown

    def test_stands_with_each_person_on_the_readers_tab(self, author, alice, dave, bob, mailbox):
        asked = make_asked(author=alice, people=(dave, bob), due=1, remind_before=[1])
        remind()
        numbers = ReminderService.reminded_people(asked, [dave.pk, bob.pk])
        assert {pk: row["mails"] for pk, row in numbers.items()} == {dave.pk: 1, bob.pk: 1}
        assert f"on {today().day} " in page(author, asked, "readers")

    @pytest.mark.django_db(transaction=True)  # an export reads on a connection of its own
    def test_stands_in_the_file_of_the_readers_tab(self, author, alice, dave, bob, mailbox):
        asked = make_asked(author=alice, people=(dave, bob), due=1, remind_before=[1])
        make_asked("Another", author=alice, people=(dave, bob), due=1, remind_before=[])
        ReminderService.remind_one(asked.pk, dave, actor=alice)  # in the same mail as the one of the day
        remind()
        ReminderMail.objects.filter(person=bob).update(state="failed")
        ReminderMail.objects.filter(person=dave).update(day=today() - timedelta(days=1))
        ReminderService.remind_one(asked.pk, dave, actor=alice)
        remind()
        rows = {row["Person"]: (row["Times reminded"], row["Last reminded on"]) for row in taken(author, "readers", asked.pk)}
        assert rows == {"Dave Tester": ("2", today().isoformat()), "Bob Tester": ("0", "")}
        shown = ReminderService.reminded_people(asked, [dave.pk, bob.pk])
        assert {pk: (row["mails"], row["last"]) for pk, row in shown.items()} == {dave.pk: (2, today())}
