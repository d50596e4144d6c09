"""The admin class that every list of ours derives from.

It asks one policy on every surface, and refuses to filter by anything that the page does not offer.
"""

from typing import Any

from django.contrib.admin import ModelAdmin as StockModelAdmin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import ActionLocation
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from backoffice.admin.pages import OwnPagesMixin
from backoffice.permissions import choosable, may, may_somewhere, visible


class PolicyMixin:
    """`has_…_permission`, the rows of the list and the choices of related fields: one policy."""

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._asks(request, "view", obj)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._asks(request, "change", obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._asks(request, "delete", obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may_somewhere(request.user, "add", self.model)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._asks(request, "view", None)

    def _asks(self, request: HttpRequest, verb: str, obj: Model | None) -> bool:
        if obj is None:
            return may_somewhere(request.user, verb, self.model)
        return may(request.user, verb, obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return visible(request.user, "view", super().get_queryset(request))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Only what the related list would show to this person, and what they may choose here, may be chosen."""
        related = self.admin_site._registry.get(db_field.remote_field.model)
        if related is not None and "queryset" not in kwargs:
            kwargs["queryset"] = choosable(request.user, db_field, related.get_queryset(request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        allowed = self.has_change_permission(request, obj) if change else self.has_add_permission(request)
        if not allowed:
            raise PermissionDenied
        super().save_model(request, obj, form, change)

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        if not self.has_delete_permission(request, obj):
            raise PermissionDenied
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        for obj in queryset:
            self.delete_model(request, obj)


class BaseAdmin(PolicyMixin, OwnPagesMixin, ModelAdmin):
    list_per_page = 25
    show_full_result_count = False
    list_filter_submit = True
    warn_unsaved_form = True
    # unfold's templates ask for these for each row and field. Where they are missing, Django looks through all that the class has.
    list_sections: tuple[type, ...] = ()
    conditional_fields: dict[str, str] = {}
    # Lookups in the query string beyond the filters of the page.
    allowed_lookups: tuple[str, ...] = ()

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """An allow-list: Django's own rule lets anybody filter by any local field, shown or not."""
        field = lookup.split("__", 1)[0]
        offered = {_parameter(item) for item in self.get_list_filter(request)} | set(self.allowed_lookups)
        return field in {name.split("__", 1)[0] for name in offered} and super().lookup_allowed(lookup, value, request)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Model | None:
        return super().get_object(request, object_id, from_field or None)  # Django fails on an empty `_to_field`

    def response_action(self, request: HttpRequest, queryset: QuerySet, **kwargs: Any) -> HttpResponse | None:
        if not all(pk.isdecimal() for pk in request.POST.getlist(ACTION_CHECKBOX_NAME)):
            raise BadRequest  # Django would fail on it
        return super().response_action(request, queryset, **kwargs)

    # History rows are the record; Django's own log would be a second and lesser one.
    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> None: ...

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> None: ...

    def log_deletions(self, request: HttpRequest, queryset: QuerySet) -> None: ...

    def get_action_choices(self, request: HttpRequest, default_choices: Any = None, action_location: Any = None) -> Any:
        # unfold 0.110 overrides this with the signature from before Django 6.1, which warns on every list.
        location = action_location or ActionLocation.CHANGE_LIST
        return StockModelAdmin.get_action_choices(self, request, [("", str(_("Select action")))], action_location=location)


def _parameter(list_filter: Any) -> str:
    """What a filter is called in the query string: its field, or the name it gave itself."""
    if isinstance(list_filter, (list, tuple)):
        list_filter = list_filter[0]
    return list_filter if isinstance(list_filter, str) else list_filter.parameter_name
