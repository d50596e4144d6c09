"""Filters that ask the policy: what the person may not see is not named to them."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Field
from django.http import HttpRequest
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RelatedDropdownFilter

from backoffice.permissions import visible


def _seen(request: HttpRequest, field: Any) -> Any:
    related = field.remote_field.model
    return visible(request.user, "view", related._default_manager.complex_filter(field.get_limit_choices_to()))


class SeenDropdownFilter(RelatedDropdownFilter):
    """All of a short list."""

    def field_choices(self, field: Field, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        rows = _seen(request, field).order_by(*self.field_admin_ordering(field, request, model_admin))
        return [(row.pk, str(row)) for row in rows]


class SeenAutocompleteFilter(AutocompleteSelectFilter):
    """For a long list: nothing is read before it is looked for. What was chosen is named only if it may be seen."""

    def choices(self, changelist: Any) -> Iterator:
        for choice in super().choices(changelist):
            for chosen in choice["form"].fields.values():
                chosen.queryset = _seen(self.request, self.field)
            yield choice
