"""Everything that fits the filters of the timeline, not only a page of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Q, QuerySet

from audit.models import Entry
from audit.timeline.criteria import Criteria, telling
from audit.timeline.search import found
from audit.triggers.recording import audited_models, history_of


def selected(criteria: Criteria) -> QuerySet[Entry]:
    """The entries that the timeline shows for `criteria`, newest first."""
    entries, sought = criteria.entries(), criteria.sought()
    if criteria.thing is not None:
        model, pk = criteria.thing
        entries = entries.filter(_about({model: [pk]}))
        return entries if sought is None else telling(entries, sought)
    if sought is None:
        return entries
    told = telling(Entry.objects.all(), sought).values("pk")
    return entries.filter(Q(pk__in=told) | _about(found(criteria).things))


def _about(things: Mapping[Any, Sequence[int]]) -> Q:
    """Entries with a row of the things, or of what belongs to them."""
    about = Q(pk__in=())
    for model in audited_models():
        history = history_of(model)
        for name in (model._meta.pk.name, *history.part_of):
            field = model._meta.get_field(name)
            target = field.remote_field.model if field.is_relation else model
            if target in things:
                rows = history._default_manager.filter(**{f"{name}__in": list(things[target])})
                about |= Q(pk__in=rows.order_by().values("history_entry"))
    return about
