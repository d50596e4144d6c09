"""Passwords: a new one by mail, and how they are kept."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.hashers import make_password
from django.core import mail
from django.test import Client
from django.utils import timezone

from recipients.models import User
from recipients.signin.tasks import mail_reset
from recipients.signin.throttle import MAILS, MAILS_ASKED
from tests.clock import travel
from tests.makers import PASSWORD, make_person
from tests.recipients.signin.steps import is_signed_in, sign_in, text_of

NEW = "another correct horse battery"


@pytest.fixture(autouse=True)
def _mails_are_kept(settings):
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
    mail.outbox = []


@pytest.fixture
def asked(monkeypatch):
    """For whom the task was started; it then runs at once, as a worker would do it."""
    started: list[int] = []

    def delay(person_id: int) -> None:
        started.append(person_id)
        mail_reset(person_id)

    monkeypatch.setattr(mail_reset, "delay", delay)
    return started


def ask(email: str, client: Client | None = None, **headers):
    return (client or Client()).post("/sign-in/forgotten/", {"email": email}, REMOTE_ADDR="192.0.2.1", **headers)


def link() -> str:
    (found,) = re.findall(r"http\S+/sign-in/forgotten/\S+", mail.outbox[-1].body)
    return found


def follow(client: Client, address: str):
    return client.get(address.removeprefix("http://localhost:8000"), follow=True)


def set_new(client: Client, page, password: str = NEW):
    return client.post(page.request["PATH_INFO"], {"new_password1": password, "new_password2": password}, follow=True)


class TestByMail:
    def test_the_link_sets_a_new_one_and_the_trail_says_who_did(self, dave, asked):
        ask(dave.email)
        assert mail.outbox[0].to == [dave.email]
        client = Client()
        assert "Your password is set" in text_of(set_new(client, follow(client, link())))

        assert sign_in(Client(), "dave", PASSWORD).status_code == 200
        assert sign_in(Client(), "dave", NEW).status_code == 302
        assert dave.history.latest("history_id").history_user_id == dave.pk

    def test_the_answer_is_the_same_whether_there_is_an_account(self, dave, asked):
        make_person("gone", is_active=False)
        answers = {ask(email, Client()).headers["Location"] for email in (dave.email, "gone@example.org", "nobody@example.org")}
        assert answers == {"/sign-in/forgotten/sent/"}
        assert asked == [dave.pk, 0, 0]  # the same work each time, too
        assert len(mail.outbox) == 1

    def test_the_link_works_once(self, dave, asked):
        ask(dave.email)
        client = Client()
        set_new(client, follow(client, link()))
        assert "does not work any more" in text_of(follow(Client(), link()))

    def test_the_link_lapses_after_an_hour(self, dave, asked, settings):
        assert settings.PASSWORD_RESET_TIMEOUT == 3600
        ask(dave.email)
        with travel(timezone.now() + timedelta(minutes=59), tick=False):
            assert "Set a new password" in text_of(follow(Client(), link()))
        with travel(timezone.now() + timedelta(minutes=61), tick=False):
            assert "does not work any more" in text_of(follow(Client(), link()))

    def test_a_weak_one_is_refused(self, dave, asked):
        ask(dave.email)
        client = Client()
        assert "too short" in text_of(set_new(client, follow(client, link()), "short"))
        assert sign_in(Client(), "dave", PASSWORD).status_code == 302

    def test_every_session_ends(self, dave, asked):
        old = Client()
        sign_in(old, "dave")
        ask(dave.email)
        client = Client()
        set_new(client, follow(client, link()))
        assert not is_signed_in(old)
        assert not is_signed_in(client)  # they sign in, with the second step if they have one

    def test_whoever_set_one_gets_in_while_others_try_the_account(self, dave, asked):
        for number in range(20):
            sign_in(Client(), "dave", "wrong", address=f"203.0.113.{number}")
        ask(dave.email)
        client = Client()
        set_new(client, follow(client, link()))
        assert sign_in(Client(), "dave", NEW, address="198.51.100.7").status_code == 429
        assert sign_in(client, "dave", NEW, address="198.51.100.7").status_code == 302

    def test_a_mailbox_gets_a_few_mails_an_hour(self, dave, asked):
        for _time in range(MAILS[0] + 2):
            assert ask(dave.email)["Location"] == "/sign-in/forgotten/sent/"
        assert len(mail.outbox) == MAILS[0]

    def test_one_place_asks_so_often_and_no_more(self, db, asked):
        for number in range(MAILS_ASKED[0]):
            assert ask(f"guess{number}@example.org").status_code == 302
        assert ask("one@example.org").status_code == 429

    def test_the_address_in_the_mail_is_that_of_the_settings_whatever_the_browser_says(self, dave, asked, settings):
        settings.ALLOWED_HOSTS = ["*"]
        ask(dave.email, Client(), HTTP_HOST="evil.example", HTTP_X_FORWARDED_HOST="evil.example")
        assert link().startswith(f"{settings.SITE_URL}/sign-in/forgotten/")
        assert "evil.example" not in mail.outbox[0].body

    def test_a_host_that_is_not_ours_gets_no_answer(self, dave, asked):
        assert ask(dave.email, Client(), HTTP_HOST="evil.example").status_code == 400
        assert not mail.outbox


class TestHowTheyAreKept:
    @pytest.fixture(autouse=True)
    def _as_in_production(self, settings):
        settings.PASSWORD_HASHERS = settings.PASSWORD_HASHERS[1:]  # without the quick one of these tests

    def test_with_argon2(self):
        assert make_password(PASSWORD).startswith("argon2$argon2id$")

    def test_an_older_hash_is_replaced_when_its_owner_signs_in(self, dave):
        User.objects.filter(pk=dave.pk).update(password=make_password(PASSWORD, hasher="pbkdf2_sha256"))
        before = dave.history.count()
        sign_in(Client(), "dave", "wrong")
        assert User.objects.get(pk=dave.pk).password.startswith("pbkdf2")
        sign_in(Client(), "dave")
        assert User.objects.get(pk=dave.pk).password.startswith("argon2")
        assert dave.history.count() == before  # nobody set a password


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "http:evil.example", "javascript:alert(1)", "/\\evil.example"]
)
def test_signing_in_leads_to_no_other_host(dave, elsewhere):
    assert sign_in(Client(), "dave", next=elsewhere)["Location"] == "/inbox/"
