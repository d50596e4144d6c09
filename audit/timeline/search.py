"""Things that have words in their name, or once had them."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.search import SearchQuery
from django.db.models import QuerySet, Value

from audit.models.fields import words
from audit.timeline.criteria import Criteria
from audit.timeline.things import Things
from audit.triggers.recording import audited_models, history_of

MOST_FOUND = 50  # things whose entries a search shows
MOST_READ = 1_000  # versions that are looked through for each kind of thing


@dataclass(frozen=True, slots=True)
class Found:
    things: Things
    are_all: bool = True  # else there are more than are looked at


def found(criteria: Criteria) -> Found:
    """At most `MOST_FOUND`, those first that have the words as whole ones.

    In an index of words, a beginning costs as much as all names that have it, a whole word almost nothing. So
    beginnings are looked for only as long as there is room.
    """
    things: dict[Any, list[int]] = {}
    for sought in criteria.sought_by_degrees():
        are_all = True
        for model, versions in _versions(sought).items():
            fresh = sorted(set(versions).difference(things.get(model, ())), reverse=True)
            room = MOST_FOUND - sum(map(len, things.values()))
            things[model] = [*things.get(model, ()), *fresh[:room]]
            are_all = are_all and len(fresh) <= room and len(versions) < MOST_READ
        if not are_all:
            return Found(things, are_all=False)
    return Found(things)


def _versions(sought: SearchQuery) -> Mapping[Any, list[int]]:
    """Of each kind the things whose versions fit, as often as they do, but at most `MOST_READ`."""
    searched = [model for model in audited_models() if history_of(model).searched]
    versions: dict[Any, list[int]] = defaultdict(list)
    if searched:
        first, *others = (_versions_of(model, number, sought) for number, model in enumerate(searched))
        for number, pk in first.union(*others, all=True).order_by():
            versions[searched[number]].append(pk)
    return versions


def _versions_of(model: Any, number: int, sought: SearchQuery) -> QuerySet:
    history = history_of(model)
    rows = history._default_manager.alias(names=words(*history.searched)).filter(names=sought).order_by()
    return rows.values_list(Value(number), model._meta.pk.name)[:MOST_READ]
