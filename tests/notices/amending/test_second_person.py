"""Where a notice needs approval, so does every change of it, by someone who had no part in it."""

import pytest
from django.core.exceptions import PermissionDenied

from notices.contributors import changes_to_decide_by, contributors_of
from notices.exceptions import NoticeError, StaleNotice
from notices.models import Amendment, Approval, ApprovalMail, Delivery, Notice, ReadAcknowledgment
from notices.pinning import digest_of
from notices.services import NoticeService
from notices.services.publishing import Confirmation
from tests.notices.amending.steps import NEW, WHY, amend, hand_in, write


@pytest.fixture
def waiting(approved, alice):
    write(approved, alice)
    return hand_in(approved, alice)


def approve(change, actor, **seen):
    return NoticeService.approve_amendment(change.notice_id, actor=actor, seen=Confirmation(**{"version": 2, "people": 1} | seen))


@pytest.mark.parametrize("kind", Amendment.Kind.values)
def test_no_change_is_made_by_one_person_alone(approved, alice, grace, kind):
    write(approved, alice)
    with pytest.raises(NoticeError, match="needs approval, and so does every change of it"):
        amend(approved, kind, alice, people=1)
    change = hand_in(approved, alice, kind=kind)
    assert Notice.objects.get().content != NEW
    assert approve(change, grace).state == "applied"
    assert Notice.objects.get().content == NEW


def test_what_needs_no_approval_is_not_handed_in(notice, alice):
    write(notice, alice)
    with pytest.raises(NoticeError, match="needs no approval"):
        hand_in(notice, alice)


class TestWhoDecides:
    def test_it_takes_the_right_to_approve(self, waiting, bob, grace):
        with pytest.raises(PermissionDenied):
            approve(waiting, bob)
        assert approve(waiting, grace).decided_by == grace

    def test_not_who_wrote_on_it(self, approved, alice, grace, erin):
        write(approved, grace)
        write(approved, alice, version=1, title="Hers too")
        change = hand_in(approved, alice, version=2)
        with pytest.raises(NoticeError, match="You had a part in “Fire drill” or in this change"):
            approve(change, grace, version=3)
        assert approve(change, erin, version=3).state == "applied"

    def test_not_who_handed_it_in(self, approved, grace, root):
        write(approved, root)
        change = hand_in(approved, grace)
        with pytest.raises(NoticeError, match="Someone who had none has to decide"):
            approve(change, grace)

    def test_who_let_one_through_may_decide_on_the_next(self, waiting, approved, alice, erin):
        approve(waiting, erin)
        now = Notice.objects.get()
        assert contributors_of([now.pk])[now.pk] == {alice.pk}
        write(now, alice, title="Once more")
        assert approve(hand_in(now, alice), erin).state == "applied"

    def test_it_waits_for_those_alone_who_may(self, waiting, alice, erin, bob):
        assert [changes_to_decide_by(person) for person in (erin, alice, bob)] == [[waiting], [], []]

    @pytest.mark.parametrize("kind", ["typo", "tell"])
    def test_a_second_person_lends_nobody_a_right(self, approved, alice, grace, kind):
        write(approved, alice)
        change = hand_in(approved, alice, kind=kind)
        alice.groups.clear()
        with pytest.raises(NoticeError, match="Alice Tester, whose change it is, may not make it any more"):
            approve(change, grace)
        assert Notice.objects.get().content != NEW


class TestOnRecord:
    def test_the_steps_pin_what_it_says_afterwards(self, waiting, grace):
        approve(waiting, grace)
        submitted, approved = Approval.objects.filter(amendment=waiting).order_by("pk")
        assert (submitted.decision, approved.decision, approved.by) == ("submitted", "approved", grace)
        assert submitted.digest == approved.digest == digest_of(Notice.objects.get())

    def test_history_says_who_made_it_and_the_notice_who_wrote_it(self, waiting, grace, alice):
        approve(waiting, grace)
        notice = Notice.objects.get()
        row = notice.history.latest("history_id")
        assert (row.history_user, row.history_change_reason, notice.modified_by) == (grace, WHY, alice)

    def test_acknowledgements_stand_after_a_typo(self, waiting, grace, dave):
        before = ReadAcknowledgment.objects.get(user=dave).content_sha256
        made = approve(waiting, grace)
        reading = ReadAcknowledgment.objects.get(user=dave)
        assert reading.content_sha256 == before == made.content_before

    def test_those_who_may_decide_are_mailed_and_then_the_author(self, alice, erin, grace, waiting):
        asked = ApprovalMail.objects.filter(approval__amendment=waiting).values_list("person_id", flat=True)
        assert set(asked) == {erin.pk, grace.pk}
        approve(waiting, grace)
        assert ApprovalMail.objects.latest("pk").person == alice

    def test_a_step_about_a_change_decides_nothing_about_publishing(self, waiting, approved, alice, erin, grace):
        NoticeService.withdraw(approved.pk, actor=alice)
        NoticeService.submit_for_review(approved.pk, actor=alice)
        NoticeService.approve(approved.pk, actor=erin)
        NoticeService.return_amendment(approved.pk, actor=grace, seen=Confirmation(2, 1), reason="Not now")
        assert NoticeService.publish(approved.pk, actor=alice).is_published


class TestReturned:
    def test_it_goes_back_with_the_reason_and_may_come_again(self, waiting, approved, alice, grace):
        with pytest.raises(NoticeError, match="Say why"):
            NoticeService.return_amendment(approved.pk, actor=grace, seen=Confirmation(2, 1), reason=" ")
        change = NoticeService.return_amendment(approved.pk, actor=grace, seen=Confirmation(2, 1), reason="Which Wednesday?")
        assert (change.state, change.decision_reason, change.decided_by) == ("draft", "Which Wednesday?", grace)
        assert hand_in(approved, alice, version=3).state == "waiting"

    def test_who_returned_it_had_no_part_in_it(self, waiting, approved, alice, grace):
        NoticeService.return_amendment(approved.pk, actor=grace, seen=Confirmation(2, 1), reason="Which Wednesday?")
        assert approve(hand_in(approved, alice, version=3), grace, version=4).state == "applied"

    def test_writing_on_takes_it_back(self, waiting, approved, alice, grace):
        change = write(approved, alice, version=2, title="Wait")
        with pytest.raises(StaleNotice, match="Look at it again"):
            approve(change, grace)
        with pytest.raises(NoticeError, match="does not wait for a decision"):
            approve(change, grace, version=3)

    def test_withdrawn_meanwhile_it_is_kept_and_refused(self, waiting, approved, alice, grace):
        NoticeService.withdraw(approved.pk, actor=alice)
        with pytest.raises(NoticeError, match="The change is kept"):
            approve(waiting, grace)
        assert Amendment.objects.get().state == "waiting"
        assert not Delivery.objects.filter(kind="change").exists()
