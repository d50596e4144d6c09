"""Pages of very long lists: the count stops where nobody would turn pages any more."""

from django.core.paginator import Paginator
from django.utils.functional import cached_property

CAP = 10_000


class CappedPaginator(Paginator):
    """Counts at most `CAP` rows; a longer list is to be narrowed by a filter or a search."""

    @cached_property
    def count(self) -> int:
        return self.object_list.order_by()[:CAP].count()

    @property
    def is_capped(self) -> bool:
        return self.count == CAP
