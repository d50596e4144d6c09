"""People: everyone who may read a notice, and the few who write them."""

from typing import Any, cast

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.forms import ModelMultipleChoiceField
from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import BooleanRadioFilter, RelatedDropdownFilter
from unfold.forms import AdminPasswordChangeForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from audit.erasure import is_erased
from backoffice.admin.inlines import FewRowsMixin
from backoffice.permissions import may, may_everywhere, may_somewhere
from recipients.admin import holdings_page, personal_data, second_step
from recipients.admin.addresses import AddressFilter, AddressMixin
from recipients.admin.base import AudienceAdmin
from recipients.admin.forms import InlineRoleAssignmentForm, NewPersonForm, PersonForm
from recipients.admin.rights import RightsField, offered_rights
from recipients.audience import user_role_entity_ids
from recipients.models import Recipient, RecipientGroup, RecipientGroupAdditionalRecipient, RecipientGroupRecipient, RoleAssignment, User
from recipients.services import PersonService, RoleAssignmentService
from recipients.services.access import may_change_person, may_give_rights
from recipients.signin.services import TwoFactorService

ROLE_FIELDS = ("is_staff", "groups")
RIGHTS_FIELDS = ("user_permissions",)


class RoleAssignmentInline(FewRowsMixin, TabularInline):
    model = RoleAssignment
    form = InlineRoleAssignmentForm
    fields = ("recipient", "role", "starts_on", "ends_on")
    autocomplete_fields = ("recipient",)
    extra = 0
    show_title = False
    verbose_name = _("place")
    verbose_name_plural = _("Belongs to")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("recipient", "user")

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may_everywhere(request.user, "view", RoleAssignment)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._keeps(request, "add")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._keeps(request, "change")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._keeps(request, "delete")

    def _keeps(self, request: HttpRequest, verb: str) -> bool:
        """The entries of one person are of many recipients; whoever keeps those of some has “Who belongs where”."""
        return may_everywhere(request.user, verb, RoleAssignment) and may_everywhere(request.user, "manage_members", Recipient)


@admin.register(User)
class PersonAdmin(holdings_page.HoldingsMixin, AddressMixin, AudienceAdmin, UserAdmin):
    list_display = ("name", "email", "mail", "employee_number", "job_title", "is_active", "is_staff")
    list_filter = (("is_active", BooleanRadioFilter), ("is_staff", BooleanRadioFilter), AddressFilter, ("groups", RelatedDropdownFilter))
    list_select_related = ("address_problem",)
    ordering = ("last_name", "first_name", "id")
    sortable_by = ("name",)
    search_fields = ("last_name", "first_name", "email", "employee_number", "username")
    search_help_text = _("Name, e-mail, employee number or username")
    exported_lists = ("people", "people_and_places")

    form = PersonForm
    add_form = NewPersonForm
    add_form_template = None
    change_password_form = AdminPasswordChangeForm
    fieldsets = (
        (_("Person"), {"fields": (("first_name", "last_name"), ("email", "employee_number"), ("job_title", "time_zone"))}),
        (_("Account"), {"fields": ("username", "is_active", ("last_login", "date_joined"))}),
    )
    add_fieldsets = (
        (_("Person"), {"fields": (("first_name", "last_name"), ("email", "employee_number"), "job_title")}),
        (_("Account"), {"fields": ("username", "usable_password", "password1", "password2")}),
    )
    filter_horizontal = ()
    inlines = (RoleAssignmentInline,)

    tabs = (("change", _("Details")), holdings_page.TAB, ("history", _("History")))

    # -- the list --
    @admin.display(description=_("name"), ordering="last_name")
    def name(self, person: User) -> str:
        return str(person)

    def get_list_filter(self, request: HttpRequest) -> tuple:
        """Who has which role is for those who may see roles."""
        may_see = self._sees_roles(request)
        return self.list_filter if may_see else self.list_filter[:3]

    # -- the page --
    def get_inlines(self, request: HttpRequest, obj: User | None) -> tuple:
        return self.inlines if obj is not None else ()

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        if obj is None:
            return self.add_fieldsets
        person, account = super().get_fieldsets(request, obj)
        person = (person[0], person[1] | {"fields": (*person[1]["fields"], *self.address_fields(request, obj))})
        fieldsets = [person, account]
        if self.has_change_permission(request, obj):
            fieldsets[1] = (account[0], {"fields": (*account[1]["fields"], "password_page", "second_step")})
        if fields := self._personal_data_fields(request, obj):
            fieldsets.append((_("Personal data"), {"fields": fields}))
        if self._sees_roles(request):
            fields = (*ROLE_FIELDS, "is_superuser") if request.user.is_superuser else ROLE_FIELDS
            fieldsets.append((_("Roles"), {"fields": fields}))
            fieldsets.append((_("Rights beyond the roles"), {"fields": RIGHTS_FIELDS, "classes": ("collapse",)}))
        if may_everywhere(request.user, "view", RecipientGroup):
            fieldsets.append((_("In groups"), {"fields": ("in_groups",)}))
        return fieldsets

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        always = (
            "last_login",
            "date_joined",
            "password_page",
            "second_step",
            "in_groups",
            "anonymise_page",
            "export_page",
            "mail_comes_back",
            "address_works",
        )
        return always if may_give_rights(request.user) else (*always, *ROLE_FIELDS, *RIGHTS_FIELDS)

    def _sees_roles(self, request: HttpRequest) -> bool:
        return self.admin_site.get_model_admin(Group).has_view_permission(request)

    def get_form(self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        form.actor = request.user
        return form

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "user_permissions":
            return RightsField(self.admin_site, label=_("May also"), help_text=_("A role is easier to keep track of."))
        if db_field.name == "groups":
            roles = Group.objects.order_by("name")
            help_text = _("What each role may do is listed under Roles.")
            widget = UnfoldAdminCheckboxSelectMultipleWidget
            return ModelMultipleChoiceField(roles, required=False, widget=widget, label=_("Roles"), help_text=help_text)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @admin.display(description=_("password"))
    def password_page(self, person: User) -> str:
        text = _now("Set a new password") if person.has_usable_password() else _now("Has none yet: set one")
        return format_html('<a class="bo-link" href="{}">{}</a>', reverse("admin:auth_user_password_change", args=[person.pk]), text)

    @admin.display(description=_("second step"))
    def second_step(self, person: User) -> str:
        if not TwoFactorService.is_set_up(person):
            return _now("Not set up.")
        return format_html('<a class="bo-link" href="{}">{}</a>', self.own_url("second_step", person.pk), _now("Reset it"))

    @admin.display(description=_("groups"))
    def in_groups(self, person: User) -> str:
        """Every group that reaches this person now, with the way it does."""
        through = RecipientGroupRecipient.objects.filter(recipient_id__in=user_role_entity_ids(person), recipient_group__is_deleted=False)
        direct = RecipientGroupAdditionalRecipient.objects.filter(user=person, recipient_group__is_deleted=False)
        rows = [(link.recipient_group, _now("named")) for link in direct.select_related("recipient_group")]
        rows += [
            (link.recipient_group, _now("through %s") % link.recipient) for link in through.select_related("recipient_group", "recipient")
        ]
        rows.sort(key=lambda row: str(row[0]))
        groups: Any = self.admin_site.get_model_admin(RecipientGroup)
        lines = ((groups.own_url("change", group.pk), group, why) for group, why in rows)
        return format_html_join("", '<a class="bo-link" href="{}">{}</a> ({})<br>', lines) or _now("In no group.")

    # -- what is held on a person, and people who left --
    def get_urls(self) -> list:
        own = [
            path("<int:object_id>/anonymise/", self.own_page(personal_data.anonymise), name="recipients_user_anonymise"),
            path("<int:object_id>/export/", self.own_page(personal_data.export), name="recipients_user_export"),
            path("<int:object_id>/second-step/", self.own_page(second_step.reset), name="recipients_user_second_step"),
        ]
        return own + self.address_urls() + super().get_urls()

    def _personal_data_fields(self, request: HttpRequest, person: User) -> tuple[str, ...]:
        fields: tuple[str, ...] = ("export_page",) if self.has_export_permission(request, person) else ()
        if self.has_anonymise_permission(request, person) and not is_erased(person):
            fields += ("on_hold",) if person.is_active else ("on_hold", "anonymise_page")
        return fields

    def has_export_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return may_somewhere(request.user, "export", User) if obj is None else may(request.user, "export", obj)

    def has_anonymise_permission(self, request: HttpRequest, obj: User) -> bool:
        return may(request.user, "anonymise", obj)

    @admin.display(description=_("for the person"))
    def export_page(self, person: User) -> str:
        url = self.own_url("export", person.pk)
        return format_html('<a class="bo-link" href="{}">{}</a>', url, _now("Export all that is held on this person"))

    @admin.display(description=_("erasing"))
    def anonymise_page(self, person: User) -> str:
        return format_html('<a class="bo-link" href="{}">{}</a>', self.own_url("anonymise", person.pk), _now("Erase who this person was"))

    # -- saving --
    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        (PersonService.save_changes if change else PersonService.save_new)(obj, actor=request.user)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        if change:
            rights = form.cleaned_data.get("user_permissions")
            if rights is not None:  # what the form does not offer stays
                offered = [right.pk for right in offered_rights(self.admin_site)]
                rights = [*rights, *form.instance.user_permissions.exclude(pk__in=offered)]
            PersonService.set_roles(form.instance, roles=form.cleaned_data.get("groups"), rights=rights, actor=request.user)
        for formset in formsets:
            formset.save(commit=False)
            for assignment in formset.deleted_objects:
                RoleAssignmentService.delete(assignment, actor=request.user)
            for assignment in [*formset.new_objects, *(changed for changed, _fields in formset.changed_objects)]:
                RoleAssignmentService.save(assignment, actor=request.user)

    # -- who may what --
    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or may_change_person(request.user, obj))

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Nobody is deleted: what a person read and did stays theirs. Whoever leaves is made inactive."""
        return False

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002 - Django's own name
        person = cast("User", self.object_or_404(request, id))
        if not may_change_person(request.user, person):
            raise PermissionDenied
        return super().user_change_password(request, id, form_url)
