"""What the pages of the Audience section share: tabs, the guard against overwriting, and no bulk deletion."""

from typing import Any, ClassVar

from django.contrib.admin.options import ActionLocation
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from backoffice.admin.base import BaseAdmin
from backoffice.admin.paginator import CappedPaginator
from backoffice.permissions import visible
from recipients.admin.forms import GuardedForm


class PartOfParentMixin:
    """Inline rows that belong to their parent: whoever may change the parent may change them."""

    admin_site: Any
    parent_model: type[Model]

    def _parent(self, request: HttpRequest, obj: Model | None, verb: str) -> bool:
        parent = self.admin_site.get_model_admin(self.parent_model)
        return parent.has_add_permission(request) if obj is None else getattr(parent, f"has_{verb}_permission")(request, obj)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._parent(request, obj, "view")

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._parent(request, obj, "change")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._parent(request, obj, "change")


class AudienceAdmin(BaseAdmin):
    form: type[ModelForm] = GuardedForm
    paginator = CappedPaginator
    change_form_outer_before_template: str | None = "recipients/admin/tabs.html"
    object_history_template = "recipients/admin/history.html"
    # View name and title of each page of one object.
    tabs: ClassVar[tuple[tuple[str, Any], ...]] = (("change", _("Details")), ("history", _("History")))

    def get_actions(self, request: HttpRequest, action_location: Any = ActionLocation.CHANGE_LIST) -> dict[str, Any]:
        """Deleting is decided one by one, on a page that says what goes with it."""
        actions = super().get_actions(request, action_location=action_location)
        actions.pop("delete_selected", None)
        return actions

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """The form that changes an object carries what was seen of it."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or not self.has_change_permission(request, obj):
            return fieldsets
        (title, options), *others = fieldsets
        return [(title, options | {"fields": [*options["fields"], "seen"]}), *others]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict | None = None) -> HttpResponse:
        context = {"tabs": self.tabs_of(object_id, "change")} | (extra_context or {})
        return super().change_view(request, object_id, form_url, context)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: dict | None = None) -> HttpResponse:
        context = {"tabs": self.tabs_of(object_id, "history")} | (extra_context or {})
        return super().history_view(request, object_id, context)

    # -- for the other pages of an object --
    def view_name(self, name: str) -> str:
        return f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_{name}"

    def own_url(self, name: str, *args: Any) -> str:
        return reverse(self.view_name(name), args=args)

    def own_page(self, view: Any) -> Any:
        return self.admin_site.admin_view(lambda request, *args, **kwargs: view(self, request, *args, **kwargs))

    def tabs_of(self, object_id: Any, current: str) -> list[dict[str, Any]]:
        return [{"title": title, "url": self.own_url(name, object_id), "is_current": name == current} for name, title in self.tabs]

    def object_or_404(self, request: HttpRequest, object_id: Any, *, rows: Any = None) -> Model:
        """The object if this person may see it. Whether it exists is not revealed otherwise."""
        rows = visible(request.user, "view", self.model._default_manager.all() if rows is None else rows)
        try:
            found = rows.filter(pk=object_id).first()
        except (ValueError, ValidationError):
            found = None
        if found is None:
            raise Http404
        return found

    def require(self, request: HttpRequest, verb: str, obj: Model) -> None:
        if not getattr(self, f"has_{verb}_permission")(request, obj):
            raise PermissionDenied

    def page_context(self, request: HttpRequest, obj: Model | None, title: Any, tab: str = "") -> dict[str, Any]:
        context = self.admin_site.each_context(request) | {"title": title, "opts": self.opts, "original": obj}
        return context | {"tabs": self.tabs_of(obj.pk, tab)} if obj is not None and tab else context
