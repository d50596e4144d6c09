"""Taking reports: what is believed, what it does to the delivery and the address, and that twice is once."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings

from notices.models import Approval, ApprovalMail, Bounce, Delivery, ReminderMail
from notices.services import NoticeService
from notices.services.bounces import SOFT_IN_A_ROW, BounceService
from notices.tasks import send_notice_notifications
from recipients.exceptions import RecipientError
from recipients.models import AddressProblem, User
from recipients.services import AddressService, PersonService, addresses
from tests.makers import make_category, make_draft, make_person, make_published
from tests.notices.bounces.conftest import id_of, report, send
from tests.notices.bounces.test_reading import mangled

pytestmark = pytest.mark.django_db


def problems() -> list[tuple[str, str, str]]:
    return list(AddressProblem.objects.order_by("pk").values_list("person__username", "cause", "code"))


def test_a_hard_bounce_is_put_on_record_and_marks_the_address(sent, dave):
    taken = BounceService.take(report("postfix-no-such-user", sent))

    assert (taken.came_back, taken.marked, taken.strange) == (1, 1, 0)
    bounce = Bounce.objects.get()
    assert (bounce.delivery, bounce.person, bounce.kind, bounce.code) == (sent, dave, "hard", "5.1.1")
    assert bounce.diagnostic == "550 5.1.1 <…>: Recipient address rejected: User unknown in virtual mailbox table"
    assert bounce.at < bounce.taken_at
    assert problems() == [("dave", "refused", "5.1.1")]
    entry = AddressProblem.history.get()
    assert (entry.history_type, entry.history_user, entry.person) == ("+", None, dave)
    assert entry.history_change_reason == "A mail came back: There is no such mailbox (5.1.1)."


def test_the_delivery_stays_sent_and_nothing_is_sent_again(sent, mailbox):
    before = Delivery.objects.values().get()
    BounceService.take(report("postfix-no-such-user", sent))
    assert Delivery.objects.values().get() == before
    assert send_notice_notifications(sent.notice_id) == 0
    assert mailbox.raw == []


def test_the_same_report_three_times_counts_once(sent):
    taken = [BounceService.take(report("postfix-no-such-user", sent)) for _time in range(3)]
    assert [(one.came_back, one.marked, one.repeated) for one in taken] == [(1, 1, 0), (0, 0, 1), (0, 0, 1)]
    assert (Bounce.objects.count(), AddressProblem.history.count()) == (1, 1)


def test_a_delay_is_noted_and_is_no_bounce(sent):
    assert BounceService.take(report("postfix-delayed", sent)).delayed == 1
    assert Bounce.objects.get().kind == "delayed"
    assert problems() == []


@pytest.mark.parametrize(("name", "what"), [("out-of-office", "auto_replies"), ("read-receipt", "auto_replies"), ("answer", "others")])
def test_what_people_and_their_calendars_send_changes_nothing(name, what, sent):
    taken = BounceService.take(report(name, sent))
    assert (getattr(taken, what), taken.messages) == (1, 1)
    assert not Bounce.objects.exists()


@pytest.mark.parametrize(
    "forge",
    [
        pytest.param(lambda d: f"delivery-{d.pk + 1}.{d.notice_id}.{d.revision}@example.org", id="of no delivery"),
        pytest.param(lambda d: f"delivery-{d.pk}.{d.notice_id + 1}.{d.revision}@example.org", id="of another notice"),
        pytest.param(lambda d: f"delivery-{d.pk}.{d.notice_id}.{d.revision + 1}@example.org", id="of another revision"),
        pytest.param(lambda d: f"delivery-{d.pk}.{d.notice_id}@example.org", id="without a revision"),
        pytest.param(lambda d: f"delivery-{d.pk}.{d.notice_id}.{d.revision}@elsewhere.org", id="of another installation"),
        pytest.param(lambda d: f"approval-{d.pk}.{d.notice_id}@example.org", id="of another kind"),
        pytest.param(lambda _: "delivery-999999999999999999.999999999.999999999@example.org", id="of numbers beyond all"),
    ],
)
def test_an_id_that_does_not_fit_in_all_its_numbers_is_not_believed(forge, sent):
    genuine = report("postfix-no-such-user", sent)
    taken = BounceService.take(genuine.replace(id_of(sent).encode(), forge(sent).encode()))
    assert (taken.strange, Bounce.objects.count(), problems()) == (1, 0, [])

    assert BounceService.take(genuine).came_back == 1  # same set-up


def test_a_report_that_names_somebody_else_is_not_believed(sent, erin):
    taken = BounceService.take(report("postfix-no-such-user", sent, address=erin.email))
    assert (taken.strange, Bounce.objects.count(), problems()) == (1, 0, [])


def test_a_report_that_names_nobody_is_believed_for_its_id(sent):
    raw = report("postfix-no-such-user", sent).replace(b"Final-Recipient", b"X-Final").replace(b"Original-Recipient", b"X-Original")
    assert BounceService.take(raw).marked == 1


def test_an_address_counts_however_it_is_written(sent, dave):
    assert BounceService.take(report("postfix-no-such-user", sent, address="Dave@Example.ORG")).marked == 1


@pytest.mark.parametrize("state", ["waiting", "suppressed"])
def test_a_report_on_a_mail_that_never_left_is_made_up(state, alice, dave):
    notice = make_published(author=alice, people=(dave,))
    Delivery.objects.update(state=state)
    delivery = Delivery.objects.get(notice=notice)
    assert BounceService.take(report("postfix-no-such-user", delivery)).strange == 1


@pytest.mark.parametrize("state", ["claimed", "unknown", "sent"])
def test_a_report_may_be_faster_than_the_worker_or_settle_a_doubt(state, sent):
    Delivery.objects.update(state=state)
    assert BounceService.take(report("postfix-no-such-user", sent)).came_back == 1


def test_mails_about_approvals_come_back_too(alice, erin):
    draft = make_draft(author=alice, people=(alice,), category=make_category(needs_approval=True))
    NoticeService.submit_for_review(draft.pk, actor=alice)
    ApprovalMail.objects.update(attempts=1, state="sent")
    mail = ApprovalMail.objects.get(person=erin)
    raw = report("postfix-no-such-user", Delivery(pk=1, notice_id=1, revision=1), address=erin.email)

    taken = BounceService.take(raw.replace(b"delivery-1.1.1@", f"approval-{mail.pk}.{Approval.objects.get().pk}@".encode()))

    assert (taken.came_back, problems()) == (1, [("erin", "refused", "5.1.1")])
    assert Bounce.objects.get().approval_mail == mail


def test_reminder_mails_come_back_too(dave):
    now = timezone.now()
    mail = ReminderMail.objects.create(person=dave, day=now.date(), leave_by=now, next_attempt_at=now, attempts=1, state="sent")
    raw = report("postfix-no-such-user", Delivery(pk=1, notice_id=1, revision=1), address=dave.email)

    taken = BounceService.take(raw.replace(b"delivery-1.1.1@", f"reminder-{mail.pk}@".encode()))

    assert (taken.came_back, problems()) == (1, [("dave", "refused", "5.1.1")])
    assert Bounce.objects.get().reminder_mail == mail
    mail.delete()
    assert not Bounce.objects.exists()


class TestSoftOnes:
    def mails(self, alice, dave, number: int) -> list[Delivery]:
        """Sent a day apart, the oldest first."""
        deliveries = [send(make_published(f"Notice {n}", author=alice, people=(dave,)), dave) for n in range(number)]
        for days, delivery in enumerate(reversed(deliveries)):
            delivery.changed_at = timezone.now() - timedelta(days=days)
            delivery.save(update_fields=["changed_at"])
        return deliveries

    def take(self, delivery: Delivery, note: str = "") -> None:
        BounceService.take(report("postfix-mailbox-full", delivery, note=note))

    def test_several_in_a_row_mark_the_address(self, alice, dave):
        mails = self.mails(alice, dave, SOFT_IN_A_ROW)
        for mail in mails[:-1]:
            self.take(mail)
        assert problems() == []

        self.take(mails[-1])
        assert problems() == [("dave", "repeated", "5.2.2")]

    def test_several_reports_on_one_mail_are_one(self, alice, dave):
        [mail] = self.mails(alice, dave, 1)
        for number in range(SOFT_IN_A_ROW + 1):
            self.take(mail, note=f"\nagain {number}")
        assert (Bounce.objects.count(), problems()) == (SOFT_IN_A_ROW + 1, [])

    def test_one_that_arrived_between_them_begins_the_count_anew(self, alice, dave):
        first, second, _arrived, *rest = self.mails(alice, dave, SOFT_IN_A_ROW + 2)
        for mail in (first, second, *rest):
            self.take(mail)
        assert problems() == []

    def test_those_before_the_address_was_changed_do_not_count(self, alice, dave, frank):
        mails = self.mails(alice, dave, SOFT_IN_A_ROW)
        dave.email = "dave.new@example.org"
        PersonService.save_changes(dave, actor=frank)
        for mail in mails:
            self.take(mail)
        assert (Bounce.objects.count(), problems()) == (SOFT_IN_A_ROW, [])


def test_when_too_many_come_back_within_a_day_no_more_are_marked_and_somebody_is_asked(client, alice, frank, monkeypatch, caplog):
    monkeypatch.setattr(addresses, "MOST_IN_A_DAY", 3)
    people = [make_person(f"p{number}") for number in range(5)]
    notice = make_published(author=alice, people=tuple(people))
    client.force_login(frank)

    def take(person: User) -> tuple[int, int]:
        taken = BounceService.take(report("gmail", send(notice, person), address=person.email))
        return taken.marked, taken.spared

    assert [take(person) for person in people[:3]] == [(1, 0)] * 3
    assert [take(person) for person in people[3:]] == [(0, 1)] * 2
    assert (Bounce.objects.count(), len(problems())) == (5, 3)
    assert "Is a mail server at fault?" in caplog.text
    assert "Perhaps a mail server is at fault" in client.get("/admin/").content.decode()

    AddressProblem.objects.filter(person=people[0]).update(since=timezone.now() - timedelta(days=1, minutes=1))
    later = make_published("Later", author=alice, people=(people[4],))
    assert BounceService.take(report("gmail", send(later, people[4]), address=people[4].email)).marked == 1


def test_a_few_of_very_many_are_not_too_many(alice, erin, dave, monkeypatch):
    monkeypatch.setattr(addresses, "MOST_IN_A_DAY", 1)
    notice = make_published(author=alice, people=(dave, erin))
    marked = []
    for person, others in ((dave, 0), (erin, 40)):
        for number in range(others):
            make_person(f"other{number}")
        marked.append(BounceService.take(report("gmail", send(notice, person), address=person.email)).marked)
    assert marked == [1, 1]
    assert not AddressService.too_many_lately()
    User.objects.filter(username__startswith="other").update(is_active=False)
    assert AddressService.too_many_lately()


class TestTheMarkGoes:
    @pytest.fixture
    def marked(self, sent, dave) -> User:
        BounceService.take(report("postfix-no-such-user", sent))
        return dave

    def test_when_the_address_is_changed(self, marked, frank):
        marked.email = "d.tester@example.org"
        PersonService.save_changes(marked, actor=frank)

        assert problems() == []
        gone = AddressProblem.history.latest()
        assert (gone.history_type, gone.history_user) == ("-", frank)

    def test_by_whichever_door(self, marked):
        User.objects.filter(pk=marked.pk).update(email="d.tester@example.org")
        assert problems() == []

    def test_not_when_it_is_only_written_otherwise_or_something_else_changes(self, marked, frank):
        marked.email, marked.job_title = "Dave@example.org", "Cook"
        PersonService.save_changes(marked, actor=frank)
        assert problems() == [("dave", "refused", "5.1.1")]

    def test_when_a_steward_says_that_it_works_again_and_why(self, marked, frank):
        AddressService.works_again(marked.pk, actor=frank, reason="Spoke to the mail team: the mailbox is back")

        assert problems() == []
        gone = AddressProblem.history.latest()
        assert (gone.history_type, gone.history_user) == ("-", frank)
        assert gone.history_change_reason == "Spoke to the mail team: the mailbox is back"

    def test_not_without_a_reason_nor_twice(self, marked, frank):
        with pytest.raises(RecipientError, match="Say how you know"):
            AddressService.works_again(marked.pk, actor=frank, reason=" ")
        AddressService.works_again(marked.pk, actor=frank, reason="It works")
        with pytest.raises(RecipientError, match="Nothing is known against the address of Dave Tester"):
            AddressService.works_again(marked.pk, actor=frank, reason="It works")

    def test_a_late_report_on_an_earlier_mail_does_not_mark_it_again(self, marked, sent, frank):
        AddressService.works_again(marked.pk, actor=frank, reason="It works")
        assert BounceService.take(report("exim", sent)).came_back == 1
        assert problems() == []

    def test_a_report_on_a_later_mail_marks_it_again(self, marked, alice, frank):
        AddressService.works_again(marked.pk, actor=frank, reason="It works")
        later = make_published("Later", author=alice, people=(marked,))
        Delivery.objects.filter(notice=later).update(changed_at=timezone.now() + timedelta(seconds=1))
        BounceService.take(report("exim", send(later, marked)))
        assert problems() == [("dave", "refused", "5.0.0")]

    def test_a_report_on_the_old_address_does_not_mark_the_new_one(self, sent, dave, frank):
        dave.email = "d.tester@example.org"
        PersonService.save_changes(dave, actor=frank)
        assert BounceService.take(report("postfix-no-such-user", sent)).came_back == 1
        assert problems() == []

    def test_with_whoever_is_anonymised(self, marked, grace):
        marked.is_active = False
        PersonService.save_changes(marked, actor=grace)
        PersonService.anonymise(marked.pk, actor=grace, reason="Asked for it")
        assert problems() == []
        assert "dave" not in Bounce.objects.get().diagnostic


def test_who_may_not_change_the_account_cannot_say_that_it_works(sent, dave, alice, frank, grace):
    BounceService.take(report("postfix-no-such-user", sent))
    with pytest.raises(PermissionDenied, match="may not change the account of Dave Tester"):
        AddressService.works_again(dave.pk, actor=alice, reason="It works")
    AddressService.works_again(dave.pk, actor=frank, reason="It works")  # same set-up


def test_a_mail_and_all_that_came_back_of_it_go_together(sent):
    BounceService.take(report("postfix-no-such-user", sent))
    Delivery.objects.filter(pk=sent.pk).delete()
    assert not Bounce.objects.exists()


def test_events_of_providers_are_taken_like_reports(sent):
    event = f'{{"message_id": "<{id_of(sent)}>", "recipient": "Dave@example.org", "action": "failed", "status": "5.1.1"}}'
    taken = BounceService.take_events(f"[{event}, {event}]")
    assert (taken.came_back, taken.marked, taken.repeated) == (1, 1, 1)
    assert problems() == [("dave", "refused", "5.1.1")]


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(mangled())
def test_whatever_a_stranger_sends_is_taken_or_passed_over_and_does_no_more_than_mark(sent, raw):
    before = Delivery.objects.values().get()
    taken = BounceService.take(raw.replace(b"delivery-101.7.1@example.org", id_of(sent).encode()))
    assert taken.messages == 1
    assert Delivery.objects.values().get() == before
    assert not AddressProblem.objects.exclude(person_id=sent.person_id).exists()
