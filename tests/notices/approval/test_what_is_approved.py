"""What goes out is exactly what was decided on, and there is no way round."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils import timezone

from notices.exceptions import StaleNotice
from notices.models import Approval, Delivery
from notices.pinning import digest_of
from notices.services import NoticeService
from notices.services.publishing import Confirmation
from notices.tasks import publish_due
from recipients.dtos import Address
from tests.clock import pass_time
from tests.makers import make_approved, make_category, make_draft, make_group, make_person
from tests.notices.approval.steps import a_file, edit, refused, stored

DAY = timedelta(days=1)


class TestWhatIsApproved:
    def test_is_what_was_seen(self, alice, erin, grace, in_review):
        seen = Confirmation(in_review.version, 1, digest_of(in_review))
        NoticeService.return_to_author(in_review.pk, actor=grace, reason="Title")
        edit(in_review, alice, title="Bonus for all")
        NoticeService.submit_for_review(in_review.pk, actor=alice)
        for act, reason in (("approve", ""), ("reject", "No"), ("return_to_author", "No")):
            with pytest.raises(StaleNotice, match="since you opened this page"):
                getattr(NoticeService, act)(in_review.pk, actor=erin, seen=seen, reason=reason)
        now = stored(in_review)
        with pytest.raises(StaleNotice, match="not what you looked at"):
            NoticeService.approve(in_review.pk, actor=erin, seen=Confirmation(now.version, 1, seen.digest))
        assert NoticeService.approve(in_review.pk, actor=erin, seen=Confirmation(now.version, 1, digest_of(now))).status == "approved"

    def test_cannot_be_edited_while_it_is_decided_on(self, alice, dave, in_review):
        refused("return it to the author", edit, in_review, alice, title="Slipped in")
        refused("return it to the author", NoticeService.set_audience, in_review.pk, Address.of(people=[alice.pk]), actor=alice)
        refused("return it to the author", NoticeService.attach, in_review.pk, a_file(), actor=alice)

    @pytest.mark.parametrize("change", ["text", "category", "audience", "attachment", "taken back"])
    def test_becomes_a_draft_by_any_change(self, change, alice, erin, dave, draft):
        older = draft.history.latest().history_id
        edit(draft, alice, title="Drill")
        NoticeService.submit_for_review(draft.pk, actor=alice)
        NoticeService.approve(draft.pk, actor=erin)
        {
            "text": lambda: edit(draft, alice, title="Bonus for all"),
            "category": lambda: edit(draft, alice, category=make_category("Canteen")),
            "audience": lambda: NoticeService.set_audience(draft.pk, Address.of(people=[dave.pk, alice.pk]), actor=alice),
            "attachment": lambda: NoticeService.attach(draft.pk, a_file(), actor=alice),
            "taken back": lambda: NoticeService.restore_fields(draft.pk, older, ["title"], actor=alice),
        }[change]()
        notice = stored(draft)
        assert (notice.status, notice.status_reason) == ("draft", "It was changed after it was approved. Submit it for review again.")
        refused("needs approval", NoticeService.publish, draft.pk, actor=erin)

    def test_stays_approved_when_it_is_saved_as_it_is(self, alice, dave, approved):
        edit(approved, alice)
        NoticeService.set_audience(approved.pk, Address.of(people=[dave.pk]), actor=alice)
        assert stored(approved).status == "approved"

    @pytest.mark.parametrize(
        "sql",
        [
            "UPDATE notices SET content = '<p>Bonus for all</p>' WHERE id = %s",
            "UPDATE notices_attachment SET sha256 = repeat('0', 64) WHERE notice_id = %s",
            "DELETE FROM notices_noticeadditionalrecipient WHERE notice_id = %s AND user_id <> (SELECT created_by_id FROM notices LIMIT 1)",
        ],
    )
    @pytest.mark.parametrize("scheduled", [False, True])
    def test_is_what_goes_out_whichever_way_it_was_changed(self, sql, scheduled, alice, erin, dave, draft):
        NoticeService.attach(draft.pk, a_file(), actor=alice)
        NoticeService.set_audience(draft.pk, Address.of(people=[dave.pk, alice.pk]), actor=alice)
        NoticeService.submit_for_review(draft.pk, actor=alice)
        NoticeService.approve(draft.pk, actor=erin)
        if scheduled:
            NoticeService.schedule(draft.pk, timezone.now() + DAY, actor=alice)
        with connection.cursor() as cursor:
            cursor.execute(sql, [draft.pk])
        refused("is not what was approved", NoticeService.publish, draft.pk, actor=erin)
        if scheduled:
            pass_time(DAY + timedelta(minutes=1))
            assert publish_due() == 0
            assert (stored(draft).status, Delivery.objects.count()) == ("draft", 0)
            assert "is not what was approved" in stored(draft).status_reason
        else:
            assert NoticeService.submit_for_review(draft.pk, actor=alice).status == "in_review"  # the remedy that was named

    def test_is_the_rule_of_the_audience_and_not_the_people(self, alice, erin, dave, safety):
        group = make_group(people=(dave,))
        notice = make_approved(author=alice, approver=erin, groups=(group,), category=safety)
        group.recipientgroupadditionalrecipient_set.create(user=make_person())
        seen = Confirmation(version=notice.version, people=1)
        with pytest.raises(StaleNotice, match="is 2 now"):
            NoticeService.publish(notice.pk, actor=alice, seen=seen)
        assert NoticeService.publish(notice.pk, actor=alice, seen=Confirmation(notice.version, 2)).is_published


class TestNoWayRound:
    def test_leaving_the_category_does_not_help(self, alice, erin, draft):
        edit(draft, alice, category=make_category("Canteen"))
        refused("it was in a category that asks for it", NoticeService.publish, draft.pk, actor=alice)
        edit(draft, alice, category=None)
        refused("it was in a category that asks for it", NoticeService.publish, draft.pk, actor=alice)
        NoticeService.submit_for_review(draft.pk, actor=alice)
        NoticeService.approve(draft.pk, actor=erin)
        assert NoticeService.publish(draft.pk, actor=alice).is_published

    def test_nor_taking_an_older_category_back_nor_copying_an_old_version(self, alice, dave, safety):
        notice = make_draft(author=alice, people=(dave,), category=make_category("Canteen"))
        before = notice.history.latest().history_id
        edit(notice, alice, category=safety)
        NoticeService.restore_fields(notice.pk, before, ["category"], actor=alice)
        refused("it was in a category", NoticeService.publish, notice.pk, actor=alice)
        copy = NoticeService.draft_from_version(notice.pk, before, actor=alice).notice
        refused("it was in a category", NoticeService.publish, copy.pk, actor=alice)

    def test_only_an_approver_without_a_part_in_it_lifts_it(self, alice, erin, grace, draft):
        refused("comes from its category", NoticeService.lift_approval, draft.pk, actor=erin, reason="Harmless")
        edit(draft, grace, category=make_category("Canteen"))
        with pytest.raises(PermissionDenied):
            NoticeService.lift_approval(draft.pk, actor=alice, reason="Harmless")
        refused("You wrote, changed", NoticeService.lift_approval, draft.pk, actor=grace, reason="Harmless")
        refused("Say why", NoticeService.lift_approval, draft.pk, actor=erin, reason=" ")
        NoticeService.lift_approval(draft.pk, actor=erin, reason="Harmless")
        assert Approval.objects.get(decision="lifted").reason == "Harmless"
        assert NoticeService.publish(draft.pk, actor=alice).is_published
