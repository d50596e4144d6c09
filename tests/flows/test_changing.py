"""A notice that needs approval is changed while it is on show: written, handed in, approved by a second person, read."""

import pytest
from playwright.sync_api import expect

from notices.models import Amendment
from notices.services import NoticeService
from tests.makers import make_approved, make_category

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.timeout(240)
def test_changed_handed_in_approved_and_read(visitor, alice, erin, dave):
    safety = make_category("Safety", needs_approval=True)
    notice = make_approved(author=alice, approver=erin, people=(dave,), category=safety, requires_acknowledgement=True)
    NoticeService.publish(notice.pk, actor=alice)
    NoticeService.acknowledge(notice, dave)
    author, approver = visitor(alice), visitor(erin, viewport={"width": 390, "height": 844}, color_scheme="dark")

    author.page.goto("/admin/notices/notice/")
    author.page.get_by_role("link", name="Fire drill").click()
    author.page.get_by_role("link", name="Change…").click()
    author.page.get_by_label("Title").fill("Fire drill on Wednesday")
    author.page.locator(".ProseMirror").fill("The drill is on Wednesday at ten.")
    author.page.get_by_label("Attach more files").set_input_files({"name": "plan.txt", "mimeType": "text/plain", "buffer": b"At the gate."})
    author.check_accessible()
    author.page.get_by_role("button", name="Keep it and show what differs").click()
    expect(author.page.locator("ins").filter(has_text="Wednesday").first).to_be_visible()
    expect(author.page.get_by_text("1 acknowledgement stands.").first).to_be_visible()
    author.check_accessible()
    author.page.get_by_label("Tell only").check()
    author.page.get_by_label("Why is it changed?").fill("The hall is taken on Tuesday")
    author.page.get_by_role("button", name="Hand in the change").click()
    expect(author.page.get_by_text("The change waits for someone who had no part in it.")).to_be_visible()

    approver.page.goto("/admin/approvals/")
    approver.check_accessible()
    approver.page.get_by_role("link", name="Fire drill").first.click()
    expect(approver.page.get_by_text("1 person is told by mail what changed and why")).to_be_visible()
    approver.check_accessible()
    approver.page.get_by_role("button", name="Approve and make the change").click()
    expect(approver.page.get_by_text("is changed. 1 person is told by mail.")).to_be_visible()
    approver.check_accessible()
    assert Amendment.objects.get().state == "applied"

    reader = visitor(dave, viewport={"width": 320, "height": 640})
    reader.page.goto(f"/inbox/notices/{notice.pk}/")
    expect(reader.page.get_by_role("heading", name="Fire drill on Wednesday")).to_be_visible()
    expect(reader.page.get_by_text("The hall is taken on Tuesday")).to_be_visible()
    expect(reader.page.get_by_text("plan.txt")).to_be_visible()
    expect(reader.page.get_by_text("You acknowledged this on")).to_be_visible()
    reader.check_accessible()
