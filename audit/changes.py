"""The values of fields in words."""

from datetime import date, datetime
from typing import Any

from django.db.models import Model
from django.utils.formats import date_format
from django.utils.html import strip_tags
from django.utils.text import Truncator
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

LONGEST_VALUE = 300
type Related = dict[tuple[str, Any], Model]  # by field and primary key


def readable(row: Any, field: Any, related: Related | None = None) -> str:
    """The value of a model field as a person would write it, shortened. `related` is what it may refer to, if that was read before."""
    if field.choices:
        value = dict(field.flatchoices).get(getattr(row, field.attname), "")
    elif field.is_relation:
        pk = getattr(row, field.attname)
        if related is None:
            value = field.remote_field.model._base_manager.filter(pk=pk).first() if pk is not None else ""
        else:
            value = related.get((field.name, pk), "")
    else:
        value = getattr(row, field.attname)
    if isinstance(value, datetime):
        return f"{date_format(localtime(value), 'DATETIME_FORMAT')} {localtime(value).tzname()}"
    if isinstance(value, date):
        return date_format(value, "DATE_FORMAT")
    if value is True or value is False:
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return Truncator(strip_tags(str(value if value is not None else ""))).chars(LONGEST_VALUE)
