"""What is decided on the page of an import. Each is a POST, and a refusal is said on the page itself."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from backoffice.uploads import found_no_room
from recipients.admin.imports.forms import ConfirmForm, FileForm
from recipients.admin.imports.page import answer_form, find, show
from recipients.exceptions import RecipientError
from recipients.models import Import
from recipients.services import ImportService
from recipients.services.imports.uploading import NO_ROOM

type Act = Callable[[Import], Import | None]


def _decide(admin: Any, request: HttpRequest, object_id: int, act: Act, **forms: Any) -> HttpResponse:
    batch = find(admin, request, object_id)
    if request.method != "POST":
        return redirect(admin.own_url("change", object_id))
    try:
        ended = act(batch)
    except RecipientError as error:
        return show(admin, request, str(object_id), problem=str(error), **forms)
    return redirect(admin.own_url("change", (ended or batch).pk))


def answer(admin: Any, request: HttpRequest, object_id: int) -> HttpResponse:
    def act(batch: Import) -> Import:
        form = answer_form(batch, request.POST)
        if not form.is_valid():
            raise RecipientError(_("Choose one of the answers that the page offers."))
        data = form.cleaned_data
        return ImportService.answer(batch.pk, encoding=data["encoding"], sheet=data["sheet"], mapping=form.mapping(), actor=request.user)

    return _decide(admin, request, object_id, act)


def leave_out(admin: Any, request: HttpRequest, object_id: int) -> HttpResponse:
    return _decide(admin, request, object_id, lambda batch: ImportService.leave_out_last(batch.pk, actor=request.user))


def again(admin: Any, request: HttpRequest, object_id: int) -> HttpResponse:
    return _decide(admin, request, object_id, lambda batch: ImportService.read_again(batch.pk, actor=request.user))


def stop(admin: Any, request: HttpRequest, object_id: int) -> HttpResponse:
    def act(batch: Import) -> None:
        if not ImportService.stop(batch.pk, actor=request.user):
            messages.warning(request, _("It had ended already, so there was nothing to stop."))

    return _decide(admin, request, object_id, act)


def confirm(admin: Any, request: HttpRequest, object_id: int) -> HttpResponse:
    form = ConfirmForm(request.POST)

    def act(batch: Import) -> Import:
        if not form.is_valid():
            raise RecipientError(_("This page is not whole. Load it again, and look at the numbers."))
        return ImportService.confirm(batch.pk, **form.cleaned_data, actor=request.user)

    return _decide(admin, request, object_id, act, form=form)


def mend(admin: Any, request: HttpRequest, object_id: int) -> HttpResponse:
    form = FileForm(request.POST, request.FILES)

    def act(batch: Import) -> Import:
        if found_no_room(request):
            raise RecipientError(NO_ROOM)
        if not form.is_valid():
            raise RecipientError(_("Choose the file with the mended rows."))
        return ImportService.mend(batch.pk, form.cleaned_data["file"], actor=request.user)

    return _decide(admin, request, object_id, act)
