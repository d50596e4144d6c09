"""What a row of an export says, as SQL: PostgreSQL writes a file ten times as fast as Python can."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.utils import translation
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from audit.exports.cells import DANGEROUS, Column, guard, guarded, labelled
from audit.exports.tables import Table
from audit.models import Entry
from audit.sentences.words import words_of
from audit.sources import Source
from audit.triggers.recording import audited_models, history_of

__all__ = ["DANGEROUS", "Column", "columns", "guard", "rows_sql", "timeline"]

TIME = "replace((e.at AT TIME ZONE 'UTC')::text, ' ', 'T') || 'Z'"  # the session's DateStyle is ISO
FULL_NAME = "coalesce(nullif(btrim(u.first_name || ' ' || u.last_name), ''), u.username)"


def columns(*, guarded: bool) -> tuple[Column, ...]:
    """In the language of the installation, whoever asks: the same rows give the same bytes. `guarded`: safe as CSV."""
    with translation.override(settings.LANGUAGE_CODE):
        return tuple(_columns(is_guarded=guarded))


def _columns(*, is_guarded: bool) -> Iterator[Column]:
    def text(sql: str) -> str:
        return guarded(sql) if is_guarded else sql

    kinds = {model._meta.label_lower: capfirst(str(model._meta.verbose_name)) for model in audited_models()}
    yield Column(_("Time (UTC)"), TIME)
    yield Column(_("Person"), text(FULL_NAME))
    yield Column(_("Username"), text("u.username"))
    yield Column(_("Number of the person"), "e.user_id", is_number=True)
    yield labelled(_("What happened"), "e.kind", Entry.Kind.choices)
    yield labelled(_("Kind of thing"), "e.model", kinds.items())
    yield Column(_("How many"), "e.count", is_number=True)
    yield Column(_("Number"), "e.object_id", is_number=True)
    yield Column(_("Name then"), _name_then(is_guarded=is_guarded))
    yield Column(_("Belongs to number"), "e.subject_id", is_number=True)
    yield Column(_("Reason"), text("e.reason"))
    yield labelled(_("Through"), "e.source", Source.choices)
    yield Column(_("Through what"), text("e.source_detail"))
    yield Column(_("Database role"), text("e.db_role"))
    yield Column(_("Program"), text("e.db_application"))
    yield Column(_("Action"), "e.operation", is_number=True)
    yield Column(_("Entry"), "e.id", is_number=True)


def _name_then(*, is_guarded: bool) -> str:
    """Of one thing: what its own row of that entry calls it. What only links others has no name."""
    cell = guarded("n.name") if is_guarded else "n.name"
    arms = []
    for model in audited_models():
        history = history_of(model)
        names = ", ".join(f'h."{history._meta.get_field(name).column}"' for name in words_of(model).name_fields)
        if names:
            row = f"SELECT btrim(concat_ws(' ', {names})) AS name FROM \"{history._meta.db_table}\" h WHERE h.history_id = e.history_first"
            arms.append(f"WHEN '{model._meta.label_lower}' THEN (SELECT {cell} FROM ({row}) n)")
    return f"CASE WHEN e.count = 1 THEN CASE e.model {' '.join(arms)} END END"


def rows_sql(entries: QuerySet[Entry], wanted: tuple[Column, ...]) -> tuple[str, tuple[Any, ...]]:
    """A SELECT of the columns, newest first, and its parameters."""
    selection, parameters = entries.query.sql_with_params()
    sql = (
        f"SELECT {', '.join(column.sql for column in wanted)} FROM ({selection}) e "
        f'LEFT JOIN "{get_user_model()._meta.db_table}" u ON u.id = e.user_id ORDER BY e.at DESC, e.id DESC'
    )
    return sql, (*(value for column in wanted for value in column.parameters), *parameters)


def timeline(entries: QuerySet[Entry], *, guarded: bool) -> Table:
    wanted = columns(guarded=guarded)
    return Table(_("Timeline"), wanted, *rows_sql(entries, wanted))
