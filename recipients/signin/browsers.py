"""Browsers that someone has signed in with before, by a signed cookie; and browsers in words.

Such a browser has a count of failures of its own, so that nobody who tries an account from elsewhere can keep its owner out.
"""

import unicodedata
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import get_random_string, salted_hmac
from django.utils.translation import gettext as _

SALT = "signin.browser"
KEPT_FOR = 180 * 24 * 3600  # seconds
PEOPLE = 5  # on one browser; the oldest is forgotten

BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("CriOS", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "Mac"), ("Linux", "Linux"))


def normal(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold().strip()


def _whose(name: str) -> str:
    return salted_hmac(SALT, normal(name), algorithm="sha256").hexdigest()[:32]


def _known(request: HttpRequest) -> dict[str, str]:
    try:
        known: Any = signing.loads(request.COOKIES.get(settings.KNOWN_BROWSER_COOKIE_NAME, ""), salt=SALT, max_age=KEPT_FOR)
    except signing.BadSignature:
        return {}
    return known if isinstance(known, dict) else {}


def known_browser(request: HttpRequest, name: str) -> str:
    """The number of this browser, if the account called `name` was signed in to with it; else nothing."""
    return _known(request).get(_whose(name), "")


def remember_browser(request: HttpRequest, response: HttpResponse, name: str) -> None:
    known = _known(request)
    whose = _whose(name)
    known[whose] = known.pop(whose, "") or get_random_string(22)
    value = signing.dumps(dict(list(known.items())[-PEOPLE:]), salt=SALT)
    response.set_cookie(
        settings.KNOWN_BROWSER_COOKIE_NAME, value, max_age=KEPT_FOR, secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax"
    )


def in_words(agent: str) -> str:
    """Such as “Firefox on Windows”."""
    browser = next((name for mark, name in BROWSERS if mark in agent), _("A browser"))
    system = next((name for mark, name in SYSTEMS if mark in agent), "")
    return _("%(browser)s on %(system)s") % {"browser": browser, "system": system} if system else browser
