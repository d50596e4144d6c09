"""Who looked at evidence and who took it away is recorded before it is shown: the one write that a GET may make."""

import logging
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.models import AccessRecord

LONGEST_PAGE, LONGEST_DETAIL = 64, 2000
# What the pages are called on the list of accesses. Another app adds its own by `name_page`.
PAGES: Final = {
    "timeline": gettext_lazy("Timeline"),
    "history": gettext_lazy("History"),
    "compare": gettext_lazy("Two versions compared"),
    "as of": gettext_lazy("As it was"),
    "seals": gettext_lazy("Seals"),
    "access records": gettext_lazy("Who looked"),
    "access review": gettext_lazy("Who may do what"),
}
# What the other pages of evidence are narrowed by.
LABELS: Final = {
    "q": gettext_lazy("Name"),
    "verb": gettext_lazy("May"),
    "kind": gettext_lazy("Kind"),
    "page": gettext_lazy("Page"),
    "at": gettext_lazy("Moment"),
    "p": gettext_lazy("Page number"),
    "only": gettext_lazy("Only"),
    "o": gettext_lazy("Order"),
    "state": gettext_lazy("State"),
    "change": gettext_lazy("Told of change"),
}
logger = logging.getLogger(__name__)


class UnrecordedError(PermissionDenied):
    """The access could not be recorded, so nothing is shown."""


def name_page(page: str, title: Any) -> None:
    PAGES[page] = title


def record_view(request: HttpRequest, *, page: str, model: str = "", object_id: int | None = None) -> None:
    """Called by a page of evidence once it has found its object and asked every permission, before it answers.

    Raises:
        UnrecordedError: nothing may be shown.
    """
    if request.method != "GET":  # HEAD shows nothing, and what is posted is on record by what it does
        return
    detail = request.GET.urlencode()
    _record(user=request.user, kind=AccessRecord.Kind.VIEW, page=page, model=model, object_id=object_id, detail=detail)


def record_export(user: Any, *, page: str, detail: str, rows: int | None, model: str = "", object_id: int | None = None) -> None:
    """Called before the first byte leaves. `detail`: the format and the filters; `rows`: how many will leave."""
    _record(user=user, kind=AccessRecord.Kind.EXPORT, page=page, model=model, object_id=object_id, detail=detail, rows=rows)


def _record(*, page: str, detail: str, **fields: Any) -> None:
    try:
        with transaction.atomic():
            AccessRecord(page=page[:LONGEST_PAGE], detail=detail[:LONGEST_DETAIL], **fields).save()
    except DatabaseError as error:
        logger.exception("An access to %s could not be recorded.", page)
        raise UnrecordedError(
            _("This page shows evidence only when it can record who looked, and it cannot now. Try again later.")
        ) from error
