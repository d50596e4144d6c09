"""Nobody decides on what they had a part in."""

import pytest
from django.core.exceptions import PermissionDenied
from guardian.shortcuts import assign_perm

from backoffice.permissions import Role
from notices.contributors import to_decide_by
from notices.models import Approval, Notice
from notices.services import NoticeService
from recipients.dtos import Address
from tests.makers import make_draft, make_person
from tests.notices.approval.steps import a_file, edit, refused


class TestWhoDecides:
    def everyone_refused(self, notice, *people):
        for person in people:
            refused("You wrote, changed or submitted", NoticeService.approve, notice.pk, actor=person)
            refused("You wrote, changed or submitted", NoticeService.reject, notice.pk, actor=person, reason="No")

    @pytest.mark.parametrize("act", ["approve", "return_to_author", "reject"])
    def test_the_right_to_approve_is_asked_and_the_right_to_publish_is_not_enough(self, act, alice, bob, carol, erin, in_review):
        publisher = make_person("paula", role=Role.AUTHOR)
        for person in (bob, carol, publisher, alice):
            with pytest.raises(PermissionDenied):
                getattr(NoticeService, act)(in_review.pk, actor=person, reason="Because.")
        assert getattr(NoticeService, act)(in_review.pk, actor=erin, reason="Because.").status in {"approved", "draft"}

    def test_a_grant_on_this_very_notice_is_enough(self, bob, in_review):
        assign_perm("approve_notice", bob, in_review)
        assert NoticeService.approve(in_review.pk, actor=bob).status == "approved"

    def test_not_who_wrote_it_not_even_a_superuser(self, root, dave, erin, safety):
        notice = make_draft(author=root, people=(dave,), category=safety)
        NoticeService.submit_for_review(notice.pk, actor=root)
        self.everyone_refused(notice, root)
        assert NoticeService.approve(notice.pk, actor=erin).status == "approved"

    def test_not_who_handed_it_in(self, grace, erin, draft):
        NoticeService.submit_for_review(draft.pk, actor=grace)
        self.everyone_refused(draft, grace)
        assert NoticeService.approve(draft.pk, actor=erin).status == "approved"

    @pytest.mark.parametrize("change", ["text", "audience", "attached", "detached", "taken back"])
    def test_not_who_changed_it_whoever_changed_it_afterwards(self, change, alice, grace, erin, dave, draft):
        if change == "detached":
            attachment = NoticeService.attach(draft.pk, a_file(), actor=alice)
        acts = {
            "text": lambda: edit(draft, grace, title="Fire drill at ten"),
            "audience": lambda: NoticeService.set_audience(draft.pk, Address.of(people=[dave.pk, alice.pk]), actor=grace),
            "attached": lambda: NoticeService.attach(draft.pk, a_file(), actor=grace),
            "detached": lambda: NoticeService.detach(attachment.pk, actor=grace),
            "taken back": lambda: NoticeService.restore_fields(draft.pk, edited_before, ["title"], actor=grace),
        }
        edited_before = draft.history.latest().history_id
        edit(draft, alice, title="Drill")
        acts[change]()
        edit(draft, alice, content="<p>The last word is mine.</p>")
        NoticeService.submit_for_review(draft.pk, actor=alice)
        self.everyone_refused(draft, grace)
        assert NoticeService.approve(draft.pk, actor=erin).status == "approved"

    def test_saving_without_a_change_or_deciding_is_no_part_in_it(self, alice, grace, draft):
        edit(draft, grace)
        NoticeService.submit_for_review(draft.pk, actor=alice)
        NoticeService.return_to_author(draft.pk, actor=grace, reason="Too long")
        NoticeService.submit_for_review(draft.pk, actor=alice)
        assert NoticeService.approve(draft.pk, actor=grace).status == "approved"

    def test_what_was_changed_before_the_last_approval_is_settled_but_not_the_last_change(self, alice, grace, root, erin, draft):
        edit(draft, root, title="Root's words")
        edit(draft, grace, title="Grace's words")
        NoticeService.submit_for_review(draft.pk, actor=alice)
        NoticeService.approve(draft.pk, actor=erin)
        NoticeService.publish(draft.pk, actor=erin)
        NoticeService.withdraw(draft.pk, actor=erin)
        NoticeService.submit_for_review(draft.pk, actor=alice)
        self.everyone_refused(draft, grace)  # the last word is hers
        assert NoticeService.approve(draft.pk, actor=root).status == "approved"

    def test_a_change_past_the_services_counts_for_whom_it_names(self, grace, alice, erin, draft):
        from audit.attribution import acting  # noqa: PLC0415 - this is what a shell would do

        with acting(grace):
            Notice.objects.filter(pk=draft.pk).update(title="Slipped in")
        NoticeService.submit_for_review(draft.pk, actor=alice)
        self.everyone_refused(draft, grace)
        assert NoticeService.approve(draft.pk, actor=erin).status == "approved"

    def test_what_waits_for_me_is_what_i_may_decide(self, alice, erin, grace, root, carol, in_review, draft):
        other = make_draft("Hers", author=grace, people=(carol,), category=in_review.category)
        NoticeService.submit_for_review(other.pk, actor=grace)
        assert {person: [n.title for n in to_decide_by(person)] for person in (alice, carol, erin, grace, root)} == {
            alice: [],
            carol: [],
            erin: ["Fire drill", "Hers"],
            grace: ["Fire drill"],
            root: ["Fire drill", "Hers"],
        }


class TestSendingBack:
    @pytest.mark.parametrize(("act", "decision"), [("return_to_author", "returned"), ("reject", "rejected")])
    def test_it_needs_a_reason_and_gives_it_to_the_author(self, act, decision, alice, erin, in_review):
        refused("Say why", getattr(NoticeService, act), in_review.pk, actor=erin, reason="  ")
        notice = getattr(NoticeService, act)(in_review.pk, actor=erin, reason="Too long")
        assert (notice.status, notice.status_reason, notice.modified_by) == ("draft", "Too long", alice)
        assert (notice.history.first().history_user, notice.history.first().history_change_reason) == (erin, "Too long")
        step = Approval.objects.latest("pk")
        assert (step.decision, step.by, step.reason) == (decision, erin, "Too long")

    def test_what_was_returned_may_come_again_as_it_is(self, alice, erin, in_review):
        NoticeService.return_to_author(in_review.pk, actor=erin, reason="Ask the union first")
        assert NoticeService.submit_for_review(in_review.pk, actor=alice).status == "in_review"

    def test_what_was_rejected_only_when_something_in_it_changed(self, alice, erin, dave, in_review):
        NoticeService.reject(in_review.pk, actor=erin, reason="Wrong day")
        edit(in_review, alice)  # saved, and nothing changed
        refused(
            "Erin Tester rejected “Fire drill” exactly as it is: Wrong day. Change it",
            NoticeService.submit_for_review,
            in_review.pk,
            actor=alice,
        )
        NoticeService.set_audience(in_review.pk, Address.of(people=[dave.pk, alice.pk]), actor=alice)
        assert NoticeService.submit_for_review(in_review.pk, actor=alice).status == "in_review"
