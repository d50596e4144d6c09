"""The inbox: a second admin site for every active account, with lean pages of its own."""

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.urls import path

from notices.inbox import views


class InboxSite(AdminSite):
    """Readers are not staff. No model is registered here: each page is a view of ours."""

    def has_permission(self, request: HttpRequest) -> bool:
        return request.user.is_active

    def login(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        return redirect_to_login(request.GET.get("next") or request.path.removesuffix("login/"))

    def get_urls(self) -> list:
        return [
            path("", self.admin_view(views.index), name="index"),
            path("notices/<int:notice_id>/", self.admin_view(views.notice), name="notice"),
        ]


inbox_site = InboxSite(name="inbox")
