"""The way to the right site, and the rules in the browser for pages of our own."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.csp import CSP

# For pages of our own making: nothing inline, nothing evaluated, nothing from elsewhere.
STRICT_CSP: dict[str, list[str]] = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
    "base-uri": [CSP.NONE],
}


def home_of(person: Any) -> str:
    """Writers go to the back office, everyone else to the inbox."""
    return reverse("admin:index" if person.is_active and getattr(person, "is_staff", False) else "inbox:index")


def home(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(home_of(request.user))
