"""One's own second step: set it up, new recovery codes, turn it off."""

from base64 import b32encode
from binascii import unhexlify
from typing import Any
from urllib.parse import quote, urlencode

import segno
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from recipients.signin import steps
from recipients.signin.forms import CodeForm, SetUpForm
from recipients.signin.services import CodeRefusedError, SessionService, TwoFactorService
from recipients.signin.throttle import code_limits
from recipients.signin.views.pages import account_page, show, too_often

TAB = {"tab": "two_factor"}
KEY = "signin_new_key"  # in the session, until a code shows that the phone has it


@account_page
@require_safe
def two_factor(request: HttpRequest) -> HttpResponse:
    is_set_up = TwoFactorService.is_set_up(request.user)
    left = TwoFactorService.codes_left(request.user) if is_set_up else 0
    return show(request, "signin/two_factor.html", {"is_set_up": is_set_up, "left": left, "must": _must(request), **TAB})


@account_page
@require_http_methods(["GET", "HEAD", "POST"])
def set_up(request: HttpRequest) -> HttpResponse:
    person: Any = request.user
    if TwoFactorService.is_set_up(person):
        return redirect("two_factor")
    key = request.session.setdefault(KEY, TwoFactorService.new_key())
    ask_password = not steps.is_fresh(request) and person.has_usable_password()
    form = SetUpForm(request.POST or None, label_suffix="", person=person, ask_password=ask_password)
    if request.method == "POST" and form.is_valid() and _knows_password(request, form):
        try:
            codes = TwoFactorService.set_up(person, key, form.cleaned_data["code"])
        except ValidationError as error:
            form.add_error("code", error)
        else:
            return _is_set_up(request, codes)
    context = {"form": form, "must": _must(request), "next": _then(request), **TAB}
    return show(request, "signin/set_up.html", context | _ways_to_enter(person, key))


def _is_set_up(request: HttpRequest, codes: list[str]) -> HttpResponse:
    """The phone was just used, so this session has passed; the others have not and end."""
    del request.session[KEY]
    request.session[steps.PASSED] = "code"
    SessionService.end_all(request.user, but=request.session.session_key)
    return show(request, "signin/recovery_codes.html", {"codes": codes, "next": _then(request), "is_new": True, **TAB})


@account_page
@require_http_methods(["GET", "HEAD", "POST"])
def new_codes(request: HttpRequest) -> HttpResponse:
    def act() -> HttpResponse:
        codes = TwoFactorService.new_codes(request.user)
        return show(request, "signin/recovery_codes.html", {"codes": codes, "next": reverse("two_factor"), **TAB})

    words = {
        "title": _("New recovery codes"),
        "text": _("You get ten new codes. Those that you have now are worth nothing from then on."),
        "button": _("Make new codes"),
    }
    return _with_a_code(request, words, act)


@account_page
@require_http_methods(["GET", "HEAD", "POST"])
def turn_off(request: HttpRequest) -> HttpResponse:
    def act() -> HttpResponse:
        TwoFactorService.turn_off(request.user, actor=request.user)
        request.session.pop(steps.PASSED, None)
        SessionService.end_all(request.user, but=request.session.session_key)
        messages.success(request, _("The second step is off. Your phone and your recovery codes are no longer asked for."))
        return redirect("two_factor")

    text = _("From then on your password alone opens your account.")
    if _must(request):
        text = _("You need one to work in the back office, so set it up again at once, for instance on a new phone.")
    return _with_a_code(request, {"title": _("Turn off the second step"), "text": text, "button": _("Turn it off")}, act)


def _with_a_code(request: HttpRequest, words: dict[str, str], act: Any) -> HttpResponse:
    """Ask for a code, then act."""
    if not TwoFactorService.is_set_up(request.user):
        return redirect("two_factor")
    form = CodeForm(request.POST or None, label_suffix="")
    if request.method == "POST" and form.is_valid():
        try:
            TwoFactorService.check(request.user, form.cleaned_data["code"], code_limits(request, request.user))
        except CodeRefusedError as error:
            if error.until:
                return too_often(request, error.until)
            form.add_error("code", error)
        else:
            return act()
    return show(request, "signin/with_a_code.html", {"form": form, **words, **TAB})


def _must(request: HttpRequest) -> bool:
    return settings.REQUIRE_TWO_FACTOR and request.user.is_staff


def _then(request: HttpRequest) -> str:
    then = request.POST.get("next", request.GET.get("next", ""))
    ours = url_has_allowed_host_and_scheme(then, {request.get_host()}, require_https=request.is_secure())
    return then if ours else reverse("home")


def _knows_password(request: HttpRequest, form: SetUpForm) -> bool:
    """Counted like any password: who found an unlocked screen may not try them here either."""
    if "password" not in form.fields:
        return True
    person = request.user
    if authenticate(request, username=person.get_username(), password=form.cleaned_data["password"]) == person:
        return True
    form.add_error("password", _("That is not your password."))
    return False


def _ways_to_enter(person: Any, key: str) -> dict[str, Any]:
    secret = b32encode(unhexlify(key)).decode()
    issuer = settings.ORGANISATION_NAME.replace(":", "")
    parameters = urlencode({"secret": secret, "issuer": issuer}, quote_via=quote)
    address = f"otpauth://totp/{quote(issuer)}:{quote(person.get_username())}?{parameters}"
    picture = segno.make(address, error="m").svg_data_uri(scale=5, light="white")
    return {"picture": picture, "address": address, "secret": " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))}
