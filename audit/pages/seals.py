"""The Seals page: is all well, what is sealed, and “Verify now”. It only shows; what it starts is a POST of its own."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _

from audit.access import record_view
from audit.models import Epoch, Seal, Verification
from audit.seals import anchors, epochs, running
from audit.seals.epochs import EpochError
from audit.seals.standing import Standing, standing
from backoffice import clock
from backoffice.admin.confirmation import ReasonForm, ask
from backoffice.admin.paginator import PER_PAGE
from backoffice.permissions import may_everywhere, require

type View = Callable[[admin.AdminSite, HttpRequest], HttpResponse]

State = Verification.State
LABELS: dict[str, str] = {
    State.WAITING: "info",
    State.RUNNING: "info",
    State.INTACT: "success",
    State.INCOMPLETE: "warning",
    State.TAMPERED: "danger",
    State.FAILED: "warning",
}
LISTED = 10  # verifications
DIGITS = 18  # of a number that fits its column


def urls(site: admin.AdminSite) -> list:
    """For `BackofficeSite.add_pages`."""

    def page(route: str, name: str, show: View) -> Any:
        return path(f"audit/seals/{route}", site.admin_view(partial(_for_those_who_may, site, show)), name=name)

    return [
        page("", "audit_seals", seals_page),
        page("verifications/", "audit_seals_verifications", verifications),
        page("verify/", "audit_seals_verify", verify_now),
        page("start-epoch/", "audit_seals_start_epoch", start_epoch),
    ]


def _for_those_who_may(site: admin.AdminSite, show: View, request: HttpRequest) -> HttpResponse:
    require(request.user, "view", Seal)
    return show(site, request)


def seals_page(site: admin.AdminSite, request: HttpRequest) -> HttpResponse:
    record_view(request, page="seals")
    context = {
        "title": _("Seals"),
        "epochs": Epoch.objects.select_related("user").order_by("-number"),
    }
    context |= _blocks(request) | _standing(request, standing()) | _verifications()
    return TemplateResponse(request, "audit/seals.html", site.each_context(request) | context)


def verifications(site: admin.AdminSite, request: HttpRequest) -> HttpResponse:
    """The verifications alone, asked for again and again while one is under way: evidence is shown, and noted, when it is over."""
    context: dict[str, Any] = _verifications()
    if not context["at_work"]:
        record_view(request, page="seals")
        context |= _standing(request, standing()) | {"beside": True}
    return TemplateResponse(request, "audit/seals_verifications.html", context)


def verify_now(site: admin.AdminSite, request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        running.ask(request.user)
    return redirect(f"{reverse('admin:audit_seals')}#verifications")


def start_epoch(site: admin.AdminSite, request: HttpRequest) -> HttpResponse:
    """GET says what it means; POST does it."""
    require(request.user, "start_epoch", Seal)
    record_view(request, page="seals")
    now, is_post = standing(), request.method == "POST"
    if not now.anchor_is_readable or not (is_post or now.why_off):
        return redirect("admin:audit_seals")
    form = ReasonForm(request.POST if is_post else None)
    problem = ""
    if form.is_valid():
        try:
            epoch = epochs.start_epoch(reason=form.cleaned_data["reason"], actor=request.user)
        except EpochError as error:
            problem = str(error)
        else:
            messages.success(request, _("Epoch %(number)s has begun. Sealing and sending go on.") % {"number": epoch.number})
            return redirect("admin:audit_seals")
    return ask(
        request,
        site.each_context(request) | {"title": _("Start a new epoch")},
        form=form,
        heading=_("Go on with this database?"),
        button=_("Start a new epoch"),
        back=reverse("admin:audit_seals"),
        danger=True,
        sentences=_what_it_means(now),
        problem=problem,
    )


def _what_it_means(now: Standing) -> list[str]:
    return [
        *([now.why_off] if now.why_off else []),
        _("Start a new epoch if this is the database to go on with, for example after a restore from a backup."),
        _("What was sealed later than seal %(number)s is given up; every verification will say so, with your reason.")
        % {"number": now.head.number if now.head else 0},
        _("Sealing goes on, and the mails that wait are sent. Some may already have been sent before the restore."),
    ]


def _standing(request: HttpRequest, now: Standing) -> dict[str, Any]:
    return {
        "standing": now,
        "anchor_path": anchors.path(),
        "may_start_epoch": bool(now.why_off) and may_everywhere(request.user, "start_epoch", Seal),
    }


def _blocks(request: HttpRequest) -> dict[str, Any]:
    """Paged by number: there is a new one every minute, and a count would not reach the first."""
    text = request.GET.get("before", "")
    before = int(text) if text.isascii() and text.isdecimal() and len(text) <= DIGITS else None
    seals = Seal.objects.order_by("-number")
    shown = list((seals.filter(number__lt=before) if before is not None else seals)[: PER_PAGE + 1])
    older = shown[PER_PAGE - 1].number if len(shown) > PER_PAGE else None
    return {"seals": shown[:PER_PAGE], "older": older, "is_newest": before is None}


def _verifications() -> dict[str, Any]:
    runs = list(Verification.objects.select_related("user").order_by("-asked_at", "-pk")[:LISTED])
    latest = runs[0] if runs else None
    at_work = latest is not None and not latest.is_over
    silent = at_work and any(run.beat_at and run.beat_at < clock.now() - running.SILENT for run in runs[:1])
    listed = [(run, LABELS[run.state], run.state != State.INTACT) for run in runs if run.is_over]
    return {"listed": listed, "latest": latest, "at_work": at_work, "is_silent": silent}
