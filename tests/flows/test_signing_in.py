"""Signing in and the pages of one's account, in a browser: on a wide screen in the light, on a small one in the dark."""

import re
from base64 import b32decode

import pytest

from recipients.signin.services import TwoFactorService
from recipients.signin.throttle import PAIR
from tests.makers import PASSWORD
from tests.recipients.signin.steps import code_of

pytestmark = pytest.mark.django_db(transaction=True)

SCREENS = {
    "wide": {"viewport": {"width": 1440, "height": 900}},
    "small": {"viewport": {"width": 320, "height": 640}, "color_scheme": "dark", "reduced_motion": "reduce"},
}


@pytest.fixture(params=SCREENS)
def person(request, visitor):
    return visitor(**SCREENS[request.param])


def look(person):
    page = person.page
    page.wait_for_load_state("networkidle")
    person.check_accessible()
    assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"), page.url


def fill_in(page, username, password=PASSWORD):
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


@pytest.mark.timeout(300)
def test_an_author_sets_up_a_second_step_and_signs_in_with_it(person, alice, settings):
    settings.REQUIRE_TWO_FACTOR = True
    settings.OIDC_SERVER_URL, settings.OIDC_NAME = "http://localhost:9", "Example Account"
    page = person.page
    page.goto("/admin/")
    look(person)
    fill_in(page, "alice")
    page.wait_for_url("**/set-up/**")
    look(person)
    key = b32decode(re.sub(r"\s", "", page.locator("code.key").inner_text())).hex()
    page.get_by_label("Code", exact=True).fill(code_of(key))
    page.get_by_role("button", name="Turn on the second step").click()
    page.get_by_role("heading", name="Keep these recovery codes").wait_for()
    look(person)
    codes = page.locator(".codes code").all_inner_texts()
    page.get_by_role("link", name="I have kept them").click()
    page.wait_for_url("**/admin/")

    page.goto("/account/two-factor/")
    look(person)
    page.get_by_role("link", name="New recovery codes").click()
    look(person)
    page.goto("/account/sessions/")
    look(person)
    page.get_by_role("link", name="Sign out everywhere, here too").click()
    look(person)
    page.get_by_role("button", name="Sign out everywhere").click()
    page.wait_for_url("**/sign-in/")
    fill_in(page, "alice")
    page.wait_for_url("**/sign-in/code/")
    look(person)
    page.get_by_label("Code").fill(codes[0])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/admin/")
    assert TwoFactorService.codes_left(alice) == 9


def test_the_refusals_and_the_way_to_a_new_password(person, dave):
    page = person.page
    page.goto("/sign-in/")
    for _try in range(PAIR[0]):
        page.goto("/sign-in/")
        fill_in(page, "dave", "wrong")
        page.wait_for_load_state("networkidle")
    page.get_by_role("heading", name="Tried too often").wait_for()
    look(person)
    page.get_by_role("link", name="Forgotten your password?").click()
    look(person)
    for address in ("/sign-in/forgotten/sent/", "/sign-in/forgotten/MQ/x-y/", "/sign-in/forgotten/changed/"):
        page.goto(address)
        look(person)
