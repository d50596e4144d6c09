"""A right is given and taken in a browser, with the choosers as they are."""

import pytest
from django.urls import reverse

from tests.makers import make_draft

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_right_is_given_to_a_person_found_by_name_and_taken_again(visitor, grace, alice, bob):
    draft = make_draft("Fire drill", author=alice)
    address = reverse("admin:notices_notice_access", args=[draft.pk])
    guest, page = visitor(bob), visitor(grace).page
    page.goto(address)
    page.locator("#id_person + .select2").click()
    page.keyboard.type("bob")
    page.locator(".select2-results__option", has_text="Bob Tester").click()
    page.get_by_label("see", exact=True).check()
    page.get_by_label("Reason").fill("Covers for Alice")
    page.get_by_role("button", name="Give the right").click()
    page.get_by_text("Bob Tester may do this from now on: see.").wait_for()
    guest.page.goto(reverse("admin:notices_notice_change", args=[draft.pk]))
    guest.page.get_by_role("navigation", name="Pages of this notice").wait_for()

    page.get_by_role("link", name="Take from Bob Tester: see").click()
    page.get_by_label("Reason").fill("Alice is back")
    page.get_by_role("button", name="Take it away").click()
    page.get_by_text("The right is taken from Bob Tester.").wait_for()
    guest.page.reload()
    assert guest.page.get_by_role("navigation", name="Pages of this notice").count() == 0
