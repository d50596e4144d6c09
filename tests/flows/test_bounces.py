"""A mail comes back: comms see it, a steward mends the address, and the next notice is mailed."""

import pytest
from playwright.sync_api import expect

from notices.models import Delivery
from notices.services.bounces import BounceService
from notices.tasks import send_notice_notifications
from recipients.models import User
from tests.makers import make_published
from tests.notices.bounces.conftest import report

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def came_back(alice, dave, erin, mailbox) -> Delivery:
    """A mail that left for Dave and Erin, and came back from Dave's address."""
    notice = make_published(author=alice, people=(dave, erin))
    send_notice_notifications(notice.pk)
    delivery = Delivery.objects.get(notice=notice, person=dave)
    BounceService.take(report("gmail", delivery))
    return delivery


def test_comms_see_on_the_delivery_tab_what_came_back(visitor, alice, came_back):
    author = visitor(alice)
    author.open(f"/admin/notices/notice/{came_back.notice_id}/delivery/")
    author.check_accessible()
    author.page.get_by_role("link", name="Came back", exact=True).click()
    row = author.page.get_by_role("row", name="Dave Tester")
    expect(row).to_contain_text("Came back for good")
    expect(row).to_contain_text("There is no such mailbox (5.1.1).")
    expect(author.page.get_by_role("row", name="Erin Tester")).to_have_count(0)


def test_a_steward_corrects_the_address_and_the_next_notice_is_mailed(visitor, frank, alice, dave, came_back, mailbox):
    steward = visitor(frank)
    page = steward.page
    steward.open("/admin/")
    steward.check_accessible()
    page.get_by_role("link", name="1 person").click()
    expect(page.get_by_text("Address does not work")).to_be_visible()
    steward.check_accessible()
    page.get_by_role("link", name="Dave Tester").click()
    expect(page.get_by_text("There is no such mailbox (5.1.1).")).to_be_visible()
    steward.check_accessible()
    page.get_by_label("Email address").fill("d.tester@example.org")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()

    send_notice_notifications(make_published("Next", author=alice, people=(dave,)).pk)

    assert mailbox.recipients[-1] == "d.tester@example.org"


def test_a_steward_says_that_the_address_works_again(visitor, frank, dave, came_back):
    steward = visitor(frank)
    page = steward.page
    steward.open(f"/admin/recipients/user/{dave.pk}/change/")
    page.get_by_role("link", name="The address works again").click()
    steward.check_accessible()
    page.get_by_label("Reason").fill("Rang him")
    page.get_by_role("button", name="The address works again").click()
    expect(page.get_by_text("Mail is sent to dave@example.org again")).to_be_visible()
    assert not User.objects.whose_address_fails().exists()
