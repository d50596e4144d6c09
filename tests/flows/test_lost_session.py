"""A session that ends while somebody writes costs them nothing."""

from urllib.parse import urlsplit

import pytest
from django.urls import reverse

from notices.models import Notice
from recipients.signin.models import Session
from tests.makers import PASSWORD, make_draft, make_person

pytestmark = pytest.mark.django_db(transaction=True)

OFFER = "What you typed here before was not saved."


def sign_in_again(page, username="alice"):
    page.wait_for_url("**/sign-in/**")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def write(page, title, text):
    page.get_by_label("Title").fill(title)
    page.locator(".ProseMirror").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(text)


def save(page):
    page.get_by_role("button", name="Save", exact=True).click()


def test_what_was_written_is_put_back_after_signing_in_again(visitor, alice):
    author = visitor(alice)
    page = author.page
    page.goto(reverse("admin:notices_notice_add"))
    write(page, "Water off on Monday", "From nine to noon.")
    page.get_by_label("Must be acknowledged").check()
    Session.objects.all().delete()
    save(page)
    sign_in_again(page)

    page.wait_for_url(lambda address: urlsplit(address).path.endswith("/notice/add/"))
    page.get_by_text(OFFER).wait_for()
    author.check_accessible()
    page.get_by_role("button", name="Put my text back").click()
    assert page.get_by_label("Title").input_value() == "Water off on Monday"
    assert "From nine to noon." in page.locator(".ProseMirror").inner_text()
    assert page.get_by_label("Must be acknowledged").is_checked()
    save(page)
    page.wait_for_url("**/audience/")
    notice = Notice.objects.get(title="Water off on Monday")
    assert notice.content == "<p>From nine to noon.</p>"

    page.goto(reverse("admin:notices_notice_add"))
    assert not page.get_by_text(OFFER).is_visible()


def test_a_change_to_a_notice_is_put_back_too_and_overwrites_nobody(visitor, alice):
    draft = make_draft("Canteen", author=alice)
    page = visitor(alice).page
    page.goto(reverse("admin:notices_notice_change", args=[draft.pk]))
    write(page, "Canteen closed", " Bring your own.")
    Session.objects.all().delete()
    Notice.objects.filter(pk=draft.pk).update(title="Changed by another", version=draft.version + 1)
    save(page)
    sign_in_again(page)

    page.get_by_role("button", name="Put my text back").click()
    assert page.get_by_label("Title").input_value() == "Canteen closed"
    save(page)
    page.wait_for_load_state("networkidle")
    assert Notice.objects.get(pk=draft.pk).title == "Changed by another"  # told first who changed what
    assert page.get_by_label("Title").input_value() == "Canteen closed"


def test_it_is_not_offered_to_the_next_person_in_the_same_tab(visitor, alice):
    make_person("helen", role="Author")
    page = visitor(alice).page
    page.goto(reverse("admin:notices_notice_add"))
    write(page, "Not for other eyes", "Secret.")
    Session.objects.all().delete()
    save(page)
    sign_in_again(page, "helen")

    page.wait_for_url(lambda address: urlsplit(address).path.endswith("/notice/add/"))
    page.wait_for_load_state("networkidle")
    assert not page.get_by_text(OFFER).is_visible()
    assert "Not for other eyes" not in page.evaluate("JSON.stringify(sessionStorage)")


def test_it_can_be_discarded(visitor, alice):
    page = visitor(alice).page
    page.goto(reverse("admin:notices_notice_add"))
    write(page, "Never mind", "x")
    page.wait_for_function("Object.keys(sessionStorage).some((key) => key.startsWith('draft:'))")
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(reverse("admin:index"))
    page.goto(reverse("admin:notices_notice_add"))
    page.get_by_role("button", name="Discard it").click()
    page.reload()
    page.wait_for_load_state("networkidle")
    assert not page.get_by_text(OFFER).is_visible()
