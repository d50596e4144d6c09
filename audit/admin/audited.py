"""The admin class of everything that has a history."""

from typing import Any, ClassVar

from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path

from audit.admin.history_pages import as_of_page, compare_page, history_page, refuse_unless_read
from audit.admin.subject import Subject
from audit.object_history.states import State
from audit.pages.list_exports import offered
from backoffice.admin.base import BaseAdmin


class AuditedAdmin(BaseAdmin):
    """Its History tab shows what happened to an object, any two versions side by side, and how it was at a moment."""

    history_head: str | None = None  # the template above the history pages of an object
    as_of_template = "audit/as_of.html"
    exported_lists: ClassVar[tuple[str, ...]] = ()  # what can be exported from its list (`audit.exports.lists`)

    def get_urls(self) -> list:
        name = f"{self.opts.app_label}_{self.opts.model_name}_history"
        own = [
            path("<int:object_id>/history/compare/", self.own_page(_compare), name=f"{name}_compare"),
            path("<int:object_id>/history/as-of/", self.own_page(_as_of), name=f"{name}_as_of"),
        ]
        return own + super().get_urls()

    def changelist_view(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        exports = offered(request, *self.exported_lists) if IS_POPUP_VAR not in request.GET else []
        return super().changelist_view(request, {"list_exports": exports} | (extra_context or {}))

    def history_view(self, request: HttpRequest, object_id: str, extra_context: dict | None = None) -> HttpResponse:
        return history_page(request, self.history_subject(request, object_id))

    def history_subject(self, request: HttpRequest, object_id: Any) -> Subject:
        """The object, if this person may see it and only looks."""
        obj = self.get_object(request, unquote(str(object_id)))
        if obj is None:
            raise Http404
        refuse_unless_read(request)
        if not self.has_view_permission(request, obj):
            raise PermissionDenied
        return Subject(
            model=self.opts.concrete_model,
            pk=obj.pk,
            title=str(obj),
            base=self.own_url("history", obj.pk),
            reader=request.user,
            context=self.admin_site.each_context(request) | {"opts": self.opts, "original": obj} | self.history_context(request, obj),
            head=self.history_head,
            living=obj,
        )

    def history_context(self, request: HttpRequest, obj: Model) -> dict[str, Any]:
        """What the head of the history pages needs."""
        return {}

    def as_of_context(self, request: HttpRequest, obj: Any, state: State) -> dict[str, Any]:
        """What `as_of_template` shows beyond the fields and what belonged to the object."""
        return {}


def _compare(admin: AuditedAdmin, request: HttpRequest, object_id: int) -> HttpResponse:
    return compare_page(request, admin.history_subject(request, object_id))


def _as_of(admin: AuditedAdmin, request: HttpRequest, object_id: int) -> HttpResponse:
    subject = admin.history_subject(request, object_id)
    return as_of_page(
        request, subject, template=admin.as_of_template, more=lambda state: admin.as_of_context(request, subject.living, state)
    )
