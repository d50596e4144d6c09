"""Categories: what kinds of notices there are, and which need approval."""

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from audit.admin import AuditedAdmin
from notices.models import Category


@admin.register(Category)
class CategoryAdmin(AuditedAdmin):
    list_display = ("name", "description", "shade", "needs_approval", "requires_acknowledgement", "mails_are_optional")
    search_fields = ("name",)
    ordering = ("name",)
    exported_lists = ("categories",)

    @display(description=_("colour"), ordering="colour")
    def shade(self, category: Category) -> str:
        return category.get_colour_display()

    def has_delete_permission(self, request: HttpRequest, obj: Category | None = None) -> bool:
        """A category that a notice ever used stays."""
        if obj is not None and obj.notice_set(manager="all_objects").exists():
            return False
        return super().has_delete_permission(request, obj)
