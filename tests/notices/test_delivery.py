from datetime import timedelta
from itertools import count

import pytest
import time_machine
from celery.exceptions import SoftTimeLimitExceeded
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from notices.exceptions import NoticeError
from notices.mail import Mailer, Outcome
from notices.models import AudienceKey, Delivery, Notice
from notices.models.notice import today
from notices.repositories import AudienceKeyRepository, NoticeRepository
from notices.services import DeliveryService, NoticeService, delivery
from notices.services.delivery import BATCH, FIRST_RETRY, LAST_RETRY, LEASE, LONGEST_BATCH, MAX_ATTEMPTS
from notices.tasks import send_notice_notifications, sweep
from recipients.models import RoleAssignment, User
from tests.makers import make_draft, make_person, make_published, make_recipient
from tests.smtp import RudeServer, free_port, mailers

State = Delivery.State
SECOND = timedelta(seconds=1)


pytestmark = pytest.mark.usefixtures("mailbox")


@pytest.fixture
def notice(alice, dave, erin):
    return make_published(author=alice, recipients=(make_recipient(members=(dave, erin)),))


@pytest.fixture
def leeds(dave):
    return make_recipient("Leeds", members=(dave,))


def people(count: int):
    return User.objects.bulk_create(User(username=f"reader{n}", email=f"reader{n}@example.org") for n in range(count))


def states(notice) -> dict[str, int]:
    """How many deliveries are in which state, once the balance was found to add up."""
    figures = NoticeRepository.figures(notice)
    assert figures["expected"] == sum(figures[state] for state in State.values)
    assert figures["expected"] == Delivery.objects.of_revision(notice).count()
    return {state: figures[state] for state in State.values if figures[state]}


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

    @pytest.mark.parametrize("email", ["", "nonsense", "a@"])
    def test_an_address_that_went_bad_stops_nobody_else(self, notice, dave, mailbox, email):
        User.objects.filter(pk=dave.pk).update(email=email)
        DeliveryService.deliver(notice.pk)
        assert states(notice) == {"sent": 1, "failed": 1}
        assert "not a usable e-mail address" in Delivery.objects.get(person=dave).reason

    def test_what_was_withdrawn_is_not_sent(self, notice, alice, mailbox):
        NoticeService.withdraw(notice.pk, actor=alice)
        assert DeliveryService.deliver(notice.pk) == 0
        assert mailbox.recipients == []
        assert states(notice) == {"suppressed": 2}

    def test_withdrawing_between_two_batches_stops_the_rest(self, notice, alice):
        [claim] = DeliveryService.claim(notice.pk, batch=1)
        NoticeService.withdraw(notice.pk, actor=alice)
        assert DeliveryService.claim(notice.pk) == []
        DeliveryService.report({claim: Outcome(State.SENT)})
        assert states(notice) == {"sent": 1, "suppressed": 1}

    def test_a_mail_to_be_tried_again_after_the_withdrawal_is_not(self, notice, alice, mailbox):
        claims = DeliveryService.claim(notice.pk)
        NoticeService.withdraw(notice.pk, actor=alice)
        DeliveryService.report({claim: Outcome(State.WAITING, "Later") for claim in claims})
        again = NoticeService.publish(notice.pk, actor=alice)

        with time_machine.travel(timezone.now() + 2 * FIRST_RETRY):
            assert DeliveryService.deliver(notice.pk) == 2
            assert len(mailbox.recipients) == 2
            assert states(again) == {"sent": 2}
            DeliveryService.mend()
        assert set(Delivery.objects.filter(revision=1).values_list("state", flat=True)) == {"suppressed"}

    def test_a_notice_that_is_gone_is_nothing_to_do(self, db):
        assert send_notice_notifications(0) == 0

    def test_nothing_is_sent_before_the_first_day(self, alice, dave, mailbox):
        with time_machine.travel("2026-07-01T12:00:00Z", tick=False) as clock:
            notice = make_published(author=alice, people=(dave,), start_date=today() + timedelta(days=1))
            clock.move_to("2026-07-01T22:59:59Z")
            assert DeliveryService.deliver(notice.pk) == 0
            clock.move_to("2026-07-01T23:00:00Z")
            assert DeliveryService.deliver(notice.pk) == 1


class TestMailServer:
    def test_away_everyone_waits_with_a_reason_and_a_later_attempt(self, notice, settings, mailbox, mail_server):
        settings.MAILERS = mailers(free_port())
        before = timezone.now()
        DeliveryService.deliver(notice.pk)

        assert states(notice) == {"waiting": 2}
        for owed in Delivery.objects.all():
            assert owed.reason.startswith("The mail server cannot be reached:")
            assert owed.next_attempt_at >= before + FIRST_RETRY
        assert DeliveryService.deliver(notice.pk) == 0

        settings.MAILERS = mailers(mail_server.port)
        with time_machine.travel(timezone.now() + FIRST_RETRY + SECOND):
            assert DeliveryService.mend() == [notice.pk]
            assert DeliveryService.deliver(notice.pk) == 2
        assert states(notice) == {"sent": 2}
        assert Delivery.objects.filter(reason="").count() == 2

    def test_refused_for_good_is_failed_and_for_now_is_tried_again(self, notice, mailbox):
        mailbox.answers = {"dave@example.org": "550 No such user", "erin@example.org": "450 Busy"}
        DeliveryService.deliver(notice.pk)
        assert states(notice) == {"failed": 1, "waiting": 1}

        mailbox.answers = {}
        with time_machine.travel(timezone.now() + FIRST_RETRY + SECOND):
            DeliveryService.deliver(notice.pk)
        assert states(notice) == {"failed": 1, "sent": 1}
        assert mailbox.recipients == ["erin@example.org"]

    def test_dropped_after_the_text_is_unknown_and_not_sent_again(self, alice, dave, settings):
        notice = make_published(author=alice, people=(dave,))
        rude = RudeServer("text")
        settings.MAILERS = mailers(rude.port)
        DeliveryService.deliver(notice.pk)
        with time_machine.travel(timezone.now() + timedelta(days=1)):
            DeliveryService.mend()
            assert DeliveryService.deliver(notice.pk) == 0
        rude.stop()
        assert (len(rude.texts), states(notice)) == (1, {"unknown": 1})

    def test_the_waits_double_up_to_an_hour_and_then_it_is_given_up(self, alice, dave, mailbox):
        mailbox.answers = {"dave@example.org": "450 Busy"}
        waits = []
        with time_machine.travel(timezone.now(), tick=False) as clock:
            notice = make_published(author=alice, people=(dave,))
            for _ in range(MAX_ATTEMPTS):
                assert DeliveryService.deliver(notice.pk) == 1
                delivery = Delivery.objects.get()
                waits.append(delivery.next_attempt_at - timezone.now())
                clock.move_to(delivery.next_attempt_at - SECOND)
                assert DeliveryService.deliver(notice.pk) == 0 or delivery.state == "failed"
                clock.move_to(delivery.next_attempt_at)
        assert waits[:-1] == [min(FIRST_RETRY * 2 ** min(n, 10), LAST_RETRY) for n in range(MAX_ATTEMPTS - 1)]
        assert (delivery.state, delivery.attempts) == ("failed", MAX_ATTEMPTS)
        assert delivery.reason == f"Given up after {MAX_ATTEMPTS} attempts. The mail server asked to try later: 450 Busy"
        assert states(notice) == {"failed": 1}


class TestClaims:
    def test_a_claim_takes_no_more_than_a_batch_and_nothing_twice(self, alice):
        notice = make_published(author=alice, people=tuple(people(10)))
        first, second, third = (DeliveryService.claim(notice.pk, batch=4) for _ in range(3))
        assert [len(batch) for batch in (first, second, third)] == [4, 4, 2]
        assert len({claim.delivery_id for claim in first + second + third}) == 10
        assert DeliveryService.claim(notice.pk) == []
        assert states(notice) == {"sending": 10}

    def test_a_claim_knows_the_person_by_name(self, notice, dave):
        User.objects.filter(pk=dave.pk).update(first_name="", last_name="")
        names = {claim.person_id: claim.name for claim in DeliveryService.claim(notice.pk)}
        assert set(names.values()) == {"dave", "Erin Tester"}

    def test_a_lease_that_ended_may_have_arrived_and_is_not_sent_again(self, notice, mailbox):
        DeliveryService.claim(notice.pk)
        with time_machine.travel(timezone.now() + LEASE - 5 * SECOND):
            DeliveryService.mend()
            assert states(notice) == {"sending": 2}
        with time_machine.travel(timezone.now() + LEASE + SECOND):
            DeliveryService.mend()
            assert DeliveryService.deliver(notice.pk) == 0
        assert states(notice) == {"unknown": 2}
        assert mailbox.recipients == []
        assert "The mail may have arrived" in Delivery.objects.first().reason

    def test_a_worker_that_reports_too_late_is_not_believed(self, notice):
        claims = DeliveryService.claim(notice.pk)
        with time_machine.travel(timezone.now() + LEASE + SECOND):
            DeliveryService.mend()
        DeliveryService.report({claim: Outcome(State.FAILED, "Late") for claim in claims})
        assert states(notice) == {"unknown": 2}

    def test_nor_is_the_report_of_an_earlier_attempt(self, notice):
        old = DeliveryService.claim(notice.pk)
        DeliveryService.report({claim: Outcome(State.WAITING, "Busy") for claim in old})
        with time_machine.travel(timezone.now() + FIRST_RETRY + SECOND):
            assert len(DeliveryService.claim(notice.pk)) == 2
        DeliveryService.report({claim: Outcome(State.SENT) for claim in old})
        assert states(notice) == {"sending": 2}

    def test_nor_is_a_late_report_after_it_was_sent_again(self, notice, alice):
        """The attempts begin anew, so they cannot tell the two claims apart."""
        old = DeliveryService.claim(notice.pk)
        with time_machine.travel(timezone.now() + LEASE + SECOND):
            DeliveryService.mend()
            DeliveryService.send_again(notice.pk, actor=alice, states=[State.UNKNOWN])
            assert {claim.attempts for claim in DeliveryService.claim(notice.pk)} == {1}
        DeliveryService.report({claim: Outcome(State.FAILED, "Late") for claim in old})
        assert states(notice) == {"sending": 2}


class TestInterruptions:
    def test_a_worker_never_mails_the_old_text_to_those_of_a_new_revision(self, notice, alice, mailbox, monkeypatch):
        """Withdrawn, rewritten and published again while a worker is at it."""
        claim = DeliveryService.claim

        def rewritten_first(notice_id, **arguments):
            monkeypatch.setattr(DeliveryService, "claim", claim)
            withdrawn = NoticeService.withdraw(notice_id, actor=alice)
            withdrawn.content = "<p>New words.</p>"
            NoticeService.save_changes(withdrawn, actor=alice, version=withdrawn.version)
            NoticeService.publish(notice_id, actor=alice)
            return claim(notice_id, **arguments)

        monkeypatch.setattr(DeliveryService, "claim", rewritten_first)
        assert DeliveryService.deliver(notice.pk) == 0
        assert mailbox.recipients == []

        assert DeliveryService.deliver(notice.pk) == 2
        assert all("New words." in message.as_string() for message in mailbox.messages)

    def test_a_worker_that_is_interrupted_leaves_one_mail_in_doubt_and_hands_back_the_rest(self, alice, monkeypatch):
        notice = make_published(author=alice, people=tuple(people(5)))
        send, sent = Mailer.send, []

        def interrupted(mailer, *arguments):
            if len(sent) == 2:
                raise SoftTimeLimitExceeded
            sent.append(arguments)
            return send(mailer, *arguments)

        monkeypatch.setattr(Mailer, "send", interrupted)
        with pytest.raises(SoftTimeLimitExceeded):
            DeliveryService.deliver(notice.pk)
        assert states(notice) == {"sent": 2, "unknown": 1, "waiting": 2}

    def test_when_its_time_is_up_it_hands_back_what_it_holds(self, alice, mailbox, monkeypatch):
        notice = make_published(author=alice, people=tuple(people(5)))
        clock = count(0, LONGEST_BATCH / 2)
        monkeypatch.setattr(delivery, "monotonic", lambda: next(clock))
        DeliveryService.deliver(notice.pk)
        found = states(notice)
        assert found["sent"] == len(mailbox.recipients) < 5
        assert found == {"sent": found["sent"], "waiting": 5 - found["sent"]}

    def test_a_text_that_cannot_be_rendered_leaves_nothing_in_doubt(self, notice, monkeypatch):
        monkeypatch.setattr("notices.mail.render", lambda notice: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            DeliveryService.deliver(notice.pk)
        assert states(notice) == {"waiting": 2}


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
        Delivery.objects.filter(person=dave).update(state="failed", attempts=MAX_ATTEMPTS, reason="Given up")
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

    def test_it_needs_a_notice_that_is_published(self, failed, alice):
        NoticeService.withdraw(failed.pk, actor=alice)
        with pytest.raises(NoticeError, match="“Fire drill” is not published, so nothing is sent"):
            DeliveryService.send_again(failed.pk, actor=alice)
        assert states(Notice.objects.get()) == {"failed": 1, "unknown": 1}


def test_the_figures_of_a_notice_nobody_was_told_of_are_noughts(alice):
    figures = NoticeRepository.figures(make_draft(author=alice))
    assert set(figures) == {*State.values, "expected", "opened", "acknowledged", "others_opened"}
    assert set(figures.values()) == {0}


def test_a_reminder_is_no_part_of_the_balance(notice, dave):
    now = timezone.now()
    Delivery.objects.create(notice=notice, person=dave, revision=1, kind="reminder", next_attempt_at=now, changed_at=now)
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
