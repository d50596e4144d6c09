"""The path of a notice that needs approval, walked by its author and its approver in a browser."""

import re

import pytest
from playwright.sync_api import expect

from notices.models import Approval, Notice
from notices.services import NoticeService
from tests.makers import make_category, make_draft

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.timeout(240)
def test_submitted_returned_changed_approved_and_published(visitor, alice, erin, dave):
    make_draft(author=alice, people=(dave,), category=make_category("Safety", needs_approval=True))
    author, approver = visitor(alice), visitor(erin, viewport={"width": 390, "height": 844}, color_scheme="dark")

    author.page.goto("/admin/notices/notice/")
    author.page.get_by_role("link", name="Fire drill").click()
    author.page.get_by_role("link", name="Submit for review").click()
    author.page.get_by_role("button", name="Submit for review").click()
    expect(author.page.get_by_text("Waits for someone other than Alice Tester to approve it.")).to_be_visible()

    approver.page.goto("/admin/approvals/")
    approver.check_accessible()
    approver.page.get_by_role("link", name="Fire drill").click()
    expect(approver.page.get_by_text("It has never been approved, so this is all of it.")).to_be_visible()
    approver.check_accessible()
    approver.page.get_by_role("link", name="Return for edit").click()
    approver.page.get_by_label("Reason").fill("Wednesday, not Tuesday.")
    approver.page.get_by_role("button", name="Return for edit").click()
    expect(approver.page.get_by_role("cell", name="Wednesday, not Tuesday.")).to_be_visible()

    notice = Notice.objects.get()
    notice.content = "<p>The drill is on Wednesday at ten.</p>"
    NoticeService.save_changes(notice, actor=alice, version=notice.version)
    NoticeService.submit_for_review(notice.pk, actor=alice)
    approver.page.reload()
    approver.page.get_by_role("link", name="Approve", exact=True).click()
    expect(approver.page.get_by_text("is approved exactly as you saw it")).to_be_visible()
    approver.page.get_by_role("button", name="Approve").click()
    expect(approver.page.get_by_text(re.compile("Approved by Erin Tester on"))).to_be_visible()

    author.page.goto("/admin/")
    expect(author.page.get_by_text("Approved: publish or schedule it.")).to_be_visible()
    author.page.goto("/admin/approvals/")
    author.check_accessible()
    author.page.get_by_role("link", name="Fire drill").click()
    author.page.get_by_role("link", name="Publish to 1 person").click()
    author.page.get_by_role("button", name="Publish to 1 person").click()
    expect(author.page.get_by_text("is published to 1 person")).to_be_visible()
    assert [step.decision for step in Approval.objects.order_by("pk")] == ["submitted", "returned", "submitted", "approved"]
