"""The list of a kind of things: exactly the rows of its page, which its own change list finds."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin.exceptions import DisallowedModelAdminLookup, DisallowedModelAdminToField
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ORDER_VAR, SEARCH_VAR, ChangeList, ChangeListSearchForm
from django.core.exceptions import FieldDoesNotExist
from django.db.models import BooleanField, Model, QuerySet
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from audit.exports.lists import Asked, ExportedList, FilterError
from audit.exports.resources import ListResource
from backoffice.permissions import visible

REFUSED = (IncorrectLookupParameters, DisallowedModelAdminLookup, DisallowedModelAdminToField)


class ExportedChangeList(ExportedList):
    """`right` is asked of each row. It allows seeing the row too, as every right does."""

    def __init__(
        self,
        model: type[Model],
        name: str,
        title: Any,
        resource: type[ListResource],
        *,
        right: str = "export",
        sees_too: tuple[Any, ...] = (),
    ) -> None:
        self.model, self.name, self.title, self.resource = model, name, title, resource
        self.asks, self.row_right, self.sees_too = ((right, model),), right, sees_too

    def shown(self, asked: Asked) -> QuerySet:
        return self.change_list(asked).queryset

    def change_list(self, asked: Asked) -> ChangeList:
        """The one that its page would draw, for whoever may."""
        request = asked.as_request()
        if not ChangeListSearchForm(request.GET).is_valid():
            raise FilterError(_("The words in the search box cannot be looked for. Type them again."))
        try:
            return self._admin().get_changelist_instance(request)
        except REFUSED as error:
            raise FilterError(_("The list cannot be narrowed as the address asks. Choose the filters on the page again.")) from error

    def words(self, asked: Asked) -> str:
        return ", ".join(self._words(asked, self.change_list(asked)))

    def parameter(self, name: str) -> str:
        try:
            field: Any = self.model._meta.get_field(name.partition("__")[0])
        except FieldDoesNotExist:
            return name
        return capfirst(str(field.verbose_name))

    def url(self, object_id: int | None) -> str:
        return self._admin().own_url("changelist")

    def _admin(self) -> Any:
        return admin.site.get_model_admin(self.model)

    def _words(self, asked: Asked, found: ChangeList) -> Iterator[str]:
        if found.query:
            yield _("Search: %s") % found.query
        told = {SEARCH_VAR, ORDER_VAR}
        for spec in found.filter_specs:
            for name in (name for name in spec.expected_parameters() if name and name in asked.query):
                told.add(name)
                yield f"{capfirst(str(spec.title))}: {', '.join(_word(spec, value, asked.user) for value in asked.query.getlist(name))}"
        yield from (f"{name}: {value}" for name, value in asked.query.items() if name not in told)
        if ORDER_VAR in asked.query:
            yield _("ordered by hand")


def _word(spec: Any, value: str, user: Any) -> str:
    """What the filter calls one of its values. What the person may not see is not named."""
    field = getattr(spec, "field", None)
    if field is None:
        return str(dict(spec.lookup_choices).get(value, value))
    if isinstance(field, BooleanField):
        return _("Yes") if value == "1" else _("No")
    if field.remote_field and value.isdecimal():
        chosen = visible(user, "view", field.remote_field.model._default_manager.all()).filter(pk=value).first()
        return str(chosen or value)
    return str(dict(field.flatchoices).get(value, value))
