"""The trash: what was deleted, when and by whom, and the way back."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from audit.admin import AuditedAdmin
from backoffice.admin.paginator import CappedPaginator
from backoffice.permissions import may
from notices.admin import bulk
from notices.admin.acts import BY_SLUG
from notices.models import TrashedNotice
from notices.presentation import STATUS_LABELS
from notices.repositories import matching


@admin.register(TrashedNotice)
class TrashedNoticeAdmin(bulk.BulkPermissionsMixin, AuditedAdmin):
    list_display = ("title", "state", "deleted_at", "deleted_by", "steps")
    list_display_links = None
    list_select_related = ("deleted_by", "category")
    ordering = ("-deleted_at", "-pk")
    sortable_by = ()
    paginator = CappedPaginator
    search_fields = ("title",)
    actions = bulk.TRASH_ACTIONS
    exported_lists = ("trash",)

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        """The way back is shown to whoever may take it for some notice; its page asks again."""
        return self.list_display if self.has_bulk_restore_permission(request) else self.list_display[:-1]

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        return matching(queryset, search_term), False

    @display(description=_("was"), label=dict(STATUS_LABELS))
    def state(self, notice: TrashedNotice) -> tuple[str, str]:
        return notice.status, notice.get_status_display()

    @admin.display(description="")
    def steps(self, notice: TrashedNotice) -> str:
        url = reverse("admin:notices_notice_act", args=[notice.pk, "restore"])
        return format_html('<a class="bo-link" href="{}">{}</a>', url, BY_SLUG["restore"].label)

    # Nothing is added or changed here; restoring and destroying are acts with a page of their own.
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: TrashedNotice | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: TrashedNotice | None = None) -> bool:
        return False

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        notice = self.get_object(request, object_id)
        if notice is not None and may(request.user, "restore", notice):
            return redirect("admin:notices_notice_act", notice.pk, "restore")
        return redirect("admin:notices_trashednotice_changelist")
