"""Who holds which mails, for how long, and what becomes of them when the worker is interrupted."""

from datetime import timedelta
from itertools import count

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from notices.mail.mailer import Mailer
from notices.mail.outcome import SENT, Outcome
from notices.models import Claim as ClaimRow
from notices.models import Delivery
from notices.services import DeliveryService, NoticeService
from notices.services.sending import claims, working
from notices.services.sending.claims import LEASE, Marks, report
from recipients.models import User
from tests.clock import pass_time
from tests.makers import make_published, make_recipient
from tests.notices.delivering import LATER, SECOND, State, mend, people, states

pytestmark = pytest.mark.usefixtures("mailbox")


@pytest.fixture
def notice(alice, dave, erin):
    return make_published(author=alice, recipients=(make_recipient(members=(dave, erin)),))


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
        monkeypatch.setattr("notices.mail.texts.render", lambda notice: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            DeliveryService.deliver(notice.pk)
        assert states(notice) == {"waiting": 2}
