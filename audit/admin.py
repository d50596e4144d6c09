"""The admin class of everything that has a history."""

from typing import Any, cast

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from audit.changes import versions_of
from backoffice.admin.base import BaseAdmin
from backoffice.admin.paginator import PER_PAGE


class AuditedAdmin(BaseAdmin):
    """Its history page shows every version, newest first, with what changed. Nothing can be posted to it."""

    def history_view(self, request: HttpRequest, object_id: str, extra_context: dict | None = None) -> HttpResponse:
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            raise Http404
        if request.method not in {"GET", "HEAD"} or not self.has_view_permission(request, obj):
            raise PermissionDenied
        page: Any = Paginator(cast("Any", versions_of(obj)), PER_PAGE).get_page(request.GET.get("p"))
        context = self.admin_site.each_context(request) | {
            "title": str(obj),
            "opts": self.opts,
            "original": obj,
            "page": page,
            **(extra_context or {}),
        }
        return TemplateResponse(request, self.object_history_template or "audit/history.html", context)
