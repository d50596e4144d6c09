"""To the organisation's identity provider, and back."""

import logging

import requests
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from recipients.signin import sso
from recipients.signin.views.pages import page, show

logger = logging.getLogger("signin")
AWAY = (requests.RequestException, OAuth2Error, KeyError, ValueError)  # the last two: it answers, but not as it should


@page
@require_POST
def start(request: HttpRequest) -> HttpResponse:
    _require_provider()
    then = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(then, {request.get_host()}, require_https=request.is_secure()):
        then = reverse("home")
    try:
        return sso.leave_for_provider(request, then=then)
    except AWAY as error:
        return _is_away(request, error)


@page
@require_safe
def back(request: HttpRequest) -> HttpResponse:
    _require_provider()
    try:
        return OAuth2CallbackView.adapter_view(sso.Protocol(request, sso.PROVIDER))(request)
    except AWAY as error:
        return _is_away(request, error)


def _require_provider() -> None:
    if not settings.OIDC_SERVER_URL:
        raise Http404


def _is_away(request: HttpRequest, error: Exception) -> HttpResponse:
    logger.error("%s cannot be asked: %r", settings.OIDC_NAME, error)
    return show(request, "signin/not_signed_in.html", {"provider": settings.OIDC_NAME, "is_away": True}, status=502)
