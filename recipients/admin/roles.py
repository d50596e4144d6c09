"""Roles: what each kind of staff may do. Django's groups, under the name that people use."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Count, IntegerField, Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from recipients.admin import holdings_page, member_pages
from recipients.admin.base import AudienceAdmin
from recipients.admin.rights import RightsField, by_subject, offered_rights
from recipients.models import User
from recipients.services import RoleService
from recipients.services.access import may_give_rights

admin.site.unregister(Group)


class RoleForm(ModelForm):
    class Meta:
        model = Group
        fields = ("name", "permissions")
        labels = {"permissions": _("May")}


@admin.register(Group)
class RoleAdmin(holdings_page.HoldingsMixin, AudienceAdmin):
    list_display = ("name", "holders")
    ordering = ("name",)
    search_fields = ("name",)
    exported_lists = ("roles",)

    form = RoleForm
    fieldsets = ((None, {"fields": ("name", "permissions")}),)
    tabs = (("change", _("Details")), holdings_page.TAB, ("history", _("History")))

    # -- the list --
    def changelist_view(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": _("Roles")} | (extra_context or {}))

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        through = User.groups.through.objects.filter(group=OuterRef("pk")).order_by().values("group")
        holders = Coalesce(Subquery(through.annotate(n=Count("pk")).values("n"), output_field=IntegerField()), 0)
        return super().get_queryset(request).annotate(holders_now=holders)

    @admin.display(description=_("people"))
    def holders(self, role: Group) -> str:
        url = f"{self.people_url()}?groups__id__exact={role.pk}"
        return format_html('<a class="bo-link" href="{}">{}</a>', url, role.holders_now)

    def people_url(self) -> str:
        return self.admin_site.get_model_admin(User).own_url("changelist")

    # -- the page --
    def get_fieldsets(self, request: HttpRequest, obj: Group | None = None) -> Any:
        if obj is not None and not self.has_change_permission(request, obj):
            return ((None, {"fields": ("name", "what_it_allows")}),)
        return self.fieldsets

    def get_readonly_fields(self, request: HttpRequest, obj: Group | None = None) -> tuple[str, ...]:
        return () if obj is None or self.has_change_permission(request, obj) else ("what_it_allows",)

    @admin.display(description=_("may"))
    def what_it_allows(self, role: Group) -> str:
        held = set(role.permissions.all())
        subjects = by_subject(right for right in offered_rights(self.admin_site) if right in held)
        return format_html_join(
            "", "{}: {}<br>", ((subject, ", ".join(words for _right, words in rights)) for subject, rights in subjects.items())
        )

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "permissions":
            return RightsField(self.admin_site, label=_("May"))
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Group, form: Any, change: bool) -> None:
        RoleService.save(obj, rights=form.cleaned_data.get("permissions"), offered=offered_rights(self.admin_site), actor=request.user)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The rights are saved with the role."""

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: dict | None = None) -> HttpResponse:
        role = self.object_or_404(request, object_id)
        self.require(request, "delete", role)

        def act(data: dict[str, Any]) -> HttpResponse:
            RoleService.delete(role.pk, actor=request.user)
            self.message_user(request, _("The role “%(role)s” is deleted.") % {"role": role})
            return redirect(self.own_url("changelist"))

        question = [_("The role “%(role)s” is deleted for good. Only a role that nobody has can be deleted.") % {"role": role}]
        return member_pages.confirm(self, request, role, title=_("Delete"), question=question, act=act)

    # -- administrators only --
    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and may_give_rights(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_change_permission(request, obj) and may_give_rights(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_delete_permission(request, obj) and may_give_rights(request.user)
