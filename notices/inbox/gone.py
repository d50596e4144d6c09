"""What a link answers when its notice is not on show for the person who followed it.

Those who had the notice learn what became of it and what they did with it. Its words stay away,
the title too: a withdrawn notice can be edited, and the new words are nobody's yet. Everyone
else gets the answer that an unknown number gets.
"""

from django.http import HttpRequest, HttpResponse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from backoffice import clock
from notices.inbox import queries
from notices.inbox.pages import not_found, render_page
from notices.inbox.wording import Moment
from notices.models import Notice

GONE, NOT_NOW = 410, 404


def not_on_show(request: HttpRequest, notice_id: int) -> HttpResponse:
    notice = Notice.all_objects.defer("search_vector", "content").filter(pk=notice_id).first()
    if notice is None:
        return not_found(request)
    readings = queries.readings(request.user, notice.pk)
    if not readings and not queries.was_told(request.user, notice):
        return not_found(request)
    status, what_happened = _what_happened(notice)
    acknowledged = next((Moment.of(r.acknowledged_at) for r in readings if r.acknowledged_at), None)
    context = {
        "what_happened": what_happened,
        "opened": Moment.of(readings[-1].read_at) if readings else None,
        "acknowledged": acknowledged,
        "closed": None if acknowledged else _closed(request, notice),
    }
    return render_page(request, "inbox/gone.html", context, status=status)


def _closed(request: HttpRequest, notice: Notice) -> Moment | None:
    """Since when nothing more is asked of this person."""
    moment = queries.closed_at(request.user, notice)
    return Moment.of(moment) if moment else None


def _what_happened(notice: Notice) -> tuple[int, str]:
    if notice.withdrawn_at and notice.status != Notice.Status.PUBLISHED:
        return GONE, _("This notice was withdrawn on %(moment)s.") % {"moment": Moment.of(notice.withdrawn_at).exact}
    if notice.end_date and notice.is_expired:
        return GONE, _("This notice ended on %(day)s.") % {"day": date_format(notice.end_date)}
    if notice.status != Notice.Status.PUBLISHED or notice.is_deleted:
        return NOT_NOW, _("This notice is not on show at the moment.")
    if notice.start_date > clock.today():
        return NOT_NOW, _("This notice will be on show from %(day)s.") % {"day": date_format(notice.start_date)}
    return NOT_NOW, _("This notice is no longer addressed to you.")
