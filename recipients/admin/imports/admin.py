"""The list of imports, and the addresses of their pages."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter
from unfold.decorators import display

from audit.admin import AuditedAdmin
from backoffice.admin.paginator import CappedPaginator
from recipients.admin.imports import acts, downloads, page, rows, undo, upload
from recipients.admin.imports.words import LABELS
from recipients.models import Import, ImportFile
from recipients.services.imports.access import importable_by


@admin.register(Import)
class ImportAdmin(AuditedAdmin):
    """An import is never edited: it is uploaded, decided about, and kept."""

    list_display = ("number", "file_name", "kind", "mode", "state_label", "created_by", "created_at")
    list_display_links = ("number",)
    list_filter = (("state", ChoicesDropdownFilter), ("kind", ChoicesDropdownFilter), ("created_by", AutocompleteSelectFilter))
    list_select_related = ("created_by",)
    search_fields = ("files__name",)
    search_help_text = _("Name of the file")
    ordering = ("-pk",)
    sortable_by = ()
    paginator = CappedPaginator
    actions = None
    exported_lists = ("imports",)
    list_before_template = "recipients/admin/import_list_hint.html"
    history_head = "recipients/admin/import_head.html"

    def get_urls(self) -> list:
        name = "recipients_import"
        views = {
            "progress": page.progress,
            "rows": rows.rows,
            "answer": acts.answer,
            "leave_out": acts.leave_out,
            "again": acts.again,
            "stop": acts.stop,
            "confirm": acts.confirm,
            "mend": acts.mend,
            "undo": undo.undo,
            "failing": downloads.failing,
        }
        own = [path(f"<int:object_id>/{word}/", self.own_page(view), name=f"{name}_{word}") for word, view in views.items()]
        own += [
            path("<int:object_id>/file/<int:part>/", self.own_page(downloads.file), name=f"{name}_file"),
            path("example/<slug:kind>/", self.own_page(downloads.example), name=f"{name}_example"),
        ]
        return own + super().get_urls()

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        first = ImportFile.objects.filter(batch=OuterRef("pk")).order_by("part").values("name")[:1]
        return super().get_queryset(request).annotate(first_name=Subquery(first))

    @admin.display(description=_("import"))
    def number(self, batch: Import) -> str:
        return str(batch)

    @admin.display(description=_("file"))
    def file_name(self, batch: Any) -> str:
        return batch.first_name

    @display(description=_("state"), label=LABELS)
    def state_label(self, batch: Import) -> tuple[str, str]:
        return batch.state, batch.get_state_display()

    # -- nothing is changed or deleted by a form --
    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(importable_by(request.user))

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: dict | None = None) -> HttpResponse:
        return upload.upload(self, request)

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict | None = None) -> HttpResponse:
        return page.show(self, request, object_id)

    def history_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        return {"batch": obj, "label": LABELS[obj.state]}
