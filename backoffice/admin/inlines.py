"""Inline rows that belong to their parent: whoever may change the parent may change them."""

from typing import Any

from django.db.models import Model
from django.http import HttpRequest

# On one page, in one save. Django takes two thousand, and a page that shows so many takes minutes.
MOST_ROWS = 100


class FewRowsMixin:
    """More rows than a page can show are refused, however many were posted."""

    max_num = MOST_ROWS

    def get_formset(self, request: HttpRequest, obj: Model | None = None, **kwargs: Any) -> Any:
        return super().get_formset(request, obj, **kwargs | {"absolute_max": MOST_ROWS})


class PartOfParentMixin(FewRowsMixin):
    admin_site: Any
    parent_model: type[Model]

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._parent(request, obj, "view")

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._parent(request, obj, "change")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._parent(request, obj, "change")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._parent(request, obj, "change")

    def _parent(self, request: HttpRequest, obj: Model | None, verb: str) -> bool:
        parent = self.admin_site.get_model_admin(self.parent_model)
        return parent.has_add_permission(request) if obj is None else getattr(parent, f"has_{verb}_permission")(request, obj)
