"""The list of notices and the page where one is written."""

from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.utils import display_for_value
from django.contrib.messages import WARNING
from django.contrib.postgres.fields import ArrayField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from audit.admin import AuditedAdmin
from audit.object_history.states import State
from backoffice.admin.filters import SeenAutocompleteFilter, SeenDropdownFilter
from backoffice.admin.inlines import PartOfParentMixin
from backoffice.admin.paginator import CappedPaginator
from backoffice.richtext import render_rich_text
from notices.admin import act_views, amend, approval, bulk, one_mail, readdressing, tabs, versions
from notices.admin.forms import AttachmentForm, NoticeForm
from notices.admin.header import header_for
from notices.models import Attachment, Notice
from notices.presentation import BYPASSED, STATUS_LABELS, state_of
from notices.repositories import matching
from notices.services import NoticeService
from notices.wording import moment_in_both_zones
from recipients.admin.access_pages import AccessPagesMixin

WHEN = (
    (_("On show"), {"fields": (("start_date", "end_date"),)}),
    (_("Acknowledgement"), {"fields": (("requires_acknowledgement", "due_date"), ("remind_before", "remind_after"))}),
    (_("Whoever joins later"), {"fields": (("tells_joiners", "joiner_days"),)}),
)


class AttachmentInline(PartOfParentMixin, TabularInline):
    model = Attachment
    form = AttachmentForm
    readonly_fields = ("link",)
    extra = 0
    verbose_name_plural = _("attachments")

    @admin.display(description=_("attached"))
    def link(self, attachment: Attachment) -> str:
        if not attachment.pk:
            return "—"
        url = reverse("admin:notices_notice_attachment", args=[attachment.notice_id, attachment.pk])
        return format_html('<a class="bo-link" href="{}">{}</a>', url, attachment.name)

    def get_fields(self, request: HttpRequest, obj: Notice | None = None) -> tuple[str, ...]:
        return ("link", "file") if self.has_change_permission(request, obj) else ("link",)


class ApprovalFilter(DropdownFilter):
    title = _("approval")
    parameter_name = "approval"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("bypassed", _("Published without approval"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(bypassed_at__isnull=False) if self.value() == "bypassed" else queryset


@admin.register(Notice)
class NoticeAdmin(AccessPagesMixin, bulk.BulkPermissionsMixin, AuditedAdmin):
    list_display = ("title", "state", "category", "author", "start_date", "end_date", "publication")
    list_display_links = ("title",)
    list_filter = (
        ("status", ChoicesDropdownFilter),
        ("category", SeenDropdownFilter),
        ("department", SeenAutocompleteFilter),
        ApprovalFilter,
    )
    allowed_lookups = ("created_by", "published_at")  # the Today page links to these
    list_select_related = ("category", "created_by")
    ordering = ("-pk",)
    sortable_by = ()
    paginator = CappedPaginator
    search_fields = ("title",)  # the box is shown; `get_search_results` does the search
    search_help_text = _("Words in the title or the text")
    actions = bulk.ACTIONS

    form = NoticeForm
    formfield_overrides = {ArrayField: {"widget": UnfoldAdminTextInputWidget}}
    fieldsets = (
        (None, {"fields": ("title", ("category", "department"), "content", "version")}),
        *WHEN,
    )
    fieldsets_to_read = ((None, {"fields": ("title", ("category", "department"), "text")}), *WHEN)
    inlines = (AttachmentInline,)
    readonly_fields = ("text",)
    change_form_outer_before_template = "notices/admin/header.html"
    change_form_before_template = "backoffice/draft.html"
    list_before_template = "notices/admin/list_hint.html"
    exported_lists = ("notices",)
    history_head = "notices/admin/header.html"
    as_of_template = "notices/admin/history_as_of.html"

    def get_urls(self) -> list:
        page = self.own_page
        own = [
            path("<int:object_id>/audience/", page(tabs.audience), name="notices_notice_audience"),
            path("<int:object_id>/audience/change/", page(readdressing.choose), name="notices_notice_readdress"),
            path("<int:object_id>/audience/difference/", page(readdressing.difference), name="notices_notice_difference"),
            path("<int:object_id>/approval/", page(approval.approval), name="notices_notice_approval"),
            path("<int:object_id>/delivery/", page(tabs.delivery), name="notices_notice_delivery"),
            path("<int:object_id>/delivery/figures/", page(tabs.figures), name="notices_notice_figures"),
            path("<int:object_id>/delivery/<int:delivery_id>/arrived/", page(one_mail.arrived), name="notices_notice_mail_arrived"),
            path("<int:object_id>/delivery/<int:delivery_id>/again/", page(one_mail.again), name="notices_notice_mail_again"),
            path("<int:object_id>/delivery/<int:delivery_id>/remind/", page(one_mail.remind), name="notices_notice_mail_remind"),
            path("<int:object_id>/readers/", page(tabs.readers), name="notices_notice_readers"),
            path("<int:object_id>/attachments/<int:attachment_id>/", page(tabs.attachment), name="notices_notice_attachment"),
            path("<int:object_id>/versions/<int:history_id>/take-back/", page(versions.take_back), name="notices_notice_take_back"),
            path("<int:object_id>/versions/<int:history_id>/new-draft/", page(versions.new_draft), name="notices_notice_new_draft"),
            path("<int:object_id>/amend/", page(amend.amend), name="notices_notice_amend"),
            path("<int:object_id>/amend/review/", page(amend.review), name="notices_notice_amend_review"),
            path("<int:object_id>/amend/files/<int:file_id>/", page(amend.file), name="notices_notice_amend_file"),
            path("<int:object_id>/do/<slug:slug>/", page(act_views.confirm), name="notices_notice_act"),
        ]
        return own + super().get_urls()

    # -- the list --
    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        return matching(queryset, search_term), False

    def get_queryset(self, request: HttpRequest) -> Any:
        # The text is not on the list; it would be most of what is read.
        return super().get_queryset(request).defer("content", "search_vector")

    @display(description=_("state"), label=dict(STATUS_LABELS), ordering="status")
    def state(self, notice: Notice) -> tuple[str, str]:
        key, word = state_of(notice)
        if notice.bypassed_at is None:
            return key, word
        return BYPASSED, gettext("%(state)s, without approval") % {"state": word}

    @admin.display(description=_("author"))
    def author(self, notice: Notice) -> str:
        return str(notice.created_by or "—")

    @admin.display(description=_("published"), ordering="published_at")
    def publication(self, notice: Notice) -> Any:
        """When it was, or is to be."""
        if notice.status == Notice.Status.SCHEDULED:
            return gettext("on %(moment)s") % {"moment": moment_in_both_zones(notice.publish_at)}
        return display_for_value(notice.published_at, "—")

    # -- the page --
    def get_fieldsets(self, request: HttpRequest, obj: Notice | None = None) -> Any:
        """Who may not edit reads the text as its readers do."""
        to_edit = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        return self.fieldsets if to_edit else self.fieldsets_to_read

    @admin.display(description=_("content"))
    def text(self, notice: Notice) -> str:
        return format_html('<div class="bo-richtext">{}</div>', render_rich_text(notice.content))

    def has_change_permission(self, request: HttpRequest, obj: Notice | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.is_editable)

    def has_delete_permission(self, request: HttpRequest, obj: Notice | None = None) -> bool:
        """Django's own deletion is off: `Delete` is an act of ours, and soft."""
        return False

    def get_form(self, request: HttpRequest, obj: Notice | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        form.actor = request.user
        return form

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"version": 0}

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict | None = None) -> HttpResponse:
        notice = cast("Notice | None", self.get_object(request, object_id))
        context = {"header": header_for(request, notice, "write")} if notice and self.has_view_permission(request, notice) else {}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def history_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        return {"header": header_for(request, obj, "history")}

    def access_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        return self.page_context(request, obj, "access")

    def as_of_context(self, request: HttpRequest, obj: Any, state: State) -> dict[str, Any]:
        return versions.as_of_context(self, request, obj, state)

    def save_model(self, request: HttpRequest, obj: Notice, form: NoticeForm, change: bool) -> None:
        if change:
            NoticeService.save_changes(obj, actor=request.user, version=form.opened_version)
            self._say_if_approval_is_lost(request, form, obj)
        else:
            NoticeService.save_new(obj, actor=request.user)

    def _say_if_approval_is_lost(self, request: HttpRequest, form: NoticeForm, notice: Notice) -> None:
        if form.was_approved and notice.status == Notice.Status.DRAFT:
            self.message_user(request, _("It was approved, and you changed it: it is a draft again and needs a new approval."), WARNING)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        formset.save(commit=False)
        for attachment in formset.deleted_objects:
            NoticeService.detach(attachment.pk, actor=request.user)
        for attachment in formset.new_objects:
            NoticeService.attach(form.instance.pk, attachment, actor=request.user)
        if change and (formset.deleted_objects or formset.new_objects) and form.instance.status == Notice.Status.APPROVED:
            form.instance.refresh_from_db(fields=["status"])
            self._say_if_approval_is_lost(request, form, form.instance)

    def response_add(self, request: HttpRequest, obj: Notice, post_url_continue: str | None = None) -> HttpResponse:
        """The next step after writing is choosing who reads it."""
        if "_addanother" in request.POST or "_continue" in request.POST or "_popup" in request.POST:
            return super().response_add(request, obj, post_url_continue)
        self.message_user(request, _("“%(title)s” is saved as a draft. Choose who gets it.") % {"title": obj})
        return self.response_post_save_add(request, obj)

    def response_post_save_add(self, request: HttpRequest, obj: Notice) -> HttpResponse:
        return redirect("admin:notices_notice_audience", obj.pk)

    # -- for the other pages of a notice --
    def notice_or_404(self, request: HttpRequest, object_id: int, *, trash: bool = False) -> Notice:
        """A notice that is not in the trash, or may be."""
        rows = (Notice.all_objects if trash else Notice.objects).select_related("category", "created_by", "modified_by")
        return cast("Notice", self.object_or_404(request, object_id, rows=rows))

    def page_context(self, request: HttpRequest, notice: Notice, tab: str) -> dict[str, Any]:
        return self.admin_site.each_context(request) | {
            "title": str(notice),
            "opts": self.opts,
            "original": notice,
            "notice": notice,
            "header": header_for(request, notice, tab),
        }
