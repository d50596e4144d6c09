"""The columns of this app's lists."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db.models import QuerySet
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from import_export.fields import Field

from audit.access import PAGES
from audit.exports.resources import ListResource, name_of
from audit.exports.widgets import Choice, Moment, Number, Text
from audit.models import AccessRecord


def kinds() -> Iterator[tuple[str, str]]:
    return ((model._meta.label_lower, capfirst(str(model._meta.verbose_name))) for model in apps.get_models())


class AccessRecordResource(ListResource):
    at = Field("at", _("Time (UTC)"), Moment())
    person = Field("person_name", _("Person"), Text())
    username = Field("user__username", _("Username"), Text())
    number = Field("user_id", _("Number of the person"), Number())
    kind = Field("kind", _("What was done"), Choice(lambda: AccessRecord.Kind.choices))
    page = Field("page", _("Page"), Choice(PAGES.items))
    model = Field("model", _("Kind of thing"), Choice(kinds))
    object_id = Field("object_id", _("Number"), Number())
    detail = Field("detail", _("Narrowed to"), Text())
    rows = Field("rows", _("Rows"), Number())

    def filter_export(self, queryset: QuerySet, **kwargs: Any) -> QuerySet:
        return queryset.annotate(person_name=name_of("user"))
