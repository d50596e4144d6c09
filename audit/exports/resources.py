"""The columns of a list, declared once by a resource of import-export: in order, with headings and widgets.

Of import-export only the declaration is used. Its own export reads every row into Python, and guards against formulas by
taking a “=” away; here the change list's own rows become one SELECT, and PostgreSQL writes the file.
"""

from typing import Any

from django.conf import settings
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Coalesce, Concat, NullIf, Trim
from django.utils import translation
from import_export.fields import Field
from import_export.resources import Resource

from audit.exports.cells import Column
from audit.exports.tables import Select, Table, select_of
from audit.exports.widgets import Cell, Text


class ListResource(Resource):
    """A field's `attribute` is a path from the row, or what `filter_export` annotates. Widgets are those of `exports.widgets`."""

    def table(self, rows: QuerySet, title: Any) -> Table:
        """In the language of the installation, whoever asks: the same rows give the same bytes."""
        with translation.override(settings.LANGUAGE_CODE):
            columns = [self._column(field, f'r."c{place}"') for place, field in enumerate(self.get_export_fields())]
            sql, parameters = self.select(rows)
            # PostgreSQL keeps the order of the inner SELECT: what is around it only says how to write each value.
            written = f"SELECT {', '.join(column.sql for column in columns)} FROM ({sql}) r"
            values = (*(value for column in columns for value in column.parameters), *parameters)
            return Table(str(title), tuple(columns), written, values)

    def select(self, rows: QuerySet) -> Select:
        """The stored values: `c0`, `c1`, … as the fields stand, in the order of `rows`."""
        paths = {f"c{place}": F(field.attribute) for place, field in enumerate(self.get_export_fields())}
        # With the key, rows that look alike stay two where the filters have asked for distinct ones.
        return select_of(self.filter_export(rows).annotate(**paths).values(*paths, "pk"))

    def counted(self, rows: QuerySet) -> Select:
        """As many rows as the file will have."""
        return select_of(rows.order_by().values("pk"))

    @staticmethod
    def _column(field: Field, value: str) -> Column:
        widget = field.widget if isinstance(field.widget, Cell) else Text()
        sql, parameters = widget.sql(value)
        return Column(str(field.column_name), sql, parameters, widget.is_number)


def name_of(person: str = "") -> Coalesce:
    """What a person is called, by the path to them."""
    path = f"{person}__" if person else ""
    full_name = Trim(Concat(f"{path}first_name", Value(" "), f"{path}last_name"))
    return Coalesce(NullIf(full_name, Value("")), F(f"{path}username"))
