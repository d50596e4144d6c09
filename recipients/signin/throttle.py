"""What may fail how often. django-axes asks before each password, through `Handler`; codes and reset mails ask here too."""

import logging
from collections.abc import Mapping
from typing import Any

from axes.handlers.base import AxesHandler
from axes.helpers import get_client_username
from django.contrib.auth import get_user_model
from django.http import HttpRequest

from recipients.signin import counting
from recipients.signin.addresses import client_address, network
from recipients.signin.browsers import known_browser, normal
from recipients.signin.counting import Limit, Standing

logger = logging.getLogger("signin")

PAIR = (5, 15)  # one account from one address, or from one known browser: tries, minutes
ACCOUNT = (20, 15)  # one account from unknown browsers, wherever they are
ADDRESS = (100, 15)  # one address trying unknown browsers on any account: an office may stand behind it
CODE = (5, 15)  # second steps of one person from one place
CODES = (10, 60)  # second steps of one person from unknown browsers
MAILS = (3, 60)  # reset mails to one address
MAILS_ASKED = (20, 60)  # reset mails asked for from one place


def _where(request: HttpRequest, name: str) -> tuple[str, str, str]:
    """The known browser, or the address, as a part of a key; and the two by themselves."""
    browser, address = known_browser(request, name), network(client_address(request))
    return f"browser {browser}" if browser else f"address {address}", browser, address


def password_limits(request: HttpRequest, name: str) -> list[Limit]:
    """The first is that of the pair. Whoever comes with a known browser is not held up by what others do."""
    where, browser, address = _where(request, name)
    limits = [Limit(("password", normal(name), where), *PAIR)]
    if not browser:
        limits += [Limit(("password", normal(name)), *ACCOUNT), Limit(("password from", address), *ADDRESS)]
    return limits


def code_limits(request: HttpRequest, person: Any) -> list[Limit]:
    where, browser, _address = _where(request, person.username)
    limits = [Limit(("code", str(person.pk), where), *CODE)]
    return limits if browser else [*limits, Limit(("code", str(person.pk)), *CODES)]


def mail_limits(request: HttpRequest, email: str) -> tuple[Limit, Limit]:
    """For the mailbox, and for the place where it is asked for."""
    address = network(client_address(request))
    return Limit(("reset mail", normal(email)), *MAILS), Limit(("reset mail from", address), *MAILS_ASKED)


class Handler(AxesHandler):
    """django-axes with counts of ours: its own rows keep what was typed, and cost four queries on each good sign-in."""

    def is_locked(self, request: Any, credentials: dict | None = None) -> bool:
        standing = counting.standing(password_limits(request, get_client_username(request, credentials) or ""))
        request.signin_standing, request.signin_refused_until = standing, standing.refused_until
        return standing.refused_until is not None

    def get_failures(self, request: Any, credentials: dict | None = None) -> int:
        limits = password_limits(request, get_client_username(request, credentials) or "")
        return max(counting.standing(limits).counts.values(), default=0)

    def user_login_failed(self, sender: Any, credentials: dict, request: Any = None, **kwargs: Any) -> None:
        if request is None:
            return
        name = get_client_username(request, credentials) or ""
        if request.axes_locked_out:
            log_refusal(request, "it was tried too often", name)
            return  # not counted: a refusal prolongs nothing
        request.signin_refused_until = counting.count_failure(password_limits(request, name))
        request.axes_locked_out = request.signin_refused_until is not None
        log_refusal(request, "name or password is wrong", name)

    def user_logged_in(self, sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
        pair = password_limits(request, user.get_username())[0]
        standing: Standing | None = getattr(request, "signin_standing", None)
        if standing is None or standing.has(pair):
            counting.forget(pair)


def log_refusal(request: HttpRequest, why: str, name: str) -> None:
    """What was typed is named only if it is an account: it may be a password in the wrong field."""
    is_account = get_user_model()._default_manager.filter(username=name).exists()
    facts: Mapping[str, Any] = {"account": name if is_account else "", "address": client_address(request)}
    whose = f"“{name}”" if is_account else "an unknown name"
    logger.warning("Sign-in of %s from %s refused: %s.", whose, facts["address"] or "an unknown address", why, extra=facts)
