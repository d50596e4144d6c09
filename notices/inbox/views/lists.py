"""The list: unread first, newest first, narrowed by filters and words."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from django.http import HttpRequest, HttpResponse
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from backoffice.richtext import plain_text
from notices.inbox import queries
from notices.inbox.filters import Filters, Show, read_cursor
from notices.inbox.pages import render_page
from notices.inbox.wording import Due, Moment
from notices.models import Category, Notice
from notices.repositories import InboxCursor

EXCERPT = 140  # characters


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list. `heading` opens a new group of lines, else it is empty."""

    notice: Notice
    published: Moment
    due: Due | None
    excerpt: str
    heading: str


@dataclass(frozen=True, slots=True)
class Choice:
    label: str
    url: str
    is_current: bool
    name: str = ""
    colour: str = ""


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    categories = {category.pk: category for category in Category.objects.all()}
    filters = Filters.of(request.GET, categories)
    after = read_cursor(request.GET.get("after", ""))
    page = queries.page(request.user, filters, after=after)
    context = {
        "filters": filters,
        "heading": _heading(filters),
        "narrowed_by": _narrowed_by(filters),
        "rows": list(_rows(page.notices, categories, after)),
        "shows": [Choice(str(show.label), filters.url(show=show.value), show == filters.show, show.value) for show in Show],
        "categories": list(_category_choices(filters, categories.values())),
        "is_later_page": after is not None,
        "first_url": filters.url(),
        "clear_url": Filters().url(),
        "more_url": filters.url(after=page.next) if page.next else "",
    }
    return render_page(request, "inbox/index.html", context)


def _heading(filters: Filters) -> str:
    if filters.query:
        return _("Results for “%(words)s”") % {"words": filters.query}
    if filters.show != Show.ALL:
        return str(Show(filters.show).label)
    return str(filters.category or _("Inbox"))


def _narrowed_by(filters: Filters) -> str:
    """The filters that the heading does not name."""
    show = Show(filters.show).label if filters.query and filters.show != Show.ALL else None
    category = filters.category if filters.query or filters.show != Show.ALL else None
    return " · ".join(str(name) for name in (show, category) if name)


def _rows(notices: Iterable[Notice], categories: dict[int, Category], after: InboxCursor | None) -> Iterator[Row]:
    group = after.was_read if after else None
    for notice in notices:
        notice.category = categories.get(notice.category_id or 0)
        heading = "" if notice.was_read == group else _("Read") if notice.was_read else _("Unread")
        group = notice.was_read
        excerpt = Truncator(" ".join(plain_text(notice.content).split())).chars(EXCERPT)
        yield Row(notice, Moment.of(cast("datetime", notice.published_at)), Due.of(notice, notice.acknowledged_at), excerpt, heading)


def _category_choices(filters: Filters, categories: Iterable[Category]) -> Iterator[Choice]:
    yield Choice(_("All categories"), filters.url(category=None), filters.category is None)
    for category in categories:
        yield Choice(category.name, filters.url(category=category), filters.category == category, colour=category.colour)
