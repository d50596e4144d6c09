"""Filters that ask the policy."""

from typing import Any

from django.db.models import Field
from django.http import HttpRequest
from unfold.contrib.filters.admin import RelatedDropdownFilter

from backoffice.permissions import visible


class SeenDropdownFilter(RelatedDropdownFilter):
    """Offers what the person may see of the related list; the others would be named to them."""

    def field_choices(self, field: Field, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        related: Any = field.remote_field.model  # type: ignore[union-attr]
        rows = visible(request.user, "view", related._default_manager.complex_filter(field.get_limit_choices_to()))
        return [(row.pk, str(row)) for row in rows.order_by(*self.field_admin_ordering(field, request, model_admin))]
