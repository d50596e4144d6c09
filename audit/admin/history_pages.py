"""The pages of an object's history: what happened, two versions side by side, and how it was at a moment. They only show."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.access import record_view
from audit.admin.subject import Subject, cursor_in, cursor_of, exactly, moment_in, point_of, versions_named
from audit.object_history.comparing import compare
from audit.object_history.lines import lines_of, newest_number
from audit.object_history.points import Point, row_at, rows_of
from audit.object_history.states import state_at
from audit.pages.review import review_url
from backoffice import clock
from backoffice.admin.paginator import PER_PAGE


def refuse_unless_read(request: HttpRequest) -> None:
    """simple-history's own page writes on POST; nothing can be posted to ours."""
    if request.method not in {"GET", "HEAD"}:
        raise PermissionDenied


def history_page(request: HttpRequest, subject: Subject) -> HttpResponse:
    with_readers = "readers" in request.GET
    branches = subject.branches_and_readers if with_readers else subject.branches
    start = cursor_in(request)
    lines = lines_of(subject.model, subject.pk, branches, before=start, limit=PER_PAGE + 1, reader=subject.reader)
    shown, more = lines[:PER_PAGE], len(lines) > PER_PAGE
    to_compare = [line.point for line in shown if not line.is_by_readers]
    context = {
        "lines": shown,
        "first": to_compare[0] if to_compare else None,
        "second": to_compare[1] if len(to_compare) > 1 else None,
        "older": cursor_of(shown[-1].point) if more else "",
        "is_newest": "before" not in request.GET,
        "with_readers": with_readers,
        "now": timezone.localtime(clock.now()),
        "zone": timezone.get_current_timezone_name(),
        "review_url": review_url(request.user, subject.living) if subject.living is not None else "",
    }
    return _page(request, subject, "history", "audit/history.html", context)


def compare_page(request: HttpRequest, subject: Subject) -> HttpResponse:
    rows = versions_named(request, subject, ("old", "new"))
    old, new = sorted(point_of(row) for row in rows)
    by_point = {point_of(row): row for row in rows}
    context = {
        "old": _version(by_point[old]),
        "new": _version(by_point[new]),
        "comparison": compare(subject.model, subject.pk, subject.branches, old, new, reader=subject.reader),
    }
    return _page(request, subject, "compare", "audit/compare.html", context)


def as_of_page(request: HttpRequest, subject: Subject, *, template: str = "audit/as_of.html", more: Any = None) -> HttpResponse:
    """`more(state)` is what a kind of object adds to the page."""
    try:
        point, problem = _point_asked(request, subject), ""
    except ValidationError as error:
        point, problem = None, " ".join(error.messages)
    state = state_at(subject.model, subject.pk, subject.branches, point, reader=subject.reader) if point else None
    context = {
        "state": state,
        "point": point,
        "exactly": exactly(point.at) if point else "",
        "problem": problem,
        "absence": _absence(subject, point) if point and state is None else "",
        "number": newest_number(subject.model, subject.pk, subject.branches, point) if point and state else None,
        "asked": request.GET.get("at", "")[:32] or (f"{timezone.localtime(point.at):%Y-%m-%dT%H:%M:%S}" if point else ""),
        "zone": timezone.get_current_timezone_name(),
    }
    return _page(request, subject, "as of", template, context | (more(state) if more and state else {}))


def _point_asked(request: HttpRequest, subject: Subject) -> Point:
    """A version by its number, or a moment; else now."""
    if number := request.GET.get("version", ""):
        return point_of(subject.row_or_404(number))
    text = request.GET.get("at", "")
    return Point(moment_in(text) if text else clock.now())


def _absence(subject: Subject, point: Point) -> str:
    """Why there is nothing to show, in a sentence."""
    row = row_at(subject.model, subject.pk, point)
    if row is not None:
        return _("It was gone by then: %(person)s destroyed it on %(moment)s.") % {
            "person": row.history_user or _("the system"),
            "moment": exactly(row.history_date),
        }
    first = rows_of(subject.model, subject.pk).last()
    if first is None:
        return _("Nothing has been recorded yet.")
    return _("It did not exist yet: it was created on %(moment)s.") % {"moment": exactly(first.history_date)}


def _version(row: Any) -> dict[str, Any]:
    return {
        "number": row.history_id,
        "at": row.history_date,
        "exactly": exactly(row.history_date),
        "who": row.history_user or _("the system"),
        "reason": row.history_change_reason or "",
    }


def _page(request: HttpRequest, subject: Subject, page: str, template: str, context: dict[str, Any]) -> HttpResponse:
    record_view(request, page=page, model=subject.model._meta.label_lower, object_id=subject.pk)
    own = {"title": subject.title, "subject": subject, "base": subject.base, "head_template": subject.head}
    return TemplateResponse(request, template, subject.context | own | context)
