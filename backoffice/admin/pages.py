"""The pages of an object beside its form: their names and addresses, and who finds the object there."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model
from django.http import Http404, HttpRequest
from django.urls import reverse

from backoffice.permissions import visible


class OwnPagesMixin:
    admin_site: Any
    model: type[Model]
    opts: Any

    def view_name(self, name: str) -> str:
        return f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_{name}"

    def own_url(self, name: str, *args: Any) -> str:
        return reverse(self.view_name(name), args=args)

    def own_page(self, view: Any) -> Any:
        """A function `view(admin, request, …)` as a page of this admin, for those who are signed in to it."""
        return self.admin_site.admin_view(lambda request, *args, **kwargs: view(self, request, *args, **kwargs))

    def object_or_404(self, request: HttpRequest, object_id: Any, *, rows: Any = None) -> Model:
        """The object if this person may see it. Whether it exists is not revealed otherwise."""
        rows = visible(request.user, "view", self.model._default_manager.all() if rows is None else rows)
        try:
            found = rows.filter(pk=object_id).first()
        except (ValueError, ValidationError):
            found = None
        if found is None:
            raise Http404
        return found

    def require(self, request: HttpRequest, verb: str, obj: Model) -> None:
        if not getattr(self, f"has_{verb}_permission")(request, obj):
            raise PermissionDenied
