"""The page that takes a file in: first what it should look like, then the file."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from backoffice.uploads import found_no_room
from recipients.admin.imports.forms import UploadForm
from recipients.admin.imports.guidance import HELP
from recipients.admin.imports.words import MODES
from recipients.exceptions import RecipientError
from recipients.imports.kinds import KINDS as FILE_KINDS
from recipients.imports.limits import DEFAULT_LIMITS
from recipients.models import Import
from recipients.services import ImportService
from recipients.services.imports.access import importable_by
from recipients.services.imports.registry import KINDS
from recipients.services.imports.uploading import NO_ROOM

MEGABYTE = 1024 * 1024


def upload(admin: Any, request: HttpRequest) -> HttpResponse:
    kinds = importable_by(request.user)
    if not kinds:
        raise PermissionDenied
    kind = _kind(request, kinds)
    form = UploadForm(request.POST or None, request.FILES or None, modes=KINDS[kind].modes)
    if found_no_room(request):
        form.errors["file"] = form.error_class([str(NO_ROOM)])
    elif request.method == "POST" and form.is_valid():
        try:
            batch = ImportService.upload(form.cleaned_data["file"], kind=kind, mode=form.cleaned_data["mode"], actor=request.user)
        except RecipientError as error:
            form.add_error("file", error)
        else:
            return redirect(admin.own_url("change", batch.pk))
    context = admin.admin_site.each_context(request) | {
        "title": _("Import a spreadsheet"),
        "opts": admin.opts,
        "form": form,
        "kind": kind,
        "kinds": kinds,
        "modes": [(radio, MODES[kind][radio.data["value"]]) for radio in form["mode"]],
        "columns": [(column, HELP[kind, column.key]) for column in FILE_KINDS[kind].columns.columns],
        "limits": DEFAULT_LIMITS,
        "most_megabytes": DEFAULT_LIMITS.file_bytes // MEGABYTE,
    }
    return TemplateResponse(request, "recipients/admin/import_upload.html", context)


def _kind(request: HttpRequest, kinds: list[Import.Kind]) -> Import.Kind:
    asked = request.GET.get("kind", "")
    return next((kind for kind in kinds if kind == asked), kinds[0])
