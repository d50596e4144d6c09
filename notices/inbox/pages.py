"""What every page of the inbox has in common."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from notices.services import NoticeService


def common_context(request: HttpRequest) -> dict[str, Any]:
    return {
        "organisation": settings.ORGANISATION_NAME,
        "unread_count": NoticeService.get_unread_count(request.user),
        # Within the inbox a template's own {% url %} would take “admin:” for this site.
        "back_office_url": reverse("admin:index", current_app="admin") if request.user.is_staff else "",
    }


def render_page(request: HttpRequest, template: str, context: dict[str, Any] | None = None, *, status: int = 200) -> HttpResponse:
    return render(request, template, common_context(request) | (context or {}), status=status)


def not_found(request: HttpRequest) -> HttpResponse:
    """The same answer whether something is absent or not for this person."""
    return render_page(request, "inbox/not_found.html", status=404)
