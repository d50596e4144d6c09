"""The second step: set up with a phone, asked for at every sign-in, a must for those who work in the back office."""

import re
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from audit.models import Entry
from audit.sentences import sentences_of
from recipients.exceptions import RecipientError
from recipients.services import PersonService
from recipients.signin.models import RecoveryCode
from recipients.signin.services import TwoFactorService
from recipients.signin.throttle import CODE
from tests.clock import travel
from tests.makers import PASSWORD
from tests.recipients.signin.steps import ELSEWHERE, HERE, code_of, is_signed_in, sign_in, text_of, with_phone

SET_UP = "/account/two-factor/set-up/"
CODES = re.compile(r"<code>([a-z2-7]{4}(?:-[a-z2-7]{4}){3})</code>")


def enter(client: Client, code: str, *, address: str = HERE):
    return client.post("/sign-in/code/", {"code": code}, REMOTE_ADDR=address)


def signed_in(username: str) -> Client:
    client = Client()
    assert sign_in(client, username).status_code == 302
    return client


def key_shown(client: Client) -> str:
    client.get(SET_UP)
    return client.session["signin_new_key"]


class TestSettingUp:
    def test_it_shows_a_picture_and_a_key_and_is_on_after_a_code(self, dave):
        client = signed_in("dave")
        page = client.get(SET_UP)
        key = client.session["signin_new_key"]
        assert "data:image/svg+xml" in page.text
        assert "otpauth://totp/" in page.text
        assert page["Content-Security-Policy"].count("'self' data:") == 1
        assert not TwoFactorService.is_set_up(dave)

        done = client.post(SET_UP, {"code": code_of(key)})
        assert "The second step is on" in text_of(done)
        assert TwoFactorService.is_set_up(dave)
        assert len(CODES.findall(done.text)) == 10

    def test_a_wrong_code_turns_nothing_on(self, dave):
        client = signed_in("dave")
        wrong = f"{(int(code_of(key_shown(client))) + 1) % 1_000_000:06}"
        assert "not the code that belongs to this key" in text_of(client.post(SET_UP, {"code": wrong}))
        assert not TOTPDevice.objects.exists()

    def test_long_after_signing_in_it_asks_for_the_password(self, dave):
        client = signed_in("dave")
        with travel(timezone.now() + timedelta(minutes=11), tick=False):
            key = key_shown(client)
            refused = client.post(SET_UP, {"code": code_of(key), "password": "wrong"})
            assert "That is not your password" in text_of(refused)
            assert "second step is on" in text_of(client.post(SET_UP, {"code": code_of(key), "password": PASSWORD}))

    def test_other_sessions_end(self, dave):
        other, client = signed_in("dave"), signed_in("dave")
        client.post(SET_UP, {"code": code_of(key_shown(client))})
        assert is_signed_in(client)
        assert not is_signed_in(other)

    def test_a_second_phone_takes_the_first_off_first(self, dave):
        with_phone(dave)
        key = TwoFactorService.new_key()
        with pytest.raises(ValidationError, match="Turn it off first"):
            TwoFactorService.set_up(dave, key, code_of(key))


class TestSigningIn:
    @pytest.fixture
    def phone(self, dave):
        return with_phone(dave)

    def test_the_password_alone_opens_nothing(self, phone):
        client = Client()
        response = sign_in(client, "dave", next="/inbox/account/")
        assert response["Location"] == "/sign-in/code/"
        assert not is_signed_in(client)

        assert enter(client, code_of(phone.key, later=1))["Location"] == "/inbox/account/"
        assert is_signed_in(client)

    def test_a_code_works_once(self, phone):
        code = code_of(phone.key, later=1)
        first, second = Client(), Client()
        for client in (first, second):
            sign_in(client, "dave")
        assert enter(first, code).status_code == 302

        assert "wrong or was used already" in text_of(enter(second, code))
        assert not is_signed_in(second)

    def test_a_recovery_code_works_once(self, dave, phone):
        code = TwoFactorService.new_codes(dave)[3]
        for opens in (True, False):
            client = Client()
            sign_in(client, "dave")
            enter(client, code.upper().replace("-", " "))
            assert is_signed_in(client) is opens
        assert TwoFactorService.codes_left(dave) == 9

    def test_a_recovery_code_is_that_of_its_owner_only(self, dave, phone, alice):
        with_phone(alice)
        client = Client()
        sign_in(client, "dave")
        enter(client, TwoFactorService.new_codes(alice)[0])
        assert not is_signed_in(client)

    def test_wrong_codes_are_refused_after_a_few_and_the_right_one_then_too(self, phone):
        client = Client()
        sign_in(client, "dave")
        for _try in range(CODE[0] - 1):
            assert enter(client, "000000").status_code == 200
        refused = enter(client, "000000")
        assert (refused.status_code, "Wait 15 minutes" in text_of(refused)) == (429, True)
        assert enter(client, code_of(phone.key, later=1)).status_code == 429

    def test_whoever_stole_the_password_does_not_lock_the_owner_out(self, dave, phone):
        own = Client()
        sign_in(own, "dave")
        enter(own, code_of(phone.key, later=1))
        own.post("/sign-out/")
        thief = Client()
        for number in range(15):
            sign_in(thief, "dave", address=f"203.0.113.{number}")
            enter(thief, "000000", address=f"203.0.113.{number}")
        assert enter(thief, "000000", address="203.0.113.99").status_code == 429

        with travel(timezone.now() + timedelta(minutes=1), tick=False):
            sign_in(own, "dave")
            enter(own, code_of(phone.key, later=1))
            assert is_signed_in(own)

    def test_the_question_lapses_after_ten_minutes_and_when_the_password_changes(self, dave, phone):
        client = Client()
        sign_in(client, "dave")
        dave.set_password("another correct horse battery")
        dave.save()
        assert enter(client, code_of(phone.key, later=1))["Location"] == "/sign-in/"

        sign_in(client, "dave", "another correct horse battery")
        with travel(timezone.now() + timedelta(minutes=11), tick=False):
            assert enter(client, code_of(phone.key, later=1))["Location"] == "/sign-in/"
        assert not is_signed_in(client)

    def test_an_account_closed_between_the_steps_stays_closed(self, dave, phone):
        client = Client()
        sign_in(client, "dave")
        type(dave).objects.filter(pk=dave.pk).update(is_active=False)
        assert enter(client, code_of(phone.key, later=1))["Location"] == "/sign-in/"


class TestOfOnesOwn:
    @pytest.fixture
    def client_and_phone(self, dave):
        phone = with_phone(dave)
        client = Client()
        sign_in(client, "dave")
        enter(client, code_of(phone.key, later=1))
        return client, phone

    def test_new_recovery_codes_need_a_code_and_void_the_old_ones(self, dave, client_and_phone):
        client, _phone = client_and_phone
        old = TwoFactorService.new_codes(dave)
        assert not CODES.findall(client.post("/account/two-factor/codes/", {"code": "000000"}).text)

        new = CODES.findall(client.post("/account/two-factor/codes/", {"code": old[0]}).text)
        assert len(new) == 10
        assert "wrong or was used" in text_of(client.post("/account/two-factor/codes/", {"code": old[1]}))

    def test_turning_it_off_needs_a_code(self, dave, client_and_phone):
        client, _phone = client_and_phone
        code = TwoFactorService.new_codes(dave)[0]
        client.post("/account/two-factor/off/", {"code": "000000"})
        assert TwoFactorService.is_set_up(dave)

        client.post("/account/two-factor/off/", {"code": code})
        assert not TwoFactorService.is_set_up(dave)
        assert not RecoveryCode.objects.exists()
        assert sign_in(Client(), "dave")["Location"] == "/inbox/"


class TestWhereItIsAMust:
    @pytest.fixture(autouse=True)
    def _required(self, settings):
        settings.REQUIRE_TWO_FACTOR = True

    def test_no_page_of_the_back_office_opens_before_it_is_set_up_and_the_inbox_does(self, alice):
        client = signed_in("alice")
        for name in ("index", "notices_notice_changelist", "notices_notice_add", "password_change", "jsi18n", "autocomplete"):
            response = client.get(reverse(f"admin:{name}"))
            assert response["Location"].startswith(SET_UP), name
        assert client.get("/admin/no/such/page/")["Location"].startswith(SET_UP)
        assert client.post(reverse("admin:notices_notice_add"), {"title": "Sneaked in"}).status_code == 302
        assert client.get("/inbox/").status_code == 200
        assert client.post("/admin/logout/").status_code == 302

    def test_setting_it_up_leads_on_to_the_page_that_was_wanted(self, alice):
        client = signed_in("alice")
        wanted = reverse("admin:notices_notice_add") + "?title=x"
        page = client.get(client.get(wanted)["Location"])
        key = client.session["signin_new_key"]
        done = client.post(SET_UP, {"code": code_of(key), "next": page.context["next"]})
        assert done.context["next"] == wanted
        assert client.get(wanted).status_code == 200

    def test_it_leads_to_no_other_host(self, alice):
        page = signed_in("alice").get(SET_UP, {"next": "https://evil.example/"})
        assert page.context["next"] == "/"

    def test_a_session_from_before_is_asked_for_a_code(self, alice):
        client = signed_in("alice")
        phone = with_phone(alice)
        assert client.get("/admin/")["Location"] == "/sign-in/code/"
        enter(client, code_of(phone.key, later=1))
        assert client.get("/admin/").status_code == 200

    def test_signing_in_with_a_code_opens_it_at_once(self, alice):
        phone = with_phone(alice)
        client = Client()
        sign_in(client, "alice")
        enter(client, code_of(phone.key, later=1))
        assert client.get("/admin/").status_code == 200

    def test_readers_need_none(self, dave):
        assert signed_in("dave").get("/inbox/").status_code == 200

    def test_switched_off_nobody_needs_one(self, alice, settings):
        settings.REQUIRE_TWO_FACTOR = False
        assert signed_in("alice").get("/admin/").status_code == 200


class TestALostPhone:
    def page(self, person) -> str:
        return reverse("admin:recipients_user_second_step", args=[person.pk])

    def test_an_administrator_resets_it_with_a_reason_that_stays_in_the_trail(self, grace, alice):
        with_phone(alice)
        client, hers = Client(), Client()
        client.force_login(grace)
        hers.force_login(alice)
        assert self.page(alice) in client.get(reverse("admin:recipients_user_change", args=[alice.pk])).text
        assert client.post(self.page(alice), {"reason": " "}).status_code == 409
        assert TwoFactorService.is_set_up(alice)

        assert client.post(self.page(alice), {"reason": "Called back, phone stolen"}).status_code == 302
        assert not TwoFactorService.is_set_up(alice)
        assert not is_signed_in(hers)
        row = TOTPDevice.history.latest("history_id")
        assert (row.history_type, row.history_user_id, row.history_change_reason) == ("-", grace.pk, "Called back, phone stolen")

    def test_others_may_not(self, frank, carol, alice):
        with_phone(alice)
        for person in (frank, carol):
            client = Client()
            client.force_login(person)
            assert client.post(self.page(alice), {"reason": "Please"}).status_code in {403, 404}
            with pytest.raises(PermissionDenied):
                PersonService.reset_second_step(alice.pk, actor=person, reason="Please")
        assert TwoFactorService.is_set_up(alice)

    def test_nobody_resets_their_own_without_a_code(self, grace):
        with_phone(grace)
        with pytest.raises(RecipientError, match="with a code"):
            PersonService.reset_second_step(grace.pk, actor=grace, reason="Lost it")


class TestTheTrail:
    def test_it_says_who_set_up_what_and_holds_no_secret(self, dave):
        phone = with_phone(dave)
        code = TwoFactorService.new_codes(dave)[0]
        names = {field.name for model in (TOTPDevice, RecoveryCode) for field in model.history.model._meta.fields}
        assert not names & {"key", "digest", "last_t", "drift"}
        assert TOTPDevice.history.get().history_user_id == dave.pk
        everything = f"{list(TOTPDevice.history.values())} {list(RecoveryCode.history.values())} {list(RecoveryCode.objects.values())}"
        assert phone.key not in everything
        assert code not in everything

    def test_it_tells_it_in_sentences(self, dave, grace):
        with_phone(dave)
        TwoFactorService.turn_off(dave, actor=grace, reason="Lost")
        entries = Entry.objects.filter(model__in=("otp_totp.totpdevice", "signin.recoverycode")).order_by("id")
        assert [str(sentence) for sentence in sentences_of(list(entries)).values()] == [
            "Dave Tester set up the second step of signing in for Dave Tester",
            "Dave Tester made 10 recovery codes for Dave Tester",
            "Grace Tester removed 10 recovery codes of Dave Tester",
            "Grace Tester took away the second step of signing in from Dave Tester",
        ]

    def test_a_code_at_sign_in_leaves_no_entry_and_a_recovery_code_does(self, dave):
        phone = with_phone(dave)
        code = TwoFactorService.new_codes(dave)[0]
        before = TOTPDevice.history.count(), RecoveryCode.history.count()
        for entered in (code_of(phone.key, later=1), code):
            client = Client()
            sign_in(client, "dave", address=ELSEWHERE)
            enter(client, entered)
            assert is_signed_in(client)
        assert (TOTPDevice.history.count(), RecoveryCode.history.count()) == (before[0], before[1] + 1)
