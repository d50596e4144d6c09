"""Publishing without approval: by whom, why, and marked for ever."""

import pytest
from django.core.exceptions import PermissionDenied

from notices.exceptions import StaleNotice
from notices.models import Approval, Delivery
from notices.services import NoticeService
from notices.services.publishing import Confirmation
from tests.makers import make_category, make_draft
from tests.notices.approval.steps import edit, refused, stored


class TestBreakingTheGlass:
    def test_it_needs_its_own_right_and_a_reason(self, alice, erin, carol, grace, draft):
        for person in (alice, erin, carol):
            with pytest.raises(PermissionDenied):
                NoticeService.publish_without_approval(draft.pk, actor=person, reason="Gas leak")
        refused("Say why this cannot wait", NoticeService.publish_without_approval, draft.pk, actor=grace, reason=" ")

        notice = NoticeService.publish_without_approval(draft.pk, actor=grace, reason="Gas leak")
        assert (notice.is_published, Delivery.objects.count()) == (True, 1)
        step = Approval.objects.get()
        assert (step.decision, step.by, step.reason, step.revision) == ("bypassed", grace, "Gas leak", 1)

    @pytest.mark.parametrize("state", ["in review", "withdrawn", "own"])
    def test_from_every_state_and_also_ones_own(self, state, alice, grace, root, in_review, dave, safety):
        if state == "own":
            in_review = make_draft(author=root, people=(dave,), category=safety)
        if state == "withdrawn":
            NoticeService.approve(in_review.pk, actor=grace)
            NoticeService.publish(in_review.pk, actor=alice)
            NoticeService.withdraw(in_review.pk, actor=alice)
        assert NoticeService.publish_without_approval(in_review.pk, actor=root, reason="Gas leak").is_published

    def test_only_where_there_is_glass(self, alice, dave, grace, approved):
        refused("no glass to break", NoticeService.publish_without_approval, approved.pk, actor=grace, reason="Hurry")
        free = make_draft(author=alice, people=(dave,))
        refused("no glass to break", NoticeService.publish_without_approval, free.pk, actor=grace, reason="Hurry")

    def test_what_was_confirmed_is_what_happens(self, grace, alice, draft):
        stale = Confirmation(draft.version - 1, 1)
        with pytest.raises(StaleNotice):
            NoticeService.publish_without_approval(draft.pk, actor=grace, reason="Gas leak", seen=stale)

    def test_the_mark_outlives_a_later_approval(self, alice, erin, grace, draft):
        marked = NoticeService.publish_without_approval(draft.pk, actor=grace, reason="Gas leak").bypassed_at
        NoticeService.withdraw(draft.pk, actor=alice)
        edit(draft, alice, title="Gas leak is over", category=make_category("Canteen"))
        NoticeService.submit_for_review(draft.pk, actor=alice)
        NoticeService.approve(draft.pk, actor=erin)
        NoticeService.publish(draft.pk, actor=alice)
        assert stored(draft).bypassed_at == marked
