"""Pages of very long lists: the count stops where nobody would turn pages any more."""

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

CAP = 10_000
PER_PAGE = 25
LONGEST_SEARCH = 100  # characters


class CappedPaginator(Paginator):
    """Counts at most `CAP` rows; a longer list is to be narrowed by a filter or a search."""

    @cached_property
    def count(self) -> int:
        return self.object_list.order_by()[:CAP].count()


def page_of(request: HttpRequest, rows: QuerySet) -> Page:
    """The page of `rows` that the address asks for; the nearest one if it asks for none that exists."""
    return CappedPaginator(rows, PER_PAGE).get_page(request.GET.get("p"))


def words_sought(request: HttpRequest) -> str:
    """What was typed into the search box."""
    return request.GET.get("q", "")[:LONGEST_SEARCH]
