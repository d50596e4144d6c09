"""The lists that can leave as files. Each app registers its own, in the order in which they are offered.

What leaves is what the page shows to this person, with its filters and its order, as far as they may take it away. So a list
asks two things: the right to see it, and a right to export. Both are asked again when a file is made later, and when it is
fetched.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.functional import Promise
from django.utils.text import capfirst

from audit.access import PAGES, name_page
from audit.exports.resources import ListResource
from audit.exports.tables import Table
from backoffice.permissions import may_everywhere, may_somewhere, visible

PAGING = ("p", "before", "all", "e", "_facets", "_popup", "_to_field")  # which part of a list a page shows, and how


class FilterError(Exception):
    """The list cannot be narrowed to what the address asks for. The message is for the person."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who wants which part of a list."""

    user: Any
    query: QueryDict
    object_id: int | None = None

    @classmethod
    def on_page(cls, request: HttpRequest, object_id: int | None = None) -> "Asked":
        """What the page of this address shows, whichever part of it."""
        query = request.GET.copy()
        for name in PAGING:
            query.pop(name, None)
        return cls(request.user, query, object_id)

    def as_request(self) -> HttpRequest:
        """For pages that take their filters from one."""
        request = HttpRequest()
        request.method, request.GET, request.user = "GET", self.query, self.user  # type: ignore[assignment]
        return request


class ExportedList(ABC):
    """`name` stands in addresses, file names and the record, `title` on pages and in workbooks."""

    name: str
    title: str | Promise
    resource: type[ListResource]
    asks: tuple[tuple[str, type[Model]], ...]  # the rights to export it, each on one thing at least
    sees_too: tuple[type[Model], ...] = ()  # whoever may not see all of these, may not export what is on it of them
    row_right = ""  # what is asked of each row
    page = ""  # on the record; the name, unless a page has one already
    is_of_one = False  # the list of one object, whose number stands in the address

    def may(self, user: Any) -> bool:
        """May this person take away any of it? Decides about buttons and is asked first."""
        return self._sees_too(user) and all(may_somewhere(user, verb, model) for verb, model in self.asks)

    def may_all(self, user: Any) -> bool:
        """Whatever is on it, today and later? Who lost that may not fetch a file that was made with it."""
        return self._sees_too(user) and all(may_everywhere(user, verb, model) for verb, model in self.asks)

    def _sees_too(self, user: Any) -> bool:
        return all(may_everywhere(user, "view", model) for model in self.sees_too)

    @abstractmethod
    def shown(self, asked: Asked) -> QuerySet:
        """What the page would show to this person, in its order.

        Raises:
            FilterError: the address asks for nothing that the page offers.
        """

    def rows(self, asked: Asked) -> QuerySet:
        """As much of it as may leave. Raises what `shown` does."""
        return visible(asked.user, self.row_right, self.shown(asked)) if self.row_right else self.shown(asked)

    def about(self, asked: Asked) -> Model | None:
        """The object whose list it is, if it is one's.

        Raises:
            Http404: there is none that this person may see.
        """
        return None

    def words(self, asked: Asked) -> str:
        """The filters, for people."""
        return ", ".join(f"{name}: {value}" for name, value in asked.query.items() if value)

    def parameter(self, name: str) -> str:
        """What a parameter of the page's address is called; itself, if the list knows no word for it."""
        return name

    @abstractmethod
    def url(self, object_id: int | None) -> str:
        """Where the list is."""

    # -- for all of them --
    def admit(self, asked: Asked) -> Model | None:
        """Whoever may take this list, and no other. The object whose list it is.

        Raises:
            Http404: it is not there for this person.
            PermissionDenied: they may not export the list.
        """
        target = self.about(asked)
        if not (asked.user.is_staff and self.may(asked.user)) or (target is not None and not self.may_of(asked.user, target)):
            raise PermissionDenied
        return target

    def may_of(self, user: Any, target: Model) -> bool:
        """May this person take away the list of this very object?"""
        return True

    def table(self, rows: QuerySet) -> Table:
        return self.resource().table(rows, self.title)

    @property
    def route(self) -> str:
        return f"{self.name.replace('_', '-')}/" + ("<int:object_id>/" if self.is_of_one else "")

    @property
    def recorded_as(self) -> str:
        return self.page or self.name


_lists: dict[str, ExportedList] = {}


def register(*added: ExportedList) -> None:
    for each in added:
        _lists[each.name] = each
        if each.recorded_as not in PAGES:
            name_page(each.recorded_as, each.title)


def lists() -> Mapping[str, ExportedList]:
    return _lists


def parameter_of(page: str, name: str) -> str:
    """What a parameter is called, by the page on the record."""
    return next((each.parameter(name) for each in _lists.values() if each.recorded_as == page), name)


def exports_anything(user: Any) -> bool:
    return bool(user.is_staff) and any(each.may(user) for each in _lists.values())


def labelled_words(query: QueryDict, labels: Mapping[str, tuple[Any, Mapping[str, Any]]]) -> str:
    """Filters by what a page calls them: for each parameter its title, and the words for its values."""
    told = []
    for name in query:
        title, words = labels.get(name, (name, {}))
        if value := str(query[name]):
            told.append(f"{capfirst(str(title))}: {words.get(value, value)}")
    return ", ".join(told)
