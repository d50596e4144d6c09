"""Signing in by the organisation's own provider, against a local OpenID provider that really speaks the protocol.

The provider is `oidc-provider-mock`: discovery, signed tokens and keys are real; it lets anyone in as whoever they say,
and checks neither the secret nor the PKCE verifier, so that we send one is looked at here.
"""

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.test import Client

from recipients.signin.models import Session
from recipients.signin.sso import Protocol
from tests.makers import make_person
from tests.recipients.signin.steps import code_of, is_signed_in, text_of, with_phone
from tests.waiting import eventually

PEOPLE = {
    "s-dave": {"email": "Dave@Example.org", "email_verified": True},
    "s-unverified": {"email": "dave@example.org", "email_verified": False},
    "s-silent": {"email": "dave@example.org"},
    "s-gone": {"email": "gone@example.org", "email_verified": True},
    "s-stranger": {"email": "stranger@example.org", "email_verified": True},
    "s-number": {"email": "other@example.org", "email_verified": True, "staff_no": "E-77"},
    "s-alice": {"email": "alice@example.org", "email_verified": True},
}


@pytest.fixture(scope="session")
def provider() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    people = [part for sub, claims in PEOPLE.items() for part in ("--user-claims", json.dumps({"sub": sub, **claims}))]
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), "--require-nonce", "true", *people]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://localhost:{port}"
    try:
        eventually(lambda: answers(address), seconds=30)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=10)


def answers(address: str) -> bool:
    try:
        return requests.get(f"{address}/jwks", timeout=1).ok
    except requests.ConnectionError:
        return False


@pytest.fixture
def sso(provider, settings):
    settings.OIDC_SERVER_URL, settings.OIDC_NAME = provider, "Example Account"
    settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = "notices", "not-so-secret"
    return provider


def leave(client: Client, *, then: str = "") -> str:
    """To the provider. Returns its address with what is asked there."""
    return client.post("/sign-in/provider/", {"next": then})["Location"]


def consent(address: str, sub: str) -> str:
    """Be `sub` at the provider. Returns where the browser is sent then."""
    response = requests.post(address, data={"sub": sub}, allow_redirects=False, timeout=5)
    return response.headers["Location"]


def come_back(client: Client, address: str):
    parts = urlsplit(address)
    return client.get(f"{parts.path}?{parts.query}")


def sign_in_as(sub: str, *, then: str = "", client: Client | None = None):
    client = client or Client()
    return client, come_back(client, consent(leave(client, then=then), sub))


def test_unset_there_is_no_such_way_in(db):
    assert "Sign in with" not in Client().get("/sign-in/").text
    assert Client().post("/sign-in/provider/").status_code == 404
    assert Client().get("/sign-in/provider/back/?code=x&state=y").status_code == 404


def test_it_asks_with_state_nonce_and_pkce_and_comes_back_to_the_address_of_the_settings(sso, db, settings):
    assert "Sign in with Example Account" in Client().get("/sign-in/").text
    settings.ALLOWED_HOSTS = ["*"]
    asked = parse_qs(urlsplit(Client(headers={"host": "evil.example"}).post("/sign-in/provider/")["Location"]).query)
    assert asked["redirect_uri"] == [f"{settings.SITE_URL}/sign-in/provider/back/"]
    assert asked["code_challenge_method"] == ["S256"]
    assert all(len(asked[name][0]) >= 16 for name in ("state", "nonce", "code_challenge"))
    assert set(asked["scope"][0].split()) == {"openid", "profile", "email"}


def test_leaving_for_the_provider_is_a_post(sso, db):
    assert Client().get("/sign-in/provider/").status_code == 405


def test_the_account_with_the_verified_address_is_signed_in_and_goes_where_it_wanted(sso, dave):
    client, response = sign_in_as("s-dave", then="/inbox/account/")
    assert (response.status_code, response["Location"]) == (302, "/inbox/account/")
    assert is_signed_in(client)


def test_the_verifier_of_pkce_is_sent(sso, dave, monkeypatch):
    sent = []
    fetch = requests.Session.request

    def look(self, method, url, **options):
        sent.append(options.get("data") or {})
        return fetch(self, method, url, **options)

    monkeypatch.setattr(requests.Session, "request", look)
    sign_in_as("s-dave")
    assert any(len(data.get("code_verifier", "")) >= 43 for data in sent)


@pytest.mark.parametrize("sub", ["s-unverified", "s-silent", "s-gone", "s-stranger"])
def test_nobody_else_is_and_nobody_is_created(sso, dave, sub):
    make_person("gone", is_active=False)
    before = type(dave).objects.count()
    client, response = sign_in_as(sub)
    assert (response.status_code, "Not signed in" in text_of(response)) == (403, True)
    assert not is_signed_in(client)
    assert type(dave).objects.count() == before
    assert not Session.objects.exclude(person=None).exists()


def test_the_employee_number_decides_where_it_is_told(sso, dave, settings):
    make_person("helen", employee_number="E-77")
    client, _response = sign_in_as("s-number")
    assert not is_signed_in(client)  # the claim is not set

    settings.OIDC_EMPLOYEE_NUMBER_CLAIM = "staff_no"
    client, _response = sign_in_as("s-number")
    assert client.get("/account/sessions/").wsgi_request.user.username == "helen"


class TestForgeries:
    def test_an_answer_is_good_for_the_browser_that_asked(self, sso, dave):
        address = consent(leave(Client()), "s-dave")
        stranger = Client()
        assert come_back(stranger, address).status_code == 403
        assert not is_signed_in(stranger)

    def test_an_answer_is_good_once(self, sso, dave):
        client = Client()
        address = consent(leave(client), "s-dave")
        come_back(client, address)
        client.post("/sign-out/")
        assert come_back(client, address).status_code == 403
        assert not is_signed_in(client)

    def test_an_answer_to_another_question_is_refused(self, sso, dave):
        """The code of one attempt under the state of another: the nonce tells."""
        thief, victim = Client(), Client()
        code = parse_qs(urlsplit(consent(leave(thief), "s-dave")).query)["code"][0]
        state = parse_qs(urlsplit(leave(victim)).query)["state"][0]
        response = victim.get("/sign-in/provider/back/", {"code": code, "state": state})
        assert response.status_code == 403
        assert not is_signed_in(victim)

    def test_a_token_with_another_signature_is_refused(self, sso, dave, monkeypatch):
        decode = Protocol._decode_id_token

        def tampered(self, app, token):
            head, body, signature = token.split(".")
            return decode(self, app, f"{head}.{body}.{signature[::-1]}")

        monkeypatch.setattr(Protocol, "_decode_id_token", tampered)
        client, response = sign_in_as("s-dave")
        assert response.status_code == 403
        assert not is_signed_in(client)

    def test_cancelling_there_signs_nobody_in(self, sso, db):
        client = Client()
        state = parse_qs(urlsplit(leave(client)).query)["state"][0]
        response = client.get("/sign-in/provider/back/", {"error": "access_denied", "state": state})
        assert (response.status_code, "Not signed in" in text_of(response)) == (403, True)

    def test_it_leads_to_no_other_host(self, sso, dave):
        _client, response = sign_in_as("s-dave", then="https://evil.example/")
        assert response["Location"] == "/"


def test_a_provider_that_is_away_is_said_to_be(sso, db, settings):
    settings.OIDC_SERVER_URL = "http://localhost:9"
    response = Client().post("/sign-in/provider/")
    assert (response.status_code, "does not answer" in text_of(response)) == (502, True)
    assert re.search(r"default-src 'none'", response["Content-Security-Policy"])


class TestTheSecondStep:
    @pytest.fixture(autouse=True)
    def _required(self, settings):
        settings.REQUIRE_TWO_FACTOR = True

    def test_it_is_still_asked(self, sso, alice):
        phone = with_phone(alice)
        client, response = sign_in_as("s-alice", then="/admin/")
        assert response["Location"] == "/sign-in/code/"
        client.post("/sign-in/code/", {"code": code_of(phone.key, later=1)})
        assert client.get("/admin/").status_code == 200

    def test_the_provider_may_stand_for_it_by_setting(self, sso, alice, settings):
        settings.OIDC_SATISFIES_TWO_FACTOR = True
        client, response = sign_in_as("s-alice", then="/admin/")
        assert response["Location"] == "/admin/"
        assert client.get("/admin/").status_code == 200
