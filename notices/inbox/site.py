"""The inbox: a second admin site for every active account, with lean pages of its own."""

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.views import LogoutView, redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csp import csp_override

from backoffice.views import STRICT_CSP
from notices.inbox.views import account, lists, notices


class InboxSite(AdminSite):
    """Readers are not staff. No model is registered here: each page is a view of ours."""

    def has_permission(self, request: HttpRequest) -> bool:
        return request.user.is_active

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        return csp_override(STRICT_CSP)(super().admin_view(view, cacheable))

    def login(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        """Both sites share one sign-in page."""
        return redirect_to_login(request.GET.get("next") or request.path.removesuffix("login/"))

    def get_urls(self) -> list:
        page = self.admin_view
        return [
            path("", page(lists.index), name="index"),
            path("login/", self.login, name="login"),
            path("logout/", LogoutView.as_view(), name="logout"),
            path("notices/<int:notice_id>/", page(notices.notice), name="notice"),
            path("notices/<int:notice_id>/opened/", page(notices.opened), name="opened"),
            path("notices/<int:notice_id>/acknowledge/", page(notices.acknowledge), name="acknowledge"),
            path("notices/<int:notice_id>/favourite/", page(notices.favourite), name="favourite"),
            path("notices/<int:notice_id>/attachments/<int:attachment_id>/", page(notices.attachment), name="attachment"),
            path("account/", page(account.account), name="account"),
            path("account/password/", page(account.PasswordChange.as_view()), name="password_change"),
            path("account/password/done/", page(account.password_change_done), name="password_change_done"),
        ]


inbox_site = InboxSite(name="inbox")
