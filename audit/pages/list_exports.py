"""Lists as files: at once while they are short, else in the background, with a page that says how far they are.

Who took which list, with which filters and how many rows, is recorded before the first byte leaves.
"""

import logging
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed, StreamingHttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.access import record_export
from audit.exports import making
from audit.exports.csv_table import CsvTable
from audit.exports.lists import Asked, ExportedList, FilterError, exports_anything, lists
from audit.exports.making import KIND, MOST_AT_ONCE, XLSX, ListExportError
from audit.exports.snapshot import Snapshot
from audit.exports.xlsx_table import workbook_of
from audit.models import ListExport
from audit.pages.exports import TYPES
from backoffice import clock, jobs
from backoffice.permissions import is_usable

LISTED = 20
LABELS: dict[str, str] = {
    ListExport.State.MAKING: "info",
    ListExport.State.READY: "success",
    ListExport.State.STOPPED: "",
    ListExport.State.REFUSED: "warning",
    ListExport.State.FAILED: "danger",
    ListExport.State.GONE: "",
}
HEADERS = {"X-Content-Type-Options": "nosniff"}
logger = logging.getLogger(__name__)


def urls(site: admin.AdminSite) -> list:
    """An address for each list, and those of the page that says what became of the long ones."""

    def page(route: str, name: str, show: Callable[..., HttpResponseBase]) -> Any:
        return path(route, site.admin_view(show), name=name)

    of_lists = [page(f"exports/{each.route}", f"export_{each.name}", partial(export, each)) for each in lists().values()]
    return [
        *of_lists,
        page("exports/", "exports", partial(exports_page, site)),
        page("exports/under-way/", "exports_under_way", under_way),
        page("exports/<int:object_id>/stop/", "exports_stop", stop),
        page("exports/<int:object_id>/file/", "exports_file", fetch),
    ]


def offered(request: HttpRequest, *names: str, object_id: int | None = None) -> list[dict[str, Any]]:
    """The buttons of a page, for the lists that this person may take from it, with the filters of the page."""
    asked = Asked.on_page(request, object_id)
    found = []
    for each in (lists()[name] for name in names):
        if each.may(request.user) and request.user.is_staff:
            address = reverse(f"admin:export_{each.name}", args=[object_id] if object_id is not None else [])
            found.append({"title": each.title, "url": f"{address}?{asked.query.urlencode()}"})
    return found


# -- a list --
def export(exported: ExportedList, request: HttpRequest, object_id: int | None = None) -> HttpResponseBase:
    """The filters stand in the address, as on the page; `format` is posted."""
    asked = Asked.on_page(request, object_id)
    target = exported.admit(asked)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    wanted = request.POST.get("format", "")
    if wanted not in TYPES:
        raise BadRequest
    try:
        return _answer(request, exported, asked, target, wanted)
    except FilterError as error:
        return _refused(request, exported, asked, str(error))


def _answer(request: HttpRequest, exported: ExportedList, asked: Asked, target: Any, wanted: str) -> HttpResponseBase:
    rows = exported.rows(asked)
    with ExitStack() as held:
        snapshot = held.enter_context(Snapshot())
        count = snapshot.count_of(exported.resource().counted(rows))
        if count > MOST_AT_ONCE:
            return _make(request, exported, asked, wanted, count)
        _record(exported, asked, target, wanted, count)
        table, name = exported.table(rows), _file_name(exported.name, count, wanted)
        if wanted == XLSX:
            return _attached(workbook_of(table, snapshot), name, wanted)
        held.pop_all()  # the file reads on while it is sent, and lets go itself
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(CsvTable(table, snapshot), content_type=TYPES[wanted], headers=HEADERS | disposition)


def _attached(file: Any, name: str, wanted: str) -> FileResponse:
    return FileResponse(file, as_attachment=True, filename=name, content_type=TYPES[wanted], headers=HEADERS)


def _make(request: HttpRequest, exported: ExportedList, asked: Asked, wanted: str, rows: int) -> HttpResponse:
    try:
        making.ask(exported, asked, wanted=wanted, rows=rows)
    except ListExportError as error:
        messages.error(request, str(error))
    else:
        messages.info(request, _("This list is long, so its file is made in the background. You can leave this page and come back."))
    return redirect("admin:exports")


def _record(exported: ExportedList, asked: Asked, target: Any, wanted: str, rows: int) -> None:
    what: dict[str, Any] = {"model": target._meta.label_lower, "object_id": target.pk} if target is not None else {}
    record_export(asked.user, page=exported.recorded_as, detail=f"{wanted} {asked.query.urlencode()}".strip(), rows=rows, **what)


def _file_name(name: str, rows: int, wanted: str) -> str:
    """With the number of rows, so that a file that broke off can be told from a whole one."""
    return f"{name.replace('_', '-')}-{timezone.localtime(clock.now()):%Y-%m-%d-%H%M}-{rows}-rows.{wanted}"


def _refused(request: HttpRequest, exported: ExportedList, asked: Asked, why: str) -> HttpResponse:
    context = admin.site.each_context(request) | {"title": _("Not exported"), "why": why, "back": exported.url(asked.object_id)}
    return TemplateResponse(request, "audit/export_refused.html", context, status=400)


# -- those that are made in the background --
def exports_page(site: admin.AdminSite, request: HttpRequest) -> HttpResponse:
    _require_exporter(request)
    return TemplateResponse(request, "audit/list_exports.html", site.each_context(request) | {"title": _("Exports")} | _listed(request))


def under_way(request: HttpRequest) -> HttpResponse:
    """The table alone, asked for again and again while one is under way."""
    _require_exporter(request)
    return TemplateResponse(request, "audit/list_exports_table.html", _listed(request))


def stop(request: HttpRequest, object_id: int) -> HttpResponse:
    found = _own_or_404(request, object_id)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    making.stop(found)
    return redirect("admin:exports")


def fetch(request: HttpRequest, object_id: int) -> HttpResponseBase:
    """The file, to whoever asked for it, as long as they may have it."""
    found = _own_or_404(request, object_id)
    if request.method != "GET":
        return HttpResponseNotAllowed(["GET"])
    if not making.may_fetch(found):
        raise PermissionDenied
    content = _content(found)
    if content is None:
        messages.warning(request, _("This file is not kept any more. Export the list again."))
        return redirect("admin:exports")
    exported, asked = making.what_was_asked(found)
    with ExitStack() as held:
        held.enter_context(content)
        _record(exported, asked, exported.about(asked), found.format, found.rows)
        held.pop_all()  # the answer closes it
    return _attached(content, _file_name(found.list_name, found.rows, found.format), found.format)


def _content(found: ListExport) -> Any:
    if not found.is_kept():
        return None
    try:
        return making.path_of(found).open("rb")
    except FileNotFoundError:
        logger.exception("The file of export %s is missing.", found.pk)
        return None


def _own_or_404(request: HttpRequest, object_id: int) -> ListExport:
    found = making.own(request.user).select_related("user").filter(pk=object_id).first()
    if found is None:
        raise Http404
    return found


def _require_exporter(request: HttpRequest) -> None:
    if not is_usable(request.user) or not (exports_anything(request.user) or making.own(request.user).exists()):
        raise PermissionDenied


def may_open(request: HttpRequest) -> bool:
    """For the sidebar."""
    return exports_anything(request.user)


def _listed(request: HttpRequest) -> dict[str, Any]:
    found = list(making.own(request.user)[:LISTED])
    for one in found:
        one.title = lists()[one.list_name].title if one.list_name in lists() else one.list_name
        one.label = LABELS[one.state]
        one.can_be_fetched = one.is_kept()
        one.progress = jobs.progress_of(KIND, one.pk) if one.state == ListExport.State.MAKING else None
    return {"most_at_once": MOST_AT_ONCE, "exports": found, "at_work": any(one.state == ListExport.State.MAKING for one in found)}
