"""The Delivery tab in a browser: it counts by itself and nothing moves under the pointer; its decisions are asked and done."""

import re

import pytest
from django.db.models.functions import Now
from playwright.sync_api import expect

from notices.models import Delivery
from tests.makers import make_person, make_published

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def notice(alice):
    return make_published(author=alice, people=tuple(make_person(f"reader{n}") for n in range(6)))


def become(state: str, count: int = 1, **fields) -> None:
    chosen = Delivery.objects.filter(state="waiting").order_by("person__last_name", "person__first_name")[:count]
    Delivery.objects.filter(pk__in=[mail.pk for mail in chosen]).update(state=state, changed_at=Now(), **fields)


@pytest.mark.parametrize("width", [1440, 320])
def test_nothing_moves_while_it_counts(visitor, notice, alice, width):
    become("unknown", reason="The mail server broke off after the text was sent. The mail may have arrived.")
    author = visitor(alice, viewport={"width": width, "height": 900})
    author.open(f"/admin/notices/notice/{notice.pk}/delivery/")
    place = "(e => { const b = e.getBoundingClientRect(); return [b.x, b.y + scrollY]; })"
    choice = author.page.get_by_role("link", name="It arrived")
    before = choice.evaluate(place)
    become("retry", reason="The mail server asked to try later: 450 4.7.1 Too many mails from you today, come back in a while")
    expect(author.page.locator(".bo-figure-retry dd")).to_have_text("1")
    expect(author.page.get_by_text("450 4.7.1 Too many mails")).to_be_visible()
    assert choice.evaluate(place) == before
    Delivery.objects.exclude(state="unknown").update(state="sent")
    expect(author.page.get_by_text("No mail is on its way any more.")).to_be_visible()
    assert choice.evaluate(place) == before
    author.check_accessible()


def test_mails_are_paused_resumed_decided_about_and_cancelled(visitor, notice, alice, mailbox):
    become("failed", reason="The mail server refused it: 550 No such user")
    become("unknown", 2, reason="The mail may have arrived.")
    page = (author := visitor(alice)).page
    author.open(f"/admin/notices/notice/{notice.pk}/delivery/")

    page.get_by_role("link", name="Pause sending").click()
    author.check_accessible()
    page.get_by_label("Reason").fill("A wrong link.")
    page.get_by_role("button", name="Pause sending").click()
    expect(page.get_by_text("by Alice Tester: A wrong link.")).to_be_visible()
    expect(page.get_by_text("Sending is paused: 3 mails to go.")).to_be_visible()
    author.check_accessible()
    page.get_by_role("link", name="Resume sending").click()
    page.get_by_role("button", name="Resume sending").click()
    expect(page.get_by_text("Sending goes on: 3 mails to go.")).to_be_visible()

    page.get_by_role("link", name="It arrived").first.click()
    page.get_by_role("button", name="It arrived").click()
    expect(page.get_by_text("counts as sent.")).to_be_visible()
    page.get_by_role("link", name="Take 1 in doubt as arrived").click()
    author.check_accessible()
    page.get_by_role("button", name="Take 1 in doubt as arrived").click()
    expect(page.get_by_text("1 mail taken as arrived.")).to_be_visible()

    page.get_by_role("link", name=re.compile(r"^Send again\W+Reader")).click()
    page.get_by_role("button", name="Send again").click()
    expect(page.get_by_text("will be mailed again.")).to_be_visible()

    page.get_by_role("link", name="Cancel 4 mails").click()
    page.get_by_label("Reason").fill("Told in person.")
    page.get_by_role("button", name="Cancel 4 mails").click()
    expect(page.get_by_text("4 mails cancelled.")).to_be_visible()
    assert sorted(Delivery.objects.values_list("state", flat=True)) == ["cancelled"] * 4 + ["sent"] * 2
    assert mailbox.recipients == []
