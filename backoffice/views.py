"""The way to the right site, and the rules in the browser for pages of our own."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
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


def home(request: HttpRequest) -> HttpResponse:
    """Writers go to the back office, everyone else to the inbox."""
    return redirect("admin:index" if request.user.is_active and getattr(request.user, "is_staff", False) else "inbox:index")
