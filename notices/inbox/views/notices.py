"""One notice: its page, and the acts of its reader. Only the acts change anything, and only by POST."""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import wraps
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from notices.downloads import download
from notices.exceptions import NoticeError, StaleNotice
from notices.inbox import queries
from notices.inbox.gone import not_on_show
from notices.inbox.pages import not_found, render_page
from notices.inbox.wording import Due, Moment
from notices.models import Notice, ReadAcknowledgment
from notices.rendering import render
from notices.repositories import NoticeRepository
from notices.services import NoticeService

MOST_CHANGES = 5
LONGEST_NUMBER = 9  # digits; more would not fit the column


def for_its_reader(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Give `view` the notice if it is on show for this person; else answer what may be said."""

    @wraps(view)
    def wrapper(request: HttpRequest, notice_id: int, **arguments: Any) -> HttpResponseBase:
        found = queries.on_show(request.user, notice_id)
        if found is None:
            return not_on_show(request, notice_id)
        try:
            return view(request, found, **arguments)
        except PermissionDenied:  # taken off show in this very moment
            return not_on_show(request, notice_id)

    return wrapper


@require_safe
@for_its_reader
def notice(request: HttpRequest, notice: Notice) -> HttpResponse:
    readings = queries.readings(request.user, notice.pk)
    acknowledged_at = next((r.acknowledged_at for r in readings if r.revision == notice.revision), None)
    context = {
        "notice": notice,
        "content": render(notice).html,
        "attachments": notice.attachments.order_by("pk"),
        "published": Moment.of(cast("datetime", notice.published_at)),
        "due": Due.of(notice, acknowledged_at),
        "acknowledged": Moment.of(acknowledged_at) if acknowledged_at else None,
        "changes": [(Moment.of(change.decided_at), change.reason) for change in _changes(notice)],
        "acknowledged_before": _acknowledged_before(notice, readings),
    }
    return render_page(request, "inbox/notice.html", context)


def _changes(notice: Notice) -> Iterable[Any]:
    """What its readers are told of; a typo is none of that."""
    return NoticeRepository.told_changes(notice)[:MOST_CHANGES]


def _acknowledged_before(notice: Notice, readings: list[ReadAcknowledgment]) -> Moment | None:
    """When the person last acknowledged a revision that is not the current one."""
    earlier = (r.acknowledged_at for r in readings if r.acknowledged_at and r.revision < notice.revision)
    moment = next(earlier, None)
    return Moment.of(moment) if moment else None


@require_POST
@for_its_reader
def opened(request: HttpRequest, notice: Notice) -> HttpResponse:
    """Sent by the page once it is in sight, or by its button where scripts do not run."""
    by_script = request.headers.get("X-Requested-With") == "fetch"
    try:
        NoticeService.mark_as_read(notice, request.user, revision=_shown_revision(request))
    except StaleNotice as error:
        if by_script:
            return HttpResponse(status=409)
        messages.error(request, str(error))
    if not by_script:
        return redirect("inbox:notice", notice.pk)
    return HttpResponse(status=204, headers={"X-Unread-Count": NoticeService.get_unread_count(request.user)})


@require_POST
@for_its_reader
def acknowledge(request: HttpRequest, notice: Notice) -> HttpResponse:
    try:
        NoticeService.acknowledge(notice, request.user, revision=_shown_revision(request))
    except NoticeError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Thank you. Your acknowledgement is recorded."))
    return redirect("inbox:notice", notice.pk)


def _shown_revision(request: HttpRequest) -> int:
    """The revision that the page showed; 0, which none has, if the form does not say."""
    text = request.POST.get("revision", "")
    return int(text) if text.isdecimal() and len(text) <= LONGEST_NUMBER else 0


@require_POST
@for_its_reader
def favourite(request: HttpRequest, notice: Notice) -> HttpResponse:
    """Set it to what the button said, so that pressing twice in haste is harmless."""
    NoticeService.set_favourite(notice, request.user, favourite=request.POST.get("favourite") == "1")
    if request.headers.get("X-Requested-With") == "fetch":
        return HttpResponse(status=204)
    target = request.POST.get("next", "")
    # A path of ours; `redirect` would take a bare word for the name of a page, and fail.
    if target.startswith("/") and url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        return HttpResponseRedirect(target)
    return redirect("inbox:notice", notice.pk)


@require_safe
@for_its_reader
def attachment(request: HttpRequest, notice: Notice, attachment_id: int) -> HttpResponseBase:
    file = notice.attachments.filter(pk=attachment_id).first()
    answer = download(file) if file is not None else None
    return answer or not_found(request)
