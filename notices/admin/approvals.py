"""The Approvals page: what waits for me, and what became of what I handed in. It only shows."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext as _

from audit.pages.list_exports import offered
from backoffice.admin.paginator import page_of
from backoffice.permissions import may_somewhere, visible
from notices.contributors import changes_to_decide_by, to_decide_by, with_submissions
from notices.models import Approval, Notice
from notices.presentation import STATUS_LABELS, state_of

Decision = Approval.Decision
MOST_LISTED = 200


def urls(site: admin.AdminSite) -> list:
    """For `BackofficeSite.add_pages`."""
    return [path("approvals/", site.admin_view(lambda request: approvals(site, request)), name="notices_approvals")]


def approvals(site: admin.AdminSite, request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    decides = may_somewhere(user, "approve", Notice)
    submits = may_somewhere(user, "change", Notice)
    if not (decides or submits):
        raise PermissionDenied
    context = site.each_context(request) | {"title": _("Approvals"), "decides": decides, "submits": submits}
    if decides:
        context["waiting_exports"] = offered(request, "waiting_for_approval")
        context["changes"] = changes_to_decide_by(user)
        context["waiting"] = with_submissions(list(to_decide_by(user).select_related("created_by", "category")[:MOST_LISTED]))
    if submits:
        context["submitted_exports"] = offered(request, "submitted_for_approval")
        context |= {"page": (page := page_of(request, handed_in_by(user))), "submissions": _with_outcomes(list(page.object_list))}
    return TemplateResponse(request, "notices/admin/approvals.html", context)


def handed_in_by(user: Any) -> Any:
    """Notices that `user` submitted at some time, the last submitted first."""
    steps = Approval.objects.filter(notice=OuterRef("pk"), by=user, decision=Decision.SUBMITTED).order_by("-pk")
    mine = visible(user, "view", Notice.objects.all()).annotate(handed_in=Subquery(steps.values("pk")[:1]))
    return mine.filter(handed_in__isnull=False).order_by("-handed_in").defer("content", "search_vector")


def _with_outcomes(notices: list[Notice]) -> list[Notice]:
    """Each with its state, and the last word on it."""
    newest = Approval.objects.filter(notice__in=notices).select_related("by").order_by("notice_id", "-pk").distinct("notice_id")
    last = {step.notice_id: step for step in newest}
    for notice in with_submissions(notices):
        notice.last_step = last.get(notice.pk)
        key, notice.word = state_of(notice)
        notice.label = STATUS_LABELS[key]
    return notices
