"""Noting who looks at evidence and who takes it away. Evidence that cannot be noted is not shown."""

from typing import Any

from django.http import HttpRequest

from audit.models import AccessRecord


def record_view(request: HttpRequest, *, page: str, model: str = "", object_id: int | None = None) -> None:
    """Note that a page of evidence is about to be shown: `page` names it ("timeline"), `model` and `object_id` what it is about."""
    if request.method == "GET":
        AccessRecord.objects.create(
            user=request.user, kind=AccessRecord.Kind.VIEW, page=page, model=model, object_id=object_id, detail=request.GET.urlencode()
        )


def record_export(user: Any, *, page: str, detail: str, rows: int) -> None:
    """Note an export, before its first byte leaves; `detail` is its format and what it was narrowed to."""
    AccessRecord.objects.create(user=user, kind=AccessRecord.Kind.EXPORT, page=page, detail=detail, rows=rows)
