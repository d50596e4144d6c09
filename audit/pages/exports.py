"""The filtered timeline as a file. Who took it, with which filters and how many rows, is recorded before it leaves."""

from contextlib import ExitStack
from typing import Any

from django.contrib import admin
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponseBase, HttpResponseNotAllowed, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone

from audit.access import record_export
from audit.exports.csv_file import CsvFile
from audit.exports.selection import selected
from audit.exports.snapshot import Snapshot
from audit.exports.xlsx_file import write_xlsx
from audit.models import Entry
from audit.timeline.forms import TimelineForm
from backoffice import clock
from backoffice.permissions import may_everywhere

CSV, XLSX = "csv", "xlsx"
TYPES = {CSV: "text/csv; charset=utf-8", XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


def urls(site: admin.AdminSite) -> list:
    return [path("audit/timeline/export/", site.admin_view(export), name="audit_export")]


def may_export(user: Any) -> bool:
    return may_everywhere(user, "view", Entry) and may_everywhere(user, "export", Entry)


def export_url(request: HttpRequest) -> str:
    """Where the button of the timeline leads, with the filters of the page; nowhere without the right."""
    query = request.GET.copy()
    query.pop("before", None)
    return f"{reverse('admin:audit_export')}?{query.urlencode()}" if may_export(request.user) else ""


def export(request: HttpRequest) -> HttpResponseBase:
    """The filters stand in the address, as on the timeline; `format` is posted."""
    if not may_export(request.user):
        raise PermissionDenied
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    wanted = request.POST.get("format", "")
    if wanted not in TYPES:
        raise BadRequest
    form = TimelineForm(request.GET)
    if not form.is_valid():
        return redirect(f"{reverse('admin:audit_entry_changelist')}?{request.GET.urlencode()}")  # it says what is wrong
    return _answer(request, wanted, form)


def _answer(request: HttpRequest, wanted: str, form: TimelineForm) -> HttpResponseBase:
    entries = selected(form.criteria())
    with ExitStack() as held:
        snapshot = held.enter_context(Snapshot())
        rows = snapshot.count(entries)
        record_export(request.user, page="timeline", detail=f"{wanted} {request.GET.urlencode()}".strip(), rows=rows)
        # The number of rows stands in the name, so that a file that broke off can be told from a whole one.
        name = f"timeline-{timezone.localtime(clock.now()):%Y-%m-%d-%H%M}-{rows}-rows.{wanted}"
        if wanted == XLSX:
            return FileResponse(write_xlsx(entries, snapshot), as_attachment=True, filename=name, content_type=TYPES[wanted])
        held.pop_all()  # the file reads on while it is sent, and lets go itself
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(CsvFile(entries, snapshot), content_type=TYPES[wanted], headers=disposition)
