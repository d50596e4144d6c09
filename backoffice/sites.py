"""The back office: unfold's admin site behind the one sign-in of the project."""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from django.conf import settings
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.csp import CSP
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

from backoffice.health import card as health
from backoffice.permissions import choosable


class Choices(AutocompleteJsonView):
    """What an autocomplete field offers: what the list shows to this person, and what they may choose for this field."""

    def get_queryset(self) -> Any:
        return choosable(self.request.user, self.source_field, super().get_queryset())


class BackofficeSite(UnfoldAdminSite):
    site_title = site_header = _("Staff notices")
    index_title = _("Today")
    enable_nav_sidebar = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._pages: list[Callable[[Any], list]] = []

    def add_pages(self, urls: Callable[[Any], list]) -> None:
        """Pages of an app that belong to no list; `urls(site)` gives their patterns."""
        self._pages.append(urls)

    def get_urls(self) -> list:
        return [*health.urls(self), *(pattern for urls in self._pages for pattern in urls(self)), *super().get_urls()]

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        return framed_when_a_pop_up(super().admin_view(view, cacheable))

    def has_permission(self, request: HttpRequest) -> bool:
        return request.user.is_active and request.user.is_staff

    def login(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        """Both sites share one sign-in page."""
        return redirect_to_login(request.GET.get("next") or self._home(request))

    def autocomplete_view(self, request: HttpRequest) -> Any:
        return Choices.as_view(admin_site=self)(request)

    def search(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        """unfold's search over everything is off: each list has a search that asks our policy."""
        raise Http404

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """Every page carries it, though the sidebar is one of our own: it is made for whoever looks at it."""
        return SimpleLazyObject(partial(super().get_app_list, request, app_label))

    def _home(self, request: HttpRequest) -> str:
        return request.path.removesuffix("login/")


def framed_when_a_pop_up(view: Any) -> Any:
    """unfold shows the page that adds a related object in a frame. No other page may be framed, and that one by us alone."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        response = view(request, *args, **kwargs)
        if IS_POPUP_VAR in request.GET or IS_POPUP_VAR in request.POST:
            response["X-Frame-Options"] = "SAMEORIGIN"
            response._csp_config = settings.SECURE_CSP | {"frame-ancestors": [CSP.SELF]}
        else:
            response["X-Frame-Options"] = settings.X_FRAME_OPTIONS  # unfold's own views say otherwise
        return response

    return wrapper
