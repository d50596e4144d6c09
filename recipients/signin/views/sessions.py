"""Where I am signed in."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from recipients.signin.services import SessionService
from recipients.signin.views.pages import account_page, show

TAB = {"tab": "sessions"}


@account_page
@require_safe
def sessions(request: HttpRequest) -> HttpResponse:
    found = SessionService.of(request.user, this=request.session.session_key)
    return show(request, "signin/sessions.html", {"sessions": found, "others": [one for one in found if not one.is_this], **TAB})


@account_page
@require_safe
def ask_everywhere(request: HttpRequest) -> HttpResponse:
    return show(request, "signin/sign_out_everywhere.html", {"count": len(SessionService.of(request.user)), **TAB})


@account_page
@require_POST
def end_one(request: HttpRequest) -> HttpResponse:
    if SessionService.end_one(request.user, request.POST.get("session", "")):
        messages.success(request, _("That browser is signed out."))
    else:
        messages.info(request, _("That browser was signed out already."))
    return redirect("sessions")


@account_page
@require_POST
def end_others(request: HttpRequest) -> HttpResponse:
    count = SessionService.end_all(request.user, but=request.session.session_key)
    messages.success(
        request, ngettext("One other browser is signed out.", "%(count)d other browsers are signed out.", count) % {"count": count}
    )
    return redirect("sessions")


@account_page
@require_POST
def end_everywhere(request: HttpRequest) -> HttpResponse:
    person: Any = request.user
    logout(request)
    SessionService.end_all(person)
    return redirect("login")
