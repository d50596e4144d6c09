"""Which request a change came with."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from audit.attribution import acting, operation
from audit.sources import Source

# Pages of other packages that write by themselves; all of ours write through services, which say who acts.
WRITE_BY_THEMSELVES = frozenset({"admin:password_change", "admin:auth_user_password_change", "inbox:password_change"})


class AttributionMiddleware:
    """Everything that a request writes is one operation."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        source = Source.INBOX if request.path_info.startswith("/inbox/") else Source.FORM
        with operation(source, request.path_info):
            return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any) -> HttpResponse | None:
        if request.method != "POST" or request.resolver_match is None or request.resolver_match.view_name not in WRITE_BY_THEMSELVES:
            return None
        with acting(request.user):
            return view(request, *args, **kwargs)
