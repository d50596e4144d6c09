"""Recipients: the departments, sites, roles and teams that can be addressed."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import BooleanRadioFilter, ChoicesDropdownFilter

from recipients.admin import access_pages, member_pages
from recipients.admin.base import AudienceAdmin
from recipients.dtos import Address
from recipients.models import Recipient, RoleAssignment
from recipients.services import RecipientService


def people_now() -> Coalesce:
    """How many active people belong to an entity today; nobody does to one that is not in use."""
    current = RoleAssignment.objects.counting().filter(recipient=OuterRef("pk"), user__is_active=True)
    counted = current.order_by().values("recipient").annotate(n=Count("user", distinct=True)).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


@admin.register(Recipient)
class RecipientAdmin(access_pages.AccessPagesMixin, AudienceAdmin):
    list_display = ("name", "code", "kind", "is_active", "people")
    list_filter = (("kind", ChoicesDropdownFilter), ("is_active", BooleanRadioFilter))
    ordering = ("name", "id")
    search_fields = ("name", "code")
    search_help_text = _("Name or code")
    exported_lists = ("recipients",)

    fieldsets = ((None, {"fields": (("code", "name"), ("kind", "email"), "is_active")}),)
    tabs = (("change", _("Details")), ("people", _("People")), access_pages.TAB, ("history", _("History")))

    def get_urls(self) -> list:
        return [path("<int:object_id>/people/", self.own_page(people), name="recipients_recipient_people"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).annotate(people_now=people_now())

    @admin.display(description=_("people"))
    def people(self, recipient: Recipient) -> str:
        return format_html('<a class="bo-link" href="{}">{}</a>', self.own_url("people", recipient.pk), recipient.people_now)

    def save_model(self, request: HttpRequest, obj: Recipient, form: Any, change: bool) -> None:
        RecipientService.save(obj, actor=request.user)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: dict | None = None) -> HttpResponse:
        recipient = self.object_or_404(request, object_id)
        self.require(request, "delete", recipient)

        def act(data: dict[str, Any]) -> HttpResponse:
            RecipientService.delete(recipient.pk, actor=request.user, reason=data["reason"])
            messages.success(request, _("“%(name)s” is deleted.") % {"name": recipient})
            return redirect(self.own_url("changelist"))

        question = (
            _("“%(name)s” is deleted for good; its history stays.") % {"name": recipient},
            _("%(count)d people belong to it, or did. Their entries go with it.") % {"count": recipient.roleassignment_set.count()},
            _("To stop addressing it, make it inactive instead: everything about it stays on record."),
        )
        return member_pages.confirm(self, request, recipient, title=_("Delete"), question=question, act=act)


def people(model_admin: RecipientAdmin, request: HttpRequest, object_id: int) -> HttpResponse:
    recipient = model_admin.object_or_404(request, object_id)
    entries = reverse("admin:recipients_roleassignment_changelist") + f"?recipient__id__exact={recipient.pk}"
    hint = "" if recipient.is_active else _("It is inactive, so it addresses nobody.")
    address, exported = Address.of(recipients=[recipient.pk]), "recipient_people"
    return member_pages.people(model_admin, request, recipient, address, exported=exported, entries=entries, hint=hint)
