"""What the pages of the Audience section share: tabs, the guard against overwriting, and no bulk deletion."""

from typing import Any, ClassVar

from django.contrib.admin.options import ActionLocation
from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from audit.admin import AuditedAdmin
from backoffice.admin.paginator import CappedPaginator
from recipients.admin.forms import GuardedForm


class AudienceAdmin(AuditedAdmin):
    form: type[ModelForm] = GuardedForm
    paginator = CappedPaginator
    change_form_outer_before_template: str | None = "recipients/admin/tabs.html"
    history_head = "recipients/admin/tabs.html"
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
        context = self._tabs_context(request, object_id, "change") | (extra_context or {})
        return super().change_view(request, object_id, form_url, context)

    def history_context(self, request: HttpRequest, obj: Model) -> dict[str, Any]:
        return {"tabs": self.tabs_of(request, obj.pk, "history")}

    def _tabs_context(self, request: HttpRequest, object_id: str, current: str) -> dict[str, Any]:
        """Nothing for what is no number: Django answers that there is no such object."""
        return {"tabs": self.tabs_of(request, object_id, current)} if object_id.isdecimal() else {}

    # -- for the other pages of an object --
    def tabs_of(self, request: HttpRequest, object_id: Any, current: str) -> list[dict[str, Any]]:
        shown = [(name, title) for name, title in self.tabs if self.shows_tab(request, name, object_id)]
        return [{"title": title, "url": self.own_url(name, object_id), "is_current": name == current} for name, title in shown]

    def shows_tab(self, request: HttpRequest, name: str, object_id: Any) -> bool:
        return True

    def page_context(self, request: HttpRequest, obj: Model | None, title: Any, tab: str = "") -> dict[str, Any]:
        context = self.admin_site.each_context(request) | {"title": title, "opts": self.opts, "original": obj}
        return context | {"tabs": self.tabs_of(request, obj.pk, tab)} if obj is not None and tab else context
