from datetime import timedelta
from itertools import count

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from notices.exceptions import NoticeError
from notices.mail.mailer import Mailer
from notices.mail.outcome import PATIENCE, SENT, Outcome, Trouble
from notices.models import AudienceKey, Delivery, MailServer, Notice
from notices.models import Claim as ClaimRow
from notices.models.notice import today
from notices.repositories import AudienceKeyRepository, NoticeRepository
from notices.services import DeliveryService, NoticeService
from notices.services.sending import claims, working
from notices.services.sending.claims import BATCH, LEASE, MOST_CRASHES, Marks, report, settle
from notices.tasks import send_notice_notifications, sweep
from recipients.models import RoleAssignment, User
from tests.clock import pass_time
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


LATER = Outcome(State.RETRY, "Busy")


def mend() -> None:
    settle([Delivery])
    DeliveryService.mend()


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

    def test_withdrawing_between_two_batches_stops_the_rest(self, notice, alice):
        claim = DeliveryService.claim(notice, batch=1)
        NoticeService.withdraw(notice.pk, actor=alice)
        assert DeliveryService.claim(notice) is None
        report(claim, dict.fromkeys(claim.mails, SENT), close=True)
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


class TestMailServer:
    @pytest.fixture
    def away(self, notice, settings, mail_server):
        """One mail was tried; whoever tells how to go on, finds the server back."""
        settings.MAILERS = mailers(free_port())
        assert DeliveryService.deliver(notice.pk) == 2
        settings.MAILERS = mailers(mail_server.port)
        return notice

    def test_away_one_was_tried_and_the_others_are_as_before_with_the_reason(self, away):
        assert states(away) == {"retry": 1, "waiting": 1}
        assert all(owed.reason.startswith("The mail server cannot be reached:") for owed in Delivery.objects.all())
        assert sorted(Delivery.objects.values_list("attempts", flat=True)) == [0, 1]

    def test_back_again_everyone_is_mailed(self, away, mailbox):
        pass_time(timedelta(minutes=1))
        assert DeliveryService.mend() == [away.pk]
        assert DeliveryService.deliver(away.pk) == 2
        assert states(away) == {"sent": 2}
        assert Delivery.objects.filter(reason="").count() == 2

    def test_it_is_left_alone_for_longer_each_time_and_then_tried_with_one_mail(self, alice, settings):
        notice = make_published(author=alice, people=tuple(people(30)))
        settings.MAILERS = mailers(free_port())
        pauses, tried = [], []
        for _ in range(3):
            assert (DeliveryService.deliver(notice.pk) > 0, DeliveryService.deliver(notice.pk)) == (True, 0)
            server = MailServer.objects.get()
            pauses.append(round((server.next_try_at - timezone.now()).total_seconds()))
            tried.append(Delivery.objects.filter(attempts__gt=0).count())
            pass_time(timedelta(seconds=pauses[-1] + 1))
        assert (pauses, tried) == ([1, 2, 4], [1, 2, 3])
        assert (server.failures, server.problem[:38]) == (3, "The mail server cannot be reached: [Er")

    def test_it_gets_no_more_than_its_rate(self, alice, mailbox, settings, monkeypatch):
        notice = make_published(author=alice, people=tuple(people(30)))
        settings.EMAIL_PER_MINUTE = 60  # so ten at once, and one a second
        monkeypatch.setattr(working, "LONGEST_WAIT", 0)
        DeliveryService.deliver(notice.pk)
        assert (len(mailbox.recipients), DeliveryService.deliver(notice.pk)) == (10, 0)
        pass_time(timedelta(minutes=5))
        DeliveryService.deliver(notice.pk)
        assert len(mailbox.recipients) == 20

    def test_refused_for_good_is_failed_and_for_now_is_tried_again(self, notice, mailbox):
        mailbox.answers = {"dave@example.org": "550 No such user", "erin@example.org": "450 Busy"}
        DeliveryService.deliver(notice.pk)
        assert states(notice) == {"failed": 1, "retry": 1}

        mailbox.answers = {}
        pass_time(timedelta(minutes=1))
        DeliveryService.deliver(notice.pk)
        assert states(notice) == {"failed": 1, "sent": 1}
        assert mailbox.recipients == ["erin@example.org"]

    def test_dropped_after_the_text_is_unknown_and_not_sent_again(self, alice, dave, settings):
        notice = make_published(author=alice, people=(dave,))
        rude = RudeServer("text")
        settings.MAILERS = mailers(rude.port)
        DeliveryService.deliver(notice.pk)
        pass_time(timedelta(days=1))
        DeliveryService.mend()
        assert DeliveryService.deliver(notice.pk) == 0
        rude.stop()
        assert (len(rude.texts), states(notice)) == (1, {"unknown": 1})

    @pytest.mark.parametrize(
        ("answer", "trouble"),
        [
            ("450 Busy", Trouble.BUSY),
            ("450 4.7.1 Greylisted, come back", Trouble.GREYLISTED),
            ("452 4.2.2 Mailbox full", Trouble.MAILBOX_FULL),
        ],
    )
    def test_the_pauses_double_by_kind_of_trouble_and_after_two_days_it_is_given_up(self, alice, dave, mailbox, answer, trouble):
        notice = make_published(author=alice, people=(dave,))
        mailbox.answers = {"dave@example.org": answer}
        first, longest = trouble.value
        tried = timedelta(0)
        for attempt in range(200):
            assert DeliveryService.deliver(notice.pk) == 1
            delivery = Delivery.objects.get()
            if delivery.state == "failed":
                break
            wanted = min(first * 2 ** min(attempt, 10), longest)
            assert 0.74 * wanted < delivery.next_attempt_at - timezone.now() < 1.26 * wanted
            assert DeliveryService.deliver(notice.pk) == 0
            pass_time(1.26 * wanted)
            tried += wanted
        assert PATIENCE <= tried < PATIENCE + longest
        assert delivery.reason == f"Given up after {delivery.attempts} attempts. The mail server asked to try later: {answer}"
        assert states(notice) == {"failed": 1}

    def test_who_refuses_one_text_after_the_other_gets_no_more_of_it_until_somebody_resumes(self, alice, mailbox):
        notice = make_published(author=alice, people=tuple(people(BATCH + 20)))
        mailbox.after_text = "554 5.7.1 Looks like spam"
        DeliveryService.deliver(notice.pk)
        found = states(notice)
        assert (found["failed"], found["waiting"]) == (working.MANY_REFUSED, BATCH + 20 - working.MANY_REFUSED)
        assert "554 5.7.1 Looks like spam" in notice.sendingpause.reason
        assert (DeliveryService.mend(), DeliveryService.deliver(notice.pk)) == ([], 0)

        mailbox.after_text = "250 Kept"
        assert DeliveryService.resume(notice.pk, actor=alice) == found["waiting"]
        assert DeliveryService.deliver(notice.pk) == found["waiting"]

    def test_addresses_that_are_gone_stop_nobody(self, alice, mailbox):
        gone = people(working.MANY_REFUSED + 5)
        mailbox.answers = {person.email: "550 No such user" for person in gone}
        notice = make_published(author=alice, people=(*gone, make_person("zoe")))
        DeliveryService.deliver(notice.pk)
        assert states(notice) == {"failed": len(gone), "sent": 1}

    def test_who_is_too_busy_for_one_after_the_other_is_left_alone(self, alice, mailbox):
        notice = make_published(author=alice, people=tuple(people(30)))
        mailbox.after_text = "451 Try later"
        DeliveryService.deliver(notice.pk)
        assert states(notice) == {"retry": working.MANY_BUSY, "waiting": 30 - working.MANY_BUSY}
        assert MailServer.objects.get().problem.endswith("451 Try later")


class TestClaims:
    def test_a_claim_takes_no_more_than_a_batch_and_nothing_twice(self, alice):
        notice = make_published(author=alice, people=tuple(people(10)))
        held = [DeliveryService.claim(notice, batch=4) for _ in range(3)]
        assert [len(claim.mails) for claim in held] == [4, 4, 2]
        assert len({mail.id for claim in held for mail in claim.mails}) == 10
        assert DeliveryService.claim(notice) is None
        assert states(notice) == {"claimed": 10}

    def test_a_claim_knows_the_person_by_name(self, notice, dave):
        User.objects.filter(pk=dave.pk).update(first_name="", last_name="")
        assert {mail.name for mail in DeliveryService.claim(notice).mails} == {"dave", "Erin Tester"}

    def test_what_a_worker_had_not_begun_when_its_lease_ended_is_sent_by_another(self, notice, mailbox):
        DeliveryService.claim(notice)
        pass_time(LEASE - 5 * SECOND)
        mend()
        assert states(notice) == {"claimed": 2}
        pass_time(6 * SECOND)
        mend()
        assert states(notice) == {"retry": 2}
        assert (DeliveryService.deliver(notice.pk), DeliveryService.deliver(notice.pk)) == (1, 0) or states(notice) == {"sent": 2}
        DeliveryService.deliver(notice.pk)
        assert sorted(mailbox.recipients) == ["dave@example.org", "erin@example.org"]

    def test_a_worker_that_reports_too_late_is_not_believed(self, notice):
        claim = DeliveryService.claim(notice)
        pass_time(LEASE + SECOND)
        mend()
        report(claim, dict.fromkeys(claim.mails, Outcome(State.FAILED, "Late")), close=True)
        assert states(notice) == {"retry": 2}

    def test_nor_may_it_send(self, notice):
        claim = DeliveryService.claim(notice)
        with Marks() as marks:
            pass_time(LEASE + SECOND)
            assert not marks.begin(claim, 1)
            mend()
            assert not marks.begin(claim, 1)

    def test_nor_is_the_report_of_an_earlier_attempt(self, notice):
        old = DeliveryService.claim(notice)
        report(old, dict.fromkeys(old.mails, LATER), close=True)
        pass_time(timedelta(minutes=1))
        assert len(DeliveryService.claim(notice).mails) == 2
        report(old, dict.fromkeys(old.mails, SENT), close=True)
        assert states(notice) == {"claimed": 2}

    def test_a_claim_that_nobody_remembers_is_in_doubt(self, notice):
        DeliveryService.claim(notice)
        ClaimRow.objects.all().delete()
        mend()
        assert states(notice) == {"unknown": 2}


class TestInterruptions:
    def test_a_worker_never_mails_the_old_text_to_those_of_a_new_revision(self, notice, alice, mailbox, monkeypatch):
        """Withdrawn, rewritten and published again while a worker is at it."""
        claim = claims.claim

        def rewritten_first(scope, **arguments):
            monkeypatch.setattr(claims, "claim", claim)
            withdrawn = NoticeService.withdraw(notice.pk, actor=alice)
            withdrawn.content = "<p>New words.</p>"
            NoticeService.save_changes(withdrawn, actor=alice, version=withdrawn.version)
            NoticeService.publish(notice.pk, actor=alice)
            return claim(scope, **arguments)

        monkeypatch.setattr(claims, "claim", rewritten_first)
        assert DeliveryService.deliver(notice.pk) == 0
        assert mailbox.recipients == []

        assert DeliveryService.deliver(notice.pk) == 2
        assert all("New words." in message.as_string() for message in mailbox.messages)

    @pytest.fixture
    def five(self, alice):
        return make_published(author=alice, people=tuple(people(5)))

    @staticmethod
    def interrupt(monkeypatch, method: str, *, after: int) -> None:
        """The time limit strikes at the call after so many."""
        original, calls = getattr(Mailer, method), count(1)

        def interrupted(*arguments):
            if next(calls) > after:
                raise SoftTimeLimitExceeded
            return original(*arguments)

        monkeypatch.setattr(Mailer, method, interrupted)

    def test_a_worker_that_is_interrupted_before_the_text_hands_back_the_rest(self, five, mailbox, monkeypatch):
        self.interrupt(monkeypatch, "hand_over", after=2)
        with pytest.raises(SoftTimeLimitExceeded):
            DeliveryService.deliver(five.pk)
        assert states(five) == {"sent": 2, "waiting": 3}
        assert (len(mailbox.recipients), ClaimRow.objects.count()) == (2, 0)

    def test_one_that_is_interrupted_after_it_leaves_one_mail_in_doubt(self, five, mailbox, monkeypatch):
        hand_over = Mailer.hand_over

        def interrupted(mailer, email, data, begin):
            outcome = hand_over(mailer, email, data, begin)
            if len(mailbox.recipients) == 3:
                raise SoftTimeLimitExceeded
            return outcome

        monkeypatch.setattr(Mailer, "hand_over", interrupted)
        with pytest.raises(SoftTimeLimitExceeded):
            DeliveryService.deliver(five.pk)
        assert states(five) == {"sent": 2, "unknown": 1, "waiting": 2}

    def test_one_that_is_interrupted_while_writing_has_sent_nothing(self, five, mailbox, monkeypatch):
        self.interrupt(monkeypatch, "write", after=2)
        with pytest.raises(SoftTimeLimitExceeded):
            DeliveryService.deliver(five.pk)
        assert (states(five), mailbox.recipients) == ({"waiting": 5}, [])

    def test_when_its_time_is_up_it_hands_back_what_it_holds(self, five, mailbox, monkeypatch):
        clock = count(0, working.TURN / 6)
        monkeypatch.setattr(working, "monotonic", lambda: next(clock))
        DeliveryService.deliver(five.pk)
        found = states(five)
        assert 0 < found["sent"] == len(mailbox.recipients) < 5
        assert found == {"sent": found["sent"], "waiting": 5 - found["sent"]}

    def test_asked_to_stop_it_hands_back_what_it_holds(self, five, mailbox, monkeypatch):
        monkeypatch.setattr(working, "is_stopping", lambda: len(mailbox.recipients) == 2)
        DeliveryService.deliver(five.pk)
        assert states(five) == {"sent": 2, "waiting": 3}
        assert set(Delivery.objects.filter(state="waiting").values_list("attempts", flat=True)) == {0}

    def test_a_text_that_cannot_be_rendered_leaves_nothing_in_doubt(self, notice, monkeypatch):
        monkeypatch.setattr("notices.mail.mailer.render", lambda notice: 1 / 0)
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
