from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from backoffice.clock import today
from notices.exceptions import NoticeError
from notices.mail.outcome import SENT
from notices.models import AudienceKey, Delivery, Notice
from notices.repositories import AudienceKeyRepository, NoticeRepository
from notices.services import DeliveryService, NoticeService
from notices.services.sending.claims import BATCH, MOST_CRASHES, Marks, report
from notices.tasks import send_notice_notifications, sweep
from recipients.models import RoleAssignment, User
from tests.clock import pass_time
from tests.makers import make_draft, make_person, make_published, make_recipient
from tests.notices.delivering import LATER, SECOND, State, people, states

pytestmark = pytest.mark.usefixtures("mailbox")


@pytest.fixture
def notice(alice, dave, erin):
    return make_published(author=alice, recipients=(make_recipient(members=(dave, erin)),))


@pytest.fixture
def leeds(dave):
    return make_recipient("Leeds", members=(dave,))


class TestDelivering:
    def test_each_person_gets_one_mail(self, notice, mailbox):
        assert send_notice_notifications(notice.pk) == 2
        assert sorted(mailbox.recipients) == ["dave@example.org", "erin@example.org"]
        assert states(notice) == {"sent": 2}

    def test_delivering_twice_sends_once(self, notice, mailbox):
        assert (DeliveryService.deliver(notice.pk), DeliveryService.deliver(notice.pk)) == (2, 0)
        assert len(mailbox.recipients) == 2

    def test_more_than_a_batch_is_sent_in_one_go(self, alice, mailbox):
        notice = make_published(author=alice, people=tuple(people(BATCH * 2 + 1)))
        assert DeliveryService.deliver(notice.pk) == BATCH * 2 + 1
        assert len(set(mailbox.recipients)) == len(mailbox.recipients) == BATCH * 2 + 1
        assert len({m["Message-ID"] for m in mailbox.messages}) == BATCH * 2 + 1
        assert states(notice) == {"sent": BATCH * 2 + 1}

    def test_who_became_inactive_meanwhile_gets_none(self, notice, dave, mailbox):
        dave.is_active = False
        dave.save()
        DeliveryService.deliver(notice.pk)
        assert mailbox.recipients == ["erin@example.org"]
        assert states(notice) == {"sent": 1, "suppressed": 1}
        assert Delivery.objects.get(person=dave).reason == "No longer active."

    @pytest.mark.parametrize(
        ("email", "state", "reason"),
        [("", "suppressed", "No e-mail address"), *[(bad, "failed", "not a usable e-mail address") for bad in ("nonsense", "a@")]],
    )
    def test_an_address_that_went_bad_stops_nobody_else(self, notice, dave, mailbox, email, state, reason):
        User.objects.filter(pk=dave.pk).update(email=email)
        DeliveryService.deliver(notice.pk)
        assert states(notice) == {"sent": 1, state: 1}
        assert reason in Delivery.objects.get(person=dave).reason

    def test_what_was_withdrawn_is_not_sent(self, notice, alice, mailbox):
        NoticeService.withdraw(notice.pk, actor=alice)
        assert DeliveryService.deliver(notice.pk) == 0
        assert mailbox.recipients == []
        assert states(notice) == {"cancelled": 2}

    def test_withdrawing_stops_all_but_the_mail_that_is_leaving(self, notice, alice):
        claim = DeliveryService.claim(notice)
        with Marks() as marks:
            assert marks.begin(claim, 1)
            NoticeService.withdraw(notice.pk, actor=alice)
            assert not marks.begin(claim, 2)
        assert DeliveryService.claim(notice) is None
        report(claim, {claim.mails[0]: SENT}, close=True)
        assert states(notice) == {"sent": 1, "cancelled": 1}

    def test_a_mail_to_be_tried_again_after_the_withdrawal_is_not(self, notice, alice, mailbox):
        claim = DeliveryService.claim(notice)
        NoticeService.withdraw(notice.pk, actor=alice)
        report(claim, dict.fromkeys(claim.mails, LATER), close=True)
        again = NoticeService.publish(notice.pk, actor=alice)

        pass_time(timedelta(days=1))
        assert DeliveryService.deliver(notice.pk) == 2
        assert len(mailbox.recipients) == 2
        assert states(again) == {"sent": 2}
        DeliveryService.mend()
        assert set(Delivery.objects.filter(revision=1).values_list("state", flat=True)) == {"cancelled"}

    def test_a_notice_that_is_gone_is_nothing_to_do(self, db):
        assert send_notice_notifications(0) == 0

    def test_nothing_is_sent_before_the_first_day(self, alice, dave, mailbox):
        notice = make_published(author=alice, people=(dave,), start_date=today() + timedelta(days=1))
        first_moment = Delivery.objects.get().next_attempt_at
        assert (timezone.localtime(first_moment, timezone.get_default_timezone()).hour, first_moment > timezone.now()) == (0, True)
        pass_time(first_moment - timezone.now() - 5 * SECOND)
        assert DeliveryService.deliver(notice.pk) == 0
        pass_time(5 * SECOND)
        assert DeliveryService.deliver(notice.pk) == 1


class TestOwing:
    def test_owing_again_adds_only_who_is_missing(self, notice, dave):
        assert DeliveryService.owe(notice) == 0
        Delivery.objects.filter(person=dave).delete()
        assert DeliveryService.owe(notice) == 1

    def test_a_publication_without_deliveries_is_mended(self, alice, dave, mailbox):
        notice = make_draft(author=alice, people=(dave,))
        notice.publish()
        assert states(notice) == {}

        assert DeliveryService.mend() == [notice.pk]
        assert states(notice) == {"waiting": 1}
        assert AudienceKeyRepository.differences() == (0, 0)
        assert DeliveryService.mend() == [notice.pk]
        assert DeliveryService.deliver(notice.pk) == 1
        assert DeliveryService.mend() == []
        assert len(mailbox.recipients) == 1

    def test_so_is_one_that_begins_later(self, alice, dave, mailbox):
        notice = make_draft(author=alice, people=(dave,), start_date=today() + timedelta(days=3))
        notice.publish()
        assert DeliveryService.mend() == []
        assert states(notice) == {"waiting": 1}
        assert AudienceKeyRepository.differences() == (0, 0)

    def test_one_that_names_nobody_is_left_alone(self, alice):
        make_draft(author=alice).publish()
        assert DeliveryService.mend() == []
        assert not AudienceKey.objects.exists()

    def test_the_sweep_says_how_many_notices_it_woke(self, notice):
        assert sweep() == 1
        DeliveryService.deliver(notice.pk)
        assert sweep() == 0


class TestSendingAgain:
    @pytest.fixture
    def failed(self, notice, dave):
        Delivery.objects.filter(person=dave).update(state="failed", attempts=50, crashes=MOST_CRASHES, reason="Given up")
        Delivery.objects.exclude(person=dave).update(state="unknown")
        return notice

    def test_what_failed_is_sent_anew(self, failed, alice, mailbox):
        assert DeliveryService.send_again(failed.pk, actor=alice) == 1
        assert states(failed) == {"waiting": 1, "unknown": 1}
        DeliveryService.deliver(failed.pk)
        assert mailbox.recipients == ["dave@example.org"]
        assert states(failed) == {"sent": 1, "unknown": 1}

    def test_what_may_have_arrived_only_if_asked_for(self, failed, alice):
        assert DeliveryService.send_again(failed.pk, actor=alice, states=[State.FAILED, State.UNKNOWN]) == 2

    def test_it_needs_the_right_to_publish(self, failed, bob):
        with pytest.raises(PermissionDenied):
            DeliveryService.send_again(failed.pk, actor=bob)

    def test_it_needs_a_notice_that_has_not_ended(self, failed, alice):
        Notice.objects.update(start_date=today() - timedelta(days=2), end_date=today() - timedelta(days=1))
        with pytest.raises(NoticeError, match="“Fire drill” has ended, so nothing is sent"):
            DeliveryService.send_again(failed.pk, actor=alice)
        Notice.objects.update(end_date=today())
        assert DeliveryService.send_again(failed.pk, actor=alice) == 1

    def test_it_needs_a_notice_that_is_published(self, failed, alice):
        NoticeService.withdraw(failed.pk, actor=alice)
        with pytest.raises(NoticeError, match="“Fire drill” is not published, so nothing is sent"):
            DeliveryService.send_again(failed.pk, actor=alice)
        assert states(Notice.objects.get()) == {"failed": 1, "unknown": 1}


def test_the_figures_of_a_notice_nobody_was_told_of_are_noughts(alice):
    figures = NoticeRepository.figures(make_draft(author=alice))
    of_people = {"expected", "opened", "acknowledged", "outstanding", "closed", "joined", "others_opened"}
    assert set(figures) == {*State.values, *of_people, "on_their_way"}
    assert set(figures.values()) == {0}


def test_what_is_told_about_a_change_is_no_part_of_the_balance(notice, dave):
    Delivery.objects.create(notice=notice, person=dave, revision=1, kind="change", occasion=1, next_attempt_at=timezone.now())
    assert NoticeRepository.figures(notice)["expected"] == 2


def test_the_person_may_be_new_at_every_step(alice):
    notice = make_published(author=alice, people=(make_person(),))
    assert states(notice) == {"waiting": 1}


def test_who_opened_it_is_counted_among_those_who_were_told(alice, dave, leeds):
    """Whoever joined since reads it too, and does not make it “2 of 1”."""
    notice = make_published(author=alice, recipients=(leeds,), requires_acknowledgement=True)
    joiner = make_person()
    RoleAssignment.objects.create(user=joiner, recipient=leeds)
    for person in (dave, joiner):
        NoticeService.acknowledge(notice, person)
    figures = NoticeRepository.figures(notice)
    assert (figures["expected"], figures["opened"], figures["acknowledged"], figures["others_opened"]) == (1, 1, 1, 1)
