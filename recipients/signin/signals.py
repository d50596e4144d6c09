"""What is noted when somebody signs in, whichever way they came."""

from typing import Any

from django.http import HttpRequest

from backoffice import clock
from recipients.signin.addresses import client_address
from recipients.signin.services.sessions import ADDRESS, AGENT, BEGAN, SEEN


def note_sign_in(sender: Any, request: HttpRequest, user: Any, **kwargs: Any) -> None:
    now = int(clock.now().timestamp())
    agent = request.META.get("HTTP_USER_AGENT", "")[:255]
    request.session.update({BEGAN: now, SEEN: now, ADDRESS: client_address(request), AGENT: agent})
