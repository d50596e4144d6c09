"""What the tests of signing in have in common: signing in, and codes as a phone makes them."""

import re
import time
from html import unescape
from typing import Any

from django.test import Client
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from recipients.signin.services import TwoFactorService
from tests.makers import PASSWORD

HERE = "192.0.2.1"
ELSEWHERE = "198.51.100.7"


def sign_in(client: Client, username: str, password: str = PASSWORD, *, address: str = HERE, **fields: str) -> Any:
    return client.post("/sign-in/", {"username": username, "password": password, **fields}, REMOTE_ADDR=address)


def code_of(key: str, *, later: int = 0) -> str:
    """What a phone with `key` shows now, or `later` steps of half a minute from now."""
    totp = TOTP(bytes.fromhex(key))
    totp.time = time.time() + 30 * later
    return f"{totp.token():06}"


def with_phone(person: Any) -> TOTPDevice:
    """`person` has a second step. Its first code is used up, so the next is `code_of(device.key, later=1)`."""
    key = TwoFactorService.new_key()
    TwoFactorService.set_up(person, key, code_of(key))
    return TOTPDevice.objects.get(user=person)


def is_signed_in(client: Client) -> bool:
    return client.get("/account/sessions/").status_code == 200


def text_of(response: Any) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", response.text)))
