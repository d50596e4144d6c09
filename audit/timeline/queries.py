"""A page of the timeline: the newest entries that fit, whatever the size of the trail."""

from audit.models import Entry
from audit.timeline.criteria import NEWEST_FIRST, Criteria, Place, telling
from audit.timeline.things import found, ids_of_things

PER_PAGE = 25
MOST_UNATTRIBUTED = 100  # counted exactly up to here


def newest(criteria: Criteria, before: Place | None = None, *, limit: int = PER_PAGE + 1) -> list[Entry]:
    """The newest `limit` entries, older than `before` if given."""
    sought = criteria.sought()
    if criteria.thing is not None:
        model, pk = criteria.thing
        ids = ids_of_things({model: [pk]}, criteria, before, limit)
    elif sought is not None:
        ids = set(telling(criteria.entries(before), sought).values_list("pk", flat=True)[:limit])
        ids |= ids_of_things(found(sought), criteria, before, limit)
    else:
        return list(criteria.entries(before)[:limit])
    return list(Entry.objects.filter(pk__in=ids).order_by(*NEWEST_FIRST)[:limit])


def unattributed(criteria: Criteria) -> tuple[int, Entry | None]:
    """How many writes have no person, at most `MOST_UNATTRIBUTED` and one; and the newest of them."""
    entries = list(Criteria(source="", since=criteria.since, until=criteria.until).entries()[: MOST_UNATTRIBUTED + 1])
    return len(entries), entries[0] if entries else None
