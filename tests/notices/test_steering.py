"""What people decide about mails: pause, resume, cancel, send again, take as arrived."""

import pytest
from django.core.exceptions import PermissionDenied

from notices.exceptions import NoticeError
from notices.mail.outcome import SENT, Outcome
from notices.mail.texts import NoticeMailer
from notices.models import Claim as ClaimRow
from notices.models import Delivery, Notice, SendingPause
from notices.repositories import NoticeRepository
from notices.services import DeliveryService, NoticeService
from notices.services.sending.claims import Marks, report
from notices.services.sending.working import Work, _Batch
from tests.makers import make_person, make_published

State = Delivery.State

pytestmark = pytest.mark.usefixtures("mailbox")


@pytest.fixture
def notice(alice):
    return make_published(author=alice, people=tuple(make_person() for _ in range(4)))


def states(notice) -> dict[str, int]:
    figures = NoticeRepository.figures(notice)
    assert figures["expected"] == sum(figures[state] for state in State.values)
    return {state: figures[state] for state in State.values if figures[state]}


class TestPausing:
    def test_nothing_leaves_until_somebody_resumes_and_then_all_does(self, notice, alice, mailbox, django_capture_on_commit_callbacks):
        DeliveryService.pause(notice.pk, actor=alice, reason="A wrong link.")
        assert (DeliveryService.deliver(notice.pk), DeliveryService.mend(), mailbox.recipients) == (0, [], [])
        with django_capture_on_commit_callbacks() as hints:
            assert DeliveryService.resume(notice.pk, actor=alice) == 4
        assert len(hints) == 1  # nobody waits for the sweep
        DeliveryService.deliver(notice.pk)
        assert states(notice) == {"sent": 4}

    def test_who_paused_and_resumed_and_why_stays_in_the_history(self, notice, alice):
        DeliveryService.pause(notice.pk, actor=alice, reason="A wrong link.")
        DeliveryService.resume(notice.pk, actor=alice, reason="It was right.")
        rows = SendingPause.history.filter(notice_id=notice.pk).order_by("history_id")
        assert [(row.history_type, row.history_user, row.history_change_reason) for row in rows] == [
            ("+", alice, "A wrong link."),
            ("-", alice, "It was right."),
        ]

    def test_it_needs_the_right_and_can_be_done_once(self, notice, alice, bob):
        with pytest.raises(PermissionDenied):
            DeliveryService.pause(notice.pk, actor=bob, reason="Mine")
        with pytest.raises(NoticeError, match="is not paused"):
            DeliveryService.resume(notice.pk, actor=alice)
        DeliveryService.pause(notice.pk, actor=alice, reason="A wrong link.")
        with pytest.raises(NoticeError, match="is paused already"):
            DeliveryService.pause(notice.pk, actor=alice, reason="Again")
        with pytest.raises(PermissionDenied):
            DeliveryService.resume(notice.pk, actor=bob)

    def test_what_is_not_published_has_nothing_to_pause(self, notice, alice):
        NoticeService.withdraw(notice.pk, actor=alice)
        with pytest.raises(NoticeError, match="is not published, so nothing is sent"):
            DeliveryService.pause(notice.pk, actor=alice, reason="A wrong link.")


class TestCancelling:
    def test_who_was_not_mailed_never_is_and_the_notice_stays_on_show(self, notice, alice, mailbox):
        claim = DeliveryService.claim(notice, batch=1)
        report(claim, dict.fromkeys(claim.mails, SENT), close=True)
        assert DeliveryService.cancel(notice.pk, actor=alice, reason="Told in person.") == 3
        assert DeliveryService.deliver(notice.pk) == 0
        assert (states(notice), mailbox.recipients) == ({"sent": 1, "cancelled": 3}, [])
        reasons = set(Delivery.objects.filter(state="cancelled").values_list("reason", flat=True))
        assert reasons == {"Alice Tester cancelled the mail: Told in person."}
        assert Notice.objects.published().for_user(Delivery.objects.first().person).exists()

    def test_what_a_worker_holds_goes_no_further_than_the_mail_it_is_at(self, notice, alice):
        claim = DeliveryService.claim(notice)
        with Marks() as marks:
            assert marks.begin(claim, 1)
            assert DeliveryService.cancel(notice.pk, actor=alice, reason="Told in person.") == 3
            assert not marks.begin(claim, 2)
        report(claim, {claim.mails[0]: SENT} | dict.fromkeys(claim.mails[1:], Outcome(State.WAITING, was_tried=False)), close=True)
        assert states(notice) == {"sent": 1, "cancelled": 3}
        assert not ClaimRow.objects.exists()

    def test_a_worker_in_the_middle_of_a_batch_sends_one_more_at_most(self, notice, alice, mailbox):
        class CancelsAtTheSecond(Marks):
            def begin(self, claim, position):
                begun = super().begin(claim, position)
                if position == 2:
                    assert DeliveryService.cancel(notice.pk, actor=alice, reason="Told in person.") == 2
                return begun

        with NoticeMailer(notice) as mailer, CancelsAtTheSecond() as marks:
            work = Work(DeliveryService.scope(notice), mailer, until=float("inf"))
            _Batch(work, DeliveryService.claim(notice), marks).run()
        assert len(mailbox.recipients) == 2
        assert states(notice) == {"sent": 2, "cancelled": 2}
        assert DeliveryService.deliver(notice.pk) == 0

    def test_it_needs_the_right_and_something_to_cancel(self, notice, alice, bob):
        with pytest.raises(PermissionDenied):
            DeliveryService.cancel(notice.pk, actor=bob, reason="Mine")
        assert states(notice) == {"waiting": 4}
        DeliveryService.deliver(notice.pk)
        with pytest.raises(NoticeError, match="No mail about “Fire drill” is left to cancel"):
            DeliveryService.cancel(notice.pk, actor=alice, reason="Too late")


class TestInDoubt:
    @pytest.fixture
    def doubtful(self, notice):
        Delivery.objects.update(state="unknown", reason="The mail may have arrived.")
        return list(Delivery.objects.order_by("pk"))

    def test_taken_as_arrived_they_count_as_sent_with_who_decided(self, notice, doubtful, alice, mailbox):
        assert DeliveryService.take_as_arrived(notice.pk, actor=alice, reason="The log of the server has them.") == 4
        assert states(notice) == {"sent": 4}
        reasons = set(Delivery.objects.values_list("reason", flat=True))
        assert reasons == {"Alice Tester decided that it arrived. The log of the server has them."}
        assert (DeliveryService.deliver(notice.pk), mailbox.recipients) == (0, [])

    def test_person_by_person_the_others_stay_in_doubt(self, notice, doubtful, alice, mailbox):
        first, second = doubtful[:2]
        DeliveryService.take_as_arrived(notice.pk, actor=alice, delivery_id=first.pk)
        DeliveryService.send_again(notice.pk, actor=alice, states=[State.UNKNOWN], delivery_id=second.pk)
        assert states(notice) == {"sent": 1, "waiting": 1, "unknown": 2}
        DeliveryService.deliver(notice.pk)
        assert mailbox.recipients == [second.person.email]

    def test_it_is_decided_once(self, notice, doubtful, alice):
        DeliveryService.take_as_arrived(notice.pk, actor=alice, delivery_id=doubtful[0].pk)
        for decide in (DeliveryService.take_as_arrived, DeliveryService.send_again):
            with pytest.raises(NoticeError, match="nothing to decide about this mail any more"):
                decide(notice.pk, actor=alice, delivery_id=doubtful[0].pk)

    def test_only_what_is_in_doubt_can_be_taken_as_arrived(self, notice, alice):
        assert DeliveryService.take_as_arrived(notice.pk, actor=alice) == 0
        with pytest.raises(NoticeError):
            DeliveryService.take_as_arrived(notice.pk, actor=alice, delivery_id=Delivery.objects.first().pk)
        assert states(notice) == {"waiting": 4}

    def test_a_mail_about_another_notice_is_not_decided_by_the_way(self, notice, doubtful, alice):
        other = make_published("Other", author=alice, people=(make_person(),))
        with pytest.raises(NoticeError):
            DeliveryService.take_as_arrived(other.pk, actor=alice, delivery_id=doubtful[0].pk)

    def test_it_needs_the_right_to_publish(self, notice, doubtful, alice, bob):
        with pytest.raises(PermissionDenied):
            DeliveryService.take_as_arrived(notice.pk, actor=bob)
        assert DeliveryService.take_as_arrived(notice.pk, actor=alice) == 4
