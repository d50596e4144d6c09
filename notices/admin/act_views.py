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
from notices.admin.act import NOBODY, Act
from notices.admin.acts import BY_SLUG
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
    if act.pinned and not _shown(request):
        return redirect(_approval_tab(notice))  # it is decided on where it is shown
    form = act.form_class(request.POST if request.method == "POST" else None, initial=act.initial(notice))
    problem = ""
    if request.method == "POST" and form.is_valid():
        try:
            messages.success(request, act.run(notice, request.user, form.cleaned_data, _seen(request)))
        except NoticeError as error:
            if act.pinned:
                messages.error(request, str(error))
                return redirect(_approval_tab(notice))
            problem = str(error)
            notice = admin.notice_or_404(request, object_id, trash=True)
        else:
            return _after(act, notice)
    return _page(admin, request, act, notice, form=form, problem=problem)


def _seen(request: HttpRequest) -> Confirmation | None:
    """What the page showed when the button was pressed; a request without it is refused as stale."""
    try:
        shown = request.POST
        return Confirmation(version=int(shown["version"]), people=int(shown["people"]), digest=shown.get("digest", ""))
    except (KeyError, ValueError):
        return Confirmation(version=-1, people=-1)


def _shown(request: HttpRequest) -> dict[str, str]:
    """What the Approval tab showed, as its links and then the form say; nothing if the request does not come from there."""
    sent = request.POST if request.method == "POST" else request.GET
    return {name: sent[name] for name in ("version", "digest")} if {"version", "digest"} <= sent.keys() else {}


def _approval_tab(notice: Notice) -> str:
    return reverse("admin:notices_notice_approval", args=[notice.pk])


def _after(act: Act, notice: Notice) -> HttpResponse:
    if act.slug in {"trash", "destroy"}:
        return redirect("admin:notices_notice_changelist" if act.slug == "trash" else "admin:notices_trashednotice_changelist")
    page = {"publish": "delivery", "publish-without-approval": "delivery"}.get(act.slug, "approval" if act.pinned else act.tab)
    return redirect(f"admin:notices_notice_{page}", notice.pk)


def _page(admin: Any, request: HttpRequest, act: Act, notice: Notice, *, form: Any, problem: str) -> HttpResponse:
    if not act.is_possible(notice):
        messages.error(request, problem or _not_now(act, notice))
        return redirect(_page_of(notice, act))
    audience = audience_of(notice) if act.needs_audience else NOBODY
    context = {"title": act.label, "opts": admin.opts, "notice": notice} | ({} if notice.is_deleted else {"original": notice})
    shown = {"version": notice.version, "people": audience.total} | (_shown(request) if act.pinned else {})
    return ask(
        request,
        admin.admin_site.each_context(request) | context | {"seen": shown},
        form=form,
        heading=act.label,
        button=act.button(notice, audience),
        sentences=act.question(notice, audience),
        problem=problem,
        back=_approval_tab(notice) if act.pinned else _page_of(notice, act),
        danger=act.style == "danger",
        template="notices/admin/confirm.html",
    )


def _page_of(notice: Notice, act: Act) -> str:
    if notice.is_deleted:
        return reverse("admin:notices_trashednotice_changelist")
    return reverse(f"admin:notices_notice_{act.tab}", args=[notice.pk])


def _not_now(act: Act, notice: Notice) -> str:
    return _("“%(title)s” is %(status)s; “%(act)s” is not possible now.") % {
        "title": notice,
        "status": notice.get_status_display().lower(),
        "act": act.label,
    }
