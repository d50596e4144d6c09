"""What belongs to an object: the rows of other models whose history points to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import admin

from audit.records import BOOKKEEPING
from audit.triggers.recording import audited_models, history_of
from backoffice.permissions import may_everywhere

UNINTERESTING = BOOKKEEPING | {"created_at", "created_by"}


@dataclass(frozen=True, slots=True)
class Branch:
    """The rows of `model` that belong to an object by the foreign key `field`."""

    model: Any
    field: Any

    @property
    def history(self) -> Any:
        return history_of(self.model)

    @property
    def owner_is_first(self) -> bool:
        """The entries of its rows name the object as what they belong to."""
        return self.history.part_of[0] == self.field.name

    @property
    def shown(self) -> list[Any]:
        """The fields that tell the rows of one object apart, the name first."""
        history = self.history
        fields = [f for f in history.tracked_fields if not f.primary_key and f.name != self.field.name and f.name not in UNINTERESTING]
        if history.shown:
            return sorted((f for f in fields if f.name in history.shown), key=lambda f: history.shown.index(f.name))
        return sorted(fields, key=lambda f: f.name not in history.part_of)

    def others(self) -> Sequence[Any]:
        """The models of the other things that its rows belong to."""
        return [self.model._meta.get_field(name).remote_field.model for name in self.history.part_of if name != self.field.name]


def branches_of(model: Any, *, reader: Any, by_readers: bool = False) -> list[Branch]:
    """What `reader` may see of what belongs to an object of `model`: not whom it names where people may not be seen."""
    found = [
        Branch(child, field)
        for child in audited_models()
        for field in (child._meta.get_field(name) for name in history_of(child).part_of)
        if field.remote_field.model is model and (by_readers or not history_of(child).by_readers)
    ]
    return [branch for branch in found if all(_may_be_named(other, reader) for other in branch.others())]


def _may_be_named(model: Any, reader: Any) -> bool:
    return not admin.site.is_registered(model) or may_everywhere(reader, "view", model) or reader.has_perm("audit.view_entry")
