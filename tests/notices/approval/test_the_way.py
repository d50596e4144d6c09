"""From draft to published: by which steps, at which moment."""

from datetime import timedelta

import pytest
from django.utils import timezone

from notices.dtos import NoticeCreationData
from notices.exceptions import NoticeError
from notices.models import Approval, AudienceKey, Delivery, Notice
from notices.pinning import digest_of
from notices.repositories import NoticeRepository
from notices.services import DeliveryService, NoticeService
from notices.tasks import publish_due
from recipients.dtos import Address
from tests.clock import pass_time
from tests.makers import make_approved, make_category, make_draft, make_group, make_published
from tests.notices.approval.steps import refused, stored

DAY = timedelta(days=1)


class TestTheWay:
    def test_draft_review_approved_published_with_a_row_for_each_step(self, alice, erin, draft):
        NoticeService.submit_for_review(draft.pk, actor=alice)
        assert NoticeService.approve(draft.pk, actor=erin).status == "approved"
        assert not Delivery.objects.exists()
        assert NoticeService.publish(draft.pk, actor=alice).is_published  # its author did not approve it, and may publish it

        steps = Approval.objects.order_by("pk")
        assert [(s.decision, s.by, s.people, s.revision) for s in steps] == [("submitted", alice, 1, 1), ("approved", erin, 1, 1)]
        assert {s.digest for s in steps} == {digest_of(stored(draft))}

    def test_nothing_that_needs_approval_is_published_or_scheduled_without(self, alice, erin, grace, root, draft):
        for person in (alice, erin, grace, root):
            refused("needs approval: notices in “Safety” are submitted", NoticeService.publish, draft.pk, actor=person)
            refused("needs approval", NoticeService.schedule, draft.pk, timezone.now() + DAY, actor=person)
        NoticeService.submit_for_review(draft.pk, actor=alice)
        for person in (alice, erin, grace, root):
            refused("waits for approval", NoticeService.publish, draft.pk, actor=person)
            refused("waits for approval", NoticeService.schedule, draft.pk, timezone.now() + DAY, actor=person)

    def test_nor_created_as_published(self, alice, dave, safety):
        data = NoticeCreationData(
            "x", "<p>x</p>", "published", additional_recipient_ids=(dave.pk,), created_by=alice, category_id=safety.pk
        )
        refused("needs approval", NoticeService.create_notice, data)
        refused("cannot begin as published", NoticeRepository.bulk_create, [Notice(title="x", status="published", category=safety)])

    def test_set_to_published_past_the_services_it_is_taken_back_before_anybody_is_told(self, draft):
        stored(draft).publish()
        DeliveryService.mend()
        notice = stored(draft)
        assert (notice.status, notice.published_at) == ("draft", None)
        assert "without the approval" in notice.status_reason
        assert not Delivery.objects.exists()
        assert not AudienceKey.objects.exists()

    @pytest.mark.parametrize("way", ["approved", "without approval"])
    def test_what_a_service_published_is_not_taken_back_when_its_keys_are_lost(self, way, grace, approved, alice, dave):
        if way == "without approval":
            NoticeService.set_audience(approved.pk, Address.of(people=[dave.pk, alice.pk]), actor=alice)
            NoticeService.publish_without_approval(approved.pk, actor=grace, reason="Gas leak")
        else:
            NoticeService.publish(approved.pk, actor=alice)
        AudienceKey.objects.all().delete()
        DeliveryService.mend()
        assert stored(approved).is_published
        assert AudienceKey.objects.exists()

    def test_what_was_withdrawn_is_approved_anew(self, alice, erin, approved):
        NoticeService.publish(approved.pk, actor=erin)
        NoticeService.withdraw(approved.pk, actor=alice)
        refused("needs approval", NoticeService.publish, approved.pk, actor=erin)
        refused("needs approval", NoticeService.schedule, approved.pk, timezone.now() + DAY, actor=erin)

        NoticeService.submit_for_review(approved.pk, actor=alice)
        NoticeService.approve(approved.pk, actor=erin)
        assert NoticeService.publish(approved.pk, actor=erin).revision == 2

    def test_other_categories_need_no_second_person(self, alice, dave):
        assert make_published(author=alice, people=(dave,), category=make_category("Canteen")).is_published

    def test_only_a_draft_or_a_withdrawn_notice_is_submitted_and_only_what_is_in_review_decided(self, alice, erin, dave, approved):
        published = make_published(author=alice, people=(dave,))
        refused("is not a draft: it is published", NoticeService.submit_for_review, published.pk, actor=alice)
        refused("is not a draft: it is approved", NoticeService.submit_for_review, approved.pk, actor=alice)
        for notice in (published, approved):
            refused("is not in review", NoticeService.approve, notice.pk, actor=erin)
            refused("is not in review", NoticeService.return_to_author, notice.pk, actor=erin, reason="No")
            refused("is not in review", NoticeService.reject, notice.pk, actor=erin, reason="No")

    def test_an_approved_notice_holds_its_groups_and_may_be_deleted_and_restored(self, alice, erin, dave, safety):
        group = make_group("Night shift", people=(dave,))
        notice = make_approved(author=alice, approver=erin, groups=(group,), category=safety)
        with pytest.raises(NoticeError, match="is addressed by “Fire drill”"):
            group.delete(user=alice)
        NoticeService.delete(notice.pk, actor=alice)
        NoticeService.restore(notice.pk, actor=alice)
        assert NoticeService.publish(notice.pk, actor=alice).is_published


class TestOnSchedule:
    def test_approved_it_goes_out_by_itself(self, alice, approved):
        NoticeService.schedule(approved.pk, timezone.now() + DAY, actor=alice)
        pass_time(DAY + timedelta(minutes=1))
        assert publish_due() == 1
        assert stored(approved).is_published

    def test_taken_off_the_schedule_it_stays_approved(self, alice, dave, approved):
        NoticeService.schedule(approved.pk, timezone.now() + DAY, actor=alice)
        assert NoticeService.cancel_schedule(approved.pk, actor=alice).status == "approved"
        other = make_draft(author=alice, people=(dave,))
        NoticeService.schedule(other.pk, timezone.now() + DAY, actor=alice)
        assert NoticeService.cancel_schedule(other.pk, actor=alice).status == "draft"

    def test_a_category_that_needs_approval_since_sends_nothing_out_silently(self, alice, dave):
        category = make_category("Canteen")
        notice = make_draft(author=alice, people=(dave,), category=category)
        NoticeService.schedule(notice.pk, timezone.now() + DAY, actor=alice)
        category.needs_approval = True
        category.save()
        refused("needs approval", NoticeService.publish, notice.pk, actor=alice)
        pass_time(DAY + timedelta(minutes=1))
        assert publish_due() == 0
        assert stored(notice).status == "draft"
        assert "needs approval: notices in “Canteen”" in stored(notice).status_reason
        assert not Delivery.objects.exists()
