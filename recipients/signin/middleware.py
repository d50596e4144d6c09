"""How long a session lasts, and what it opens before the second step."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpRequest, HttpResponse

from backoffice import clock
from recipients.signin.services.sessions import BEGAN, SEEN, SEEN_EVERY
from recipients.signin.steps import is_owed_a_second_step, lead_to_second_step

type View = Callable[[HttpRequest], HttpResponse]


def session_limits(get_response: View) -> View:
    """End a session that has lasted too long, and note now and then that it is used: an unused one runs out by its date."""

    def middleware(request: HttpRequest) -> HttpResponse:
        session = request.session
        if SESSION_KEY in session:
            now = int(clock.now().timestamp())
            if now - session.setdefault(BEGAN, now) > settings.SESSION_ABSOLUTE_MINUTES * 60:
                logout(request)
            elif now - session.get(SEEN, 0) >= SEEN_EVERY and not _is_in_the_background(request):
                session[SEEN] = now
        return get_response(request)

    return middleware


def _is_in_the_background(request: HttpRequest) -> bool:
    """A page that asks for news by itself is no sign that somebody sits in front of it."""
    return request.headers.get("Sec-Fetch-Dest") == "empty"


class SecondStepFirst:
    """No page of the back office before the second step, for those who must have one."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        match = request.resolver_match
        if match is None or match.namespaces[:1] != ["admin"] or match.url_name == "logout":
            return None
        return lead_to_second_step(request) if is_owed_a_second_step(request) else None
