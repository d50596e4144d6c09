"""Who belongs to what, from when to when."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, DropdownFilter
from unfold.decorators import display

from backoffice.permissions import may, may_somewhere
from recipients.admin.base import AudienceAdmin
from recipients.admin.forms import RoleAssignmentForm
from recipients.models import Recipient, RoleAssignment
from recipients.services import RoleAssignmentService


class CurrentFilter(DropdownFilter):
    title = _("running today")
    parameter_name = "current"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        return (("yes", _("Yes")), ("no", _("No: over, or not begun")))

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        current = RoleAssignment.objects.current()
        if self.value() == "yes":
            return queryset & current
        return queryset.exclude(pk__in=current.values("pk")) if self.value() == "no" else queryset


@admin.register(RoleAssignment)
class RoleAssignmentAdmin(AudienceAdmin):
    list_display = ("user", "recipient", "role", "starts_on", "ends_on", "current")
    list_filter = (CurrentFilter, ("recipient", AutocompleteSelectFilter), ("user", AutocompleteSelectFilter))
    allowed_lookups = (CurrentFilter.parameter_name,)
    list_select_related = ("user", "recipient")
    ordering = ("-pk",)
    sortable_by = ()
    search_fields = ("user__last_name", "user__first_name", "user__email", "recipient__name", "recipient__code", "role")
    search_help_text = _("Person, recipient or role")
    exported_lists = ("places",)

    form = RoleAssignmentForm
    autocomplete_fields = ("user", "recipient")
    fieldsets = ((None, {"fields": ("user", "recipient", "role", ("starts_on", "ends_on"))}),)

    def get_form(self, request: HttpRequest, obj: RoleAssignment | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        form.actor = request.user
        return form

    # -- kept by whoever decides who belongs to the recipient --
    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and may_somewhere(request.user, "manage_members", Recipient)

    def has_change_permission(self, request: HttpRequest, obj: RoleAssignment | None = None) -> bool:
        return super().has_change_permission(request, obj) and self._keeps(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: RoleAssignment | None = None) -> bool:
        return super().has_delete_permission(request, obj) and self._keeps(request, obj)

    def _keeps(self, request: HttpRequest, obj: RoleAssignment | None) -> bool:
        return obj is None or may(request.user, "manage_members", obj.recipient)

    @display(description=_("now"), boolean=True)
    def current(self, assignment: RoleAssignment) -> bool:
        return assignment.is_current

    def save_model(self, request: HttpRequest, obj: RoleAssignment, form: Any, change: bool) -> None:
        RoleAssignmentService.save(obj, actor=request.user)

    def delete_model(self, request: HttpRequest, obj: RoleAssignment) -> None:
        RoleAssignmentService.delete(obj, actor=request.user)
