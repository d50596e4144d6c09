"""The way in: a password or the organisation's sign-in, then a code where one is due, then the session."""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import load_backend, login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.crypto import constant_time_compare

from backoffice import clock
from recipients.signin.browsers import remember_browser
from recipients.signin.services import TwoFactorService
from recipients.signin.services.sessions import BEGAN

PENDING = "signin_pending"  # in the session of somebody who still owes a code
PASSED = "signin_second_step"  # by what the second step was passed: "code" or "provider"
PENDING_FOR = 10 * 60  # seconds
FRESH_FOR = 10 * 60  # seconds after signing in, in which it is not asked again who sits there
PASSWORD_BACKEND = "backoffice.backends.PolicyBackend"  # noqa: S105 - a class


def begin(request: HttpRequest, person: Any, *, then: str, by_provider: bool = False) -> HttpResponse:
    """`person` has proven once who they are; `then` is an address that was checked to be one of ours."""
    if by_provider and settings.OIDC_SATISFIES_TWO_FACTOR:
        return finish(request, person, then=then, passed="provider")
    if not TwoFactorService.is_set_up(person):
        return finish(request, person, then=then)
    return _ask_for_code(request, person, then)


def _ask_for_code(request: HttpRequest, person: Any, then: str) -> HttpResponse:
    request.session[PENDING] = {
        "person": person.pk,
        "hash": person.get_session_auth_hash(),
        "at": int(clock.now().timestamp()),
        "then": then,
    }
    return HttpResponseRedirect(reverse("sign_in_code"))


def pending(request: HttpRequest) -> tuple[Any, str]:
    """Who owes a code here, and where they are going; nobody if it was too long ago or their password changed since."""
    owed = request.session.get(PENDING)
    if not owed or clock.now().timestamp() - owed["at"] > PENDING_FOR:
        return None, ""
    person = load_backend(PASSWORD_BACKEND).get_user(owed["person"])  # None if inactive
    if person is None or not constant_time_compare(owed["hash"], person.get_session_auth_hash()):
        return None, ""
    return person, owed["then"]


def finish(request: HttpRequest, person: Any, *, then: str, passed: str = "") -> HttpResponse:
    """Open the session, under a new key. One that is open, and owed only the second step, gets no younger by it."""
    began = request.session.get(BEGAN) if request.user == person else None
    request.session.pop(PENDING, None)
    login(request, person, backend=PASSWORD_BACKEND)
    if began:
        request.session[BEGAN] = began
    if passed:
        request.session[PASSED] = passed
    response = HttpResponseRedirect(then)
    remember_browser(request, response, person.get_username())
    return response


def is_fresh(request: HttpRequest) -> bool:
    return clock.now().timestamp() - request.session.get(BEGAN, 0) < FRESH_FOR


def is_owed_a_second_step(request: HttpRequest) -> bool:
    """Somebody works in the back office, must have a second step, and has not passed it in this session."""
    person = request.user
    return bool(settings.REQUIRE_TWO_FACTOR and person.is_authenticated and person.is_staff and PASSED not in request.session)


def lead_to_second_step(request: HttpRequest) -> HttpResponse:
    """To the question for a code, or first to the page where a phone is set up."""
    then = request.get_full_path() if request.method in {"GET", "HEAD"} else reverse("home")
    if TwoFactorService.is_set_up(request.user):
        return _ask_for_code(request, request.user, then)
    return HttpResponseRedirect(f"{reverse('two_factor_set_up')}?{urlencode({'next': then})}")
