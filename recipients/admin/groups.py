"""Recipient groups: a name for those who are often addressed together."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, IntegerField, Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from backoffice.admin.inlines import PartOfParentMixin
from recipients.admin import access_pages, group_pages
from recipients.admin.base import AudienceAdmin
from recipients.admin.forms import GroupForm
from recipients.dtos import Address
from recipients.models import RecipientGroup, RecipientGroupAdditionalRecipient, RecipientGroupRecipient
from recipients.services import RecipientGroupService
from recipients.services.groups import LINKS


class MemberInline(PartOfParentMixin, TabularInline):
    """Members are added and removed, never exchanged in place."""

    extra = 0
    show_title = False
    per_page = 25

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._parent(request, obj, "manage_members")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._parent(request, obj, "manage_members")


class RecipientInline(MemberInline):
    model = RecipientGroupRecipient
    autocomplete_fields = ("recipient",)
    verbose_name = _("recipient")
    verbose_name_plural = _("Recipients: everyone who belongs to them is in the group")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("recipient", "recipient_group").order_by("recipient__name", "pk")


class PersonInline(MemberInline):
    model = RecipientGroupAdditionalRecipient
    autocomplete_fields = ("user",)
    verbose_name = _("person")
    verbose_name_plural = _("Single people")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("user", "recipient_group").order_by("user__last_name", "user__first_name", "pk")


def _links_of(model: type[Model]) -> Coalesce:
    counted = model.objects.filter(recipient_group=OuterRef("pk")).order_by().values("recipient_group").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


@admin.register(RecipientGroup)
class RecipientGroupAdmin(access_pages.AccessPagesMixin, AudienceAdmin):
    list_display = ("name", "code", "recipients", "single_people", "who", "modified_at")
    ordering = ("name", "id")
    search_fields = ("name", "code")
    search_help_text = _("Name or code")
    list_before_template = "recipients/admin/group_list_hint.html"
    exported_lists = ("groups", "group_members")

    form = GroupForm
    fieldsets = ((None, {"fields": (("code", "name"), "description")}),)
    inlines = (RecipientInline, PersonInline)
    tabs = (("change", _("Details")), ("people", _("People")), access_pages.TAB, ("history", _("History")))

    def get_urls(self) -> list:
        own = [
            path("trash/", self.own_page(group_pages.trash), name="recipients_recipientgroup_trash"),
            path("<int:object_id>/people/", self.own_page(group_pages.people), name="recipients_recipientgroup_people"),
            path("<int:object_id>/restore/", self.own_page(group_pages.restore), name="recipients_recipientgroup_restore"),
        ]
        return own + super().get_urls()

    # -- the list --
    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return (
            super()
            .get_queryset(request)
            .annotate(recipient_links=_links_of(RecipientGroupRecipient), people_links=_links_of(RecipientGroupAdditionalRecipient))
        )

    @admin.display(description=_("recipients"), ordering="recipient_links")
    def recipients(self, group: RecipientGroup) -> int:
        return group.recipient_links

    @admin.display(description=_("single people"), ordering="people_links")
    def single_people(self, group: RecipientGroup) -> int:
        return group.people_links

    @admin.display(description=_("people"))
    def who(self, group: RecipientGroup) -> str:
        label = _("Who is in “%(name)s” now") % {"name": group.name}
        return format_html('<a class="bo-link" href="{}" aria-label="{}">{}</a>', self.own_url("people", group.pk), label, _("Show"))

    # -- the page --
    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """The page saves the details, the members, or both: each of whoever may."""
        return super().has_change_permission(request, obj) or self.has_manage_members_permission(request, obj)

    def has_manage_members_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._asks(request, "manage_members", obj)

    def _keeps_details(self, request: HttpRequest, obj: Model | None) -> bool:
        return obj is None or super().has_change_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return () if self._keeps_details(request, obj) else self.form._meta.fields

    def save_model(self, request: HttpRequest, obj: RecipientGroup, form: Any, change: bool) -> None:
        if not change:
            RecipientGroupService.create(obj, actor=request.user)
        elif self._keeps_details(request, obj):
            RecipientGroupService.change(obj, actor=request.user)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """One change of members for the whole page."""
        for formset in formsets:
            formset.save(commit=False)
        add = _address(link for formset in formsets for link in formset.new_objects)
        remove = _address(link for formset in formsets for link in formset.deleted_objects)
        if add or remove:
            RecipientGroupService.change_members(form.instance.pk, add=add, remove=remove, actor=request.user)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: dict | None = None) -> HttpResponse:
        return group_pages.delete(self, request, object_id)


def _address(links: Any) -> Address:
    ids: dict[str, list[int]] = {field: [] for _model, _column, field in LINKS}
    for link in links:
        for model, column, field in LINKS:
            if isinstance(link, model):
                ids[field].append(getattr(link, column))
    return Address.of(recipients=ids["recipient_ids"], people=ids["person_ids"])
