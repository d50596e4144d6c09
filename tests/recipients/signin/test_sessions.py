"""Sessions: a new key at every sign-in, two limits in time, a list, and what ends them at once."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from backoffice.permissions import Role
from recipients.services import PersonService
from recipients.signin.models import Session
from recipients.signin.services import SessionService
from recipients.signin.tasks import sweep
from tests.clock import travel
from tests.makers import make_person
from tests.recipients.signin.steps import is_signed_in, sign_in, text_of

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/604.1"


def arrive(username: str, *, agent: str = FIREFOX, **options) -> Client:
    client = Client(headers={"user-agent": agent})
    assert sign_in(client, username, **options).status_code == 302
    return client


@pytest.fixture
def clock():
    with travel(timezone.now(), tick=False) as clock:
        yield clock


def test_signing_in_changes_the_key_of_the_session(dave):
    client = Client()
    session = client.session  # as one that somebody else prepared
    session["planted"] = True
    session.save()
    before = session.session_key
    sign_in(client, "dave")

    assert client.session.session_key != before
    assert not Session.objects.filter(session_key=before).exists()


class TestTheLimits:
    def test_an_unused_session_ends(self, dave, clock, settings):
        client = arrive("dave")
        clock.shift(timedelta(seconds=settings.SESSION_COOKIE_AGE - 1))
        assert is_signed_in(client)
        clock.shift(timedelta(seconds=settings.SESSION_COOKIE_AGE - 1))
        assert is_signed_in(client)
        clock.shift(timedelta(seconds=settings.SESSION_COOKIE_AGE))
        assert not is_signed_in(client)

    def test_a_page_that_asks_for_news_by_itself_does_not_keep_it_alive(self, dave, clock, settings):
        client = arrive("dave")
        for _quarter in range(4):
            clock.shift(timedelta(seconds=settings.SESSION_COOKIE_AGE // 4))
            client.get("/inbox/", headers={"sec-fetch-dest": "empty"})
        assert not is_signed_in(client)

    def test_a_used_session_ends_too_in_the_end(self, dave, clock, settings):
        client = arrive("dave")
        for _half_hour in range(settings.SESSION_ABSOLUTE_MINUTES // 30):
            clock.shift(timedelta(minutes=30))
            assert is_signed_in(client)
        clock.shift(timedelta(seconds=1))
        assert not is_signed_in(client)

    def test_using_it_writes_once_a_minute_at_most(self, dave, clock, django_assert_num_queries):
        client = arrive("dave")
        clock.shift(timedelta(seconds=59))
        is_signed_in(client)
        assert client.session["signin_seen"] == client.session["signin_began"]
        clock.shift(timedelta(seconds=1))
        is_signed_in(client)
        assert client.session["signin_seen"] == client.session["signin_began"] + 60

    def test_what_is_over_is_removed_by_the_clock(self, dave, clock, settings):
        arrive("dave")
        assert sweep() == 0
        clock.shift(timedelta(seconds=settings.SESSION_COOKIE_AGE + 1))
        assert sweep() == 1
        assert not Session.objects.exists()


class TestTheList:
    def test_it_names_device_and_address_and_which_is_this_one(self, dave):
        arrive("dave", agent=IPHONE, address="198.51.100.7")
        client = arrive("dave")
        text = text_of(client.get("/account/sessions/"))
        assert "Firefox on Linux this one From 192.0.2.1" in text
        assert "Safari on iPhone From 198.51.100.7" in text

    def test_it_shows_no_key_and_nobody_elses(self, dave, alice):
        other, client = arrive("alice"), arrive("dave")
        page = client.get("/account/sessions/").text
        assert page.count("this one") == 1
        assert other.session.session_key not in page
        assert client.session.session_key not in page

    def test_one_can_be_ended(self, dave):
        phone, client = arrive("dave", agent=IPHONE), arrive("dave")
        (other,) = [one for one in SessionService.of(dave, this=client.session.session_key) if not one.is_this]
        client.post("/account/sessions/end/", {"session": other.handle})
        assert not is_signed_in(phone)
        assert is_signed_in(client)

    def test_nobody_ends_anothers(self, dave, alice):
        hers, client = arrive("alice"), arrive("dave")
        (handle,) = [one.handle for one in SessionService.of(alice)]
        client.post("/account/sessions/end/", {"session": handle})
        assert is_signed_in(hers)

    def test_all_others_can_be_ended_or_all(self, dave):
        phone, client = arrive("dave", agent=IPHONE), arrive("dave")
        client.post("/account/sessions/end-others/")
        assert (is_signed_in(phone), is_signed_in(client)) == (False, True)

        phone = arrive("dave", agent=IPHONE)
        assert "2 browsers" in text_of(client.get("/account/sessions/everywhere/"))
        client.post("/account/sessions/end-everywhere/")
        assert (is_signed_in(phone), is_signed_in(client)) == (False, False)

    @pytest.mark.parametrize("page", ["end", "end-others", "end-everywhere"])
    def test_looking_ends_nothing(self, dave, page):
        client = arrive("dave")
        assert client.get(f"/account/sessions/{page}/").status_code == 405
        assert is_signed_in(client)

    def test_without_signing_in_there_is_none(self, db):
        assert Client().get("/account/sessions/")["Location"].startswith("/sign-in/")


class TestWhatEndsThemAtOnce:
    def test_a_changed_password_ends_the_others(self, dave):
        other, client = arrive("dave"), arrive("dave")
        new = "another correct horse battery"
        from_form = {"old_password": "correct horse battery staple", "new_password1": new, "new_password2": new}
        assert client.post("/inbox/account/password/", from_form).status_code == 302
        assert is_signed_in(client)
        assert not is_signed_in(other)
        assert len(SessionService.of(type(dave).objects.get(pk=dave.pk))) == 1

    def test_a_closed_account_is_out_and_stays_out_when_opened_again(self, dave, grace):
        client = arrive("dave")
        assert is_signed_in(client)
        for is_active in (False, True):
            dave.is_active = is_active
            PersonService.save_changes(dave, actor=grace)
            assert not is_signed_in(client)
        assert sign_in(Client(), "dave").status_code == 302

    def test_changed_rights_count_at_the_next_request(self, grace):
        helen = make_person("helen", role=Role.AUTHOR)
        client = arrive("helen")
        assert client.get("/admin/notices/notice/add/").status_code == 200
        PersonService.set_roles(helen, roles=[], actor=grace)
        assert client.get("/admin/notices/notice/add/").status_code == 403
        helen.is_staff = False
        PersonService.save_changes(helen, actor=grace)
        assert client.get("/admin/")["Location"].startswith("/admin/login/")
