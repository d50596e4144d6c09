"""Files of an import, to whoever may see it. That they were taken is recorded before they leave."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase

from audit.access import record_export
from recipients.admin.imports.page import find
from recipients.imports.examples import example as example_of
from recipients.services.imports.access import importable_by

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
}
PAGE = "import file"


def file(admin: Any, request: HttpRequest, object_id: int, part: int) -> HttpResponseBase:
    """As it was uploaded, byte for byte, and never as something that a browser would show."""
    batch = find(admin, request, object_id)
    found = batch.files.filter(part=part).first()
    if found is None:
        raise Http404
    return _send(request, batch.pk, found.file, found.name)


def failing(admin: Any, request: HttpRequest, object_id: int) -> HttpResponseBase:
    batch = find(admin, request, object_id)
    if not batch.failing:
        raise Http404
    return _send(request, batch.pk, batch.failing, f"import-{batch.pk}-failing-rows.csv")


def _send(request: HttpRequest, number: int, stored: Any, name: str) -> HttpResponseBase:
    try:
        content = stored.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    if request.method != "HEAD":
        record_export(request.user, page=PAGE, detail=name, rows=None, model="recipients.import", object_id=number)
    return FileResponse(content, as_attachment=True, filename=name, content_type="application/octet-stream", headers=HEADERS)


def example(admin: Any, request: HttpRequest, kind: str) -> HttpResponse:
    """What a file of this kind looks like."""
    if kind not in importable_by(request.user):
        raise PermissionDenied
    disposition = {"Content-Disposition": f'attachment; filename="{kind}-example.csv"'}
    return HttpResponse(example_of(kind), content_type="text/csv; charset=utf-8", headers=disposition)
