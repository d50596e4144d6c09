"""What every page of signing in has in common: strict rules in the browser, nothing kept, one look."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csp import csp_override
from django.views.decorators.debug import sensitive_post_parameters

from backoffice import clock
from backoffice.views import STRICT_CSP

type View = Callable[..., HttpResponseBase]


def page(view: View) -> View:
    return csp_override(STRICT_CSP)(never_cache(sensitive_post_parameters()(view)))


def account_page(view: View) -> View:
    return page(login_required(view))


def show(request: HttpRequest, template: str, context: dict[str, Any] | None = None, *, status: int = 200) -> HttpResponse:
    return render(request, template, {"organisation": settings.ORGANISATION_NAME} | (context or {}), status=status)


def too_often(request: HttpRequest, until: datetime | None) -> HttpResponse:
    """429 with the minutes to wait, in words and for machines."""
    seconds = max((until - clock.now()).total_seconds(), 1) if until else 60
    response = show(request, "signin/too_often.html", {"minutes": -int(-seconds // 60)}, status=429)
    response["Retry-After"] = str(int(seconds))
    return response


@page
def locked_out(request: HttpRequest, original: HttpResponse | None = None, credentials: dict | None = None) -> HttpResponse:
    """django-axes asks for this page."""
    return too_often(request, getattr(request, "signin_refused_until", None))
