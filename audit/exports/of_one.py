"""The list of one object: a tab of its page, narrowed by parameters of its address and by the search for people."""

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import Model, QuerySet
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _

from audit.access import LABELS
from audit.exports.lists import Asked, ExportedList, FilterError, labelled_words
from audit.exports.resources import ListResource
from backoffice.permissions import may, visible

type Rows = Callable[[Any, Asked], QuerySet]  # of one object, as its page narrows them


class ExportedTab(ExportedList):
    """For whoever may export this very object, and see what the list says of others.

    `narrows` names what each parameter may be, in words; None: the rows know themselves, and raise Http404.
    """

    is_of_one = True

    def __init__(
        self,
        model: Any,
        name: str,
        title: Any,
        resource: type[ListResource],
        *,
        rows: Rows,
        view: str,
        narrows: Mapping[str, Mapping[str, Any] | None],
        sees_too: tuple[Any, ...],
    ) -> None:
        self.model, self.name, self.title, self.resource = model, name, title, resource
        self.asks, self.sees_too = (("export", model),), sees_too
        self._rows, self._view, self._narrows = rows, view, narrows

    def may_of(self, user: Any, target: Model) -> bool:
        return may(user, "export", target)

    def about(self, asked: Asked) -> Model:
        found = visible(asked.user, "view", self.model._default_manager.all()).filter(pk=asked.object_id).first()
        if found is None:
            raise Http404
        return found

    def shown(self, asked: Asked) -> QuerySet:
        for name, choices in self._narrows.items():
            wanted = asked.query.get(name, "")
            if wanted and choices is not None and wanted not in choices:
                raise FilterError(_("The list cannot be narrowed as the address asks. Choose on the page whom it shows."))
        return self._rows(self.about(asked), asked)

    def words(self, asked: Asked) -> str:
        labels: dict[str, Any] = {name: (title, {}) for name, title in LABELS.items()}
        labels |= {name: (LABELS[name], choices or {}) for name, choices in self._narrows.items()}
        return ", ".join(filter(None, (f"“{self.about(asked)}”", labelled_words(asked.query, labels))))

    def url(self, object_id: int | None) -> str:
        return reverse(self._view, args=[object_id])
