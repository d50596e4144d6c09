"""The confirmation page of an act: GET asks in sentences with numbers, POST does it."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from backoffice.admin.confirmation import ask
from backoffice.permissions import may
from notices.admin.acts import BY_SLUG, NOBODY, Act
from notices.admin.header import audience_of
from notices.exceptions import NoticeError
from notices.models import Notice
from notices.services.publishing import Confirmation


def confirm(admin: Any, request: HttpRequest, object_id: int, slug: str) -> HttpResponse:
    act = BY_SLUG.get(slug)
    if act is None:
        raise Http404
    notice = admin.notice_or_404(request, object_id, trash=act.in_trash)
    if not may(request.user, act.verb, notice):
        raise PermissionDenied
    form = act.form_class(request.POST or None)
    problem = ""
    if request.method == "POST" and form.is_valid():
        try:
            messages.success(request, act.run(notice, request.user, form.cleaned_data, _seen(request)))
        except NoticeError as error:
            problem = str(error)
            notice = admin.notice_or_404(request, object_id, trash=True)
        else:
            return _after(act, notice)
    return _page(admin, request, act, notice, form=form, problem=problem)


def _seen(request: HttpRequest) -> Confirmation | None:
    """What the page showed when the button was pressed; a request without it is refused as stale."""
    try:
        return Confirmation(version=int(request.POST["version"]), people=int(request.POST["people"]))
    except (KeyError, ValueError):
        return Confirmation(version=-1, people=-1)


def _after(act: Act, notice: Notice) -> HttpResponse:
    if act.slug in {"trash", "destroy"}:
        return redirect("admin:notices_notice_changelist" if act.slug == "trash" else "admin:notices_trashednotice_changelist")
    return redirect("admin:notices_notice_delivery" if act.slug == "publish" else "admin:notices_notice_change", notice.pk)


def _page(admin: Any, request: HttpRequest, act: Act, notice: Notice, *, form: Any, problem: str) -> HttpResponse:
    if notice.is_deleted != act.in_trash or notice.status not in act.states:
        messages.error(request, problem or _not_now(act, notice))
        return redirect(_page_of(notice))
    audience = audience_of(notice) if act.needs_audience else NOBODY
    seen = {"title": act.label, "opts": admin.opts, "notice": notice, "people": audience.total}
    return ask(
        request,
        admin.admin_site.each_context(request) | seen,
        form=form,
        heading=act.label,
        button=act.button(notice, audience),
        sentences=act.question(notice, audience),
        problem=problem,
        back=_page_of(notice),
        danger=act.style == "danger",
        template="notices/admin/confirm.html",
    )


def _page_of(notice: Notice) -> str:
    if notice.is_deleted:
        return reverse("admin:notices_trashednotice_changelist")
    return reverse("admin:notices_notice_change", args=[notice.pk])


def _not_now(act: Act, notice: Notice) -> str:
    return _("“%(title)s” is %(status)s; “%(act)s” is not possible now.") % {
        "title": notice,
        "status": notice.get_status_display().lower(),
        "act": act.label,
    }
