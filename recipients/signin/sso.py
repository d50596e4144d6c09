"""Signing in by the organisation's own identity provider: allauth's OpenID Connect, for accounts that exist.

Nothing of allauth's is stored: who is meant is asked anew each time.
"""

import logging
import secrets
from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.crypto import constant_time_compare

from recipients.signin import steps
from recipients.signin.addresses import client_address
from recipients.signin.views.pages import show

logger = logging.getLogger("signin")

PROVIDER = "sso"


class Protocol(OpenIDConnectOAuth2Adapter):
    """Checks the token's signature, which allauth leaves out because the token comes straight from the provider."""

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        return settings.SITE_URL + reverse("sso_back")

    def _decode_id_token(self, app: Any, id_token: str) -> dict:
        config = self.openid_config
        return jwtkit.verify_and_decode(
            credential=id_token,
            keys_url=config["jwks_uri"],
            issuer=config["issuer"],
            audience=app.client_id,
            lookup_kid=jwtkit.lookup_kid_jwk,
        )


class Provider(OpenIDConnectProvider):
    oauth2_adapter_class = Protocol


class AccountAdapter(DefaultSocialAccountAdapter):
    """What allauth asks us: which provider there is, and who it is that comes back from there."""

    def get_provider(self, request: HttpRequest, provider: str, client_id: str | None = None) -> Provider:
        own = {"server_url": settings.OIDC_SERVER_URL, "oauth_pkce_enabled": True}
        app = SocialApp(provider=Provider.id, provider_id=PROVIDER, name=settings.OIDC_NAME, settings=own)
        app.client_id, app.secret = settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET
        return Provider(request, app=app)

    def on_authentication_error(self, request: HttpRequest, provider: Any, error: Any = None, exception: Any = None, **kwargs: Any) -> None:
        logger.warning("Sign-in by %s from %s failed: %s %s", settings.OIDC_NAME, client_address(request), error, exception or "")
        raise ImmediateHttpResponse(not_signed_in(request))

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Always the end of allauth's part."""
        claims = _claims(sociallogin)
        person = _person(claims)
        if person is None:
            logger.warning("Sign-in by %s from %s refused: no active account.", settings.OIDC_NAME, client_address(request))
            raise ImmediateHttpResponse(not_signed_in(request))
        then = sociallogin.state.get("next") or reverse("home")
        raise ImmediateHttpResponse(steps.begin(request, person, then=then, by_provider=True))


def leave_for_provider(request: HttpRequest, *, then: str) -> HttpResponse:
    """State, nonce and PKCE tie what comes back to this browser and this attempt."""
    nonce = secrets.token_urlsafe(24)
    provider = AccountAdapter(request).get_provider(request, PROVIDER)
    return provider.redirect(request, "login", next_url=then, data={"nonce": nonce}, auth_params={"nonce": nonce})


def not_signed_in(request: HttpRequest) -> HttpResponse:
    """One answer, whatever the reason: it says nothing about who has an account."""
    return show(request, "signin/not_signed_in.html", {"provider": settings.OIDC_NAME}, status=403)


def _claims(sociallogin: Any) -> dict[str, Any]:
    """What the provider says, if it says it in answer to this very attempt and about one person."""
    told = sociallogin.account.extra_data
    token, info = told.get("id_token") or {}, told.get("userinfo") or {}
    expected = (sociallogin.state.get("data") or {}).get("nonce", "")
    if not expected or not constant_time_compare(str(token.get("nonce", "")), expected):
        return {}
    if info and info.get("sub") != token.get("sub"):
        return {}
    return token | info


def _person(claims: dict[str, Any]) -> Any:
    """The active account with the employee number, else with the verified e-mail address."""
    active = get_user_model()._default_manager.filter(is_active=True)
    number = claims.get(settings.OIDC_EMPLOYEE_NUMBER_CLAIM) if settings.OIDC_EMPLOYEE_NUMBER_CLAIM else None
    if number:
        return active.filter(employee_number=str(number)).first()
    email = claims.get("email")
    if email and claims.get("email_verified") in {True, "true"}:
        return active.filter(email__iexact=email).first()
    return None
