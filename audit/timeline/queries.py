"""A page of the timeline: the newest entries that fit, whatever the size of the trail."""

from dataclasses import dataclass

from audit.models import Entry
from audit.timeline.criteria import NEWEST_FIRST, Criteria, Place, telling
from audit.timeline.search import found
from audit.timeline.things import ids_of_things

PER_PAGE = 25
MOST_UNATTRIBUTED = 100  # counted exactly up to here


@dataclass(frozen=True, slots=True)
class Page:
    entries: list[Entry]
    are_all_things: bool = True  # those that the words were found in; there may be more than a search goes through


def page_of(criteria: Criteria, before: Place | None = None, *, limit: int = PER_PAGE + 1) -> Page:
    """The newest `limit` entries, older than `before` if given."""
    sought, are_all = criteria.sought(), True
    if criteria.thing is not None:
        model, pk = criteria.thing
        ids = ids_of_things({model: [pk]}, criteria, before, limit)
    elif sought is not None:
        named = found(criteria)
        are_all = named.are_all
        ids = set(telling(criteria.entries(before), sought).values_list("pk", flat=True)[:limit])
        ids |= ids_of_things(named.things, criteria, before, limit)
    else:
        return Page(list(criteria.entries(before)[:limit]))
    return Page(list(Entry.objects.filter(pk__in=ids).order_by(*NEWEST_FIRST)[:limit]), are_all)


def newest(criteria: Criteria, before: Place | None = None, *, limit: int = PER_PAGE + 1) -> list[Entry]:
    return page_of(criteria, before, limit=limit).entries


def unattributed(criteria: Criteria) -> tuple[int, Entry | None]:
    """How many writes have no person, at most `MOST_UNATTRIBUTED` and one; and the newest of them."""
    entries = list(Criteria(source="", since=criteria.since, until=criteria.until).entries()[: MOST_UNATTRIBUTED + 1])
    return len(entries), entries[0] if entries else None
