"""What things were called at the time, and where they are shown now."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from django.contrib import admin
from django.db import connection
from django.urls import reverse

from audit.sentences.words import words_of
from audit.triggers.recording import history_of
from backoffice.permissions import visible

type Reference = tuple[Any, int, datetime]  # model, primary key, when


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a sentence. What names a thing knows which, and its address if the reader may open it."""

    text: str
    url: str = ""
    model: str = ""
    pk: int | None = None

    def __str__(self) -> str:
        return self.text


class Names:
    """The names of everything that some sentences mention, read by a fixed number of queries for each model."""

    def __init__(self, references: Iterable[Reference], reader: Any) -> None:
        by_model: dict[Any, set[tuple[int, datetime]]] = defaultdict(set)
        for model, pk, at in references:
            by_model[model].add((pk, at))
        self._names: dict[Reference, str] = {}
        self._urls: dict[tuple[Any, int], str] = {}
        self._living: dict[tuple[Any, int], Any] = {}
        for model, wanted in by_model.items():
            self._names |= {(model, pk, at): name for (pk, at), name in self._names_of(model, wanted).items()}
            self._urls |= {(model, pk): url for pk, url in _urls_of(model, {pk for pk, _at in wanted}, reader).items()}

    def part(self, model: Any, pk: int, at: datetime, text: str = "") -> Part:
        """`text` if the name is known already, from the row that is told of."""
        name = text or self._names.get((model, pk, at)) or str(words_of(model).nameless)
        return Part(name, self._urls.get((model, pk), ""), model._meta.label_lower, pk)

    def living(self, model: Any, pk: int) -> Any:
        """The thing as it is now, if no version of it said how it was called; else None."""
        return self._living.get((model, pk))

    def _names_of(self, model: Any, wanted: set[tuple[int, datetime]]) -> dict[tuple[int, datetime], str]:
        names = _names_then(model, wanted) if _keeps_names(model) else {}
        missing = {pk for pk, at in wanted if (pk, at) not in names}
        if not missing:
            return names
        words = words_of(model)
        found = model._base_manager.in_bulk(missing)
        self._living |= {(model, pk): obj for pk, obj in found.items()}
        called = {pk: words.name_of(obj) if words.name_fields else str(obj) for pk, obj in found.items()}
        return {(pk, at): called[pk] for pk, at in wanted if pk in called} | names


def _keeps_names(model: Any) -> bool:
    return bool(words_of(model).name_fields) and hasattr(model._meta, "simple_history_manager_attribute")


def _names_then(model: Any, wanted: set[tuple[int, datetime]]) -> dict[tuple[int, datetime], str]:
    """From the version that was valid at each moment."""
    words, history = words_of(model), history_of(model)
    columns = [history._meta.get_field(name).column for name in words.name_fields]
    sql = f"""
        SELECT wanted.pk, wanted.at, {", ".join(f'version."{column}"' for column in columns)}
        FROM unnest(%s::bigint[], %s::timestamptz[]) wanted(pk, at), LATERAL (
            SELECT * FROM "{history._meta.db_table}" h WHERE h."{model._meta.pk.column}" = wanted.pk AND h.history_date <= wanted.at
            ORDER BY history_date DESC, history_id DESC LIMIT 1) version
    """
    pks, moments = zip(*wanted, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(sql, [list(pks), list(moments)])
        return {
            (pk, at): words.name_of(SimpleNamespace(**dict(zip(words.name_fields, values, strict=True))))
            for pk, at, *values in cursor.fetchall()
        }


def _urls_of(model: Any, pks: set[int], reader: Any) -> dict[int, str]:
    """Of those that still exist and that `reader` may see."""
    if not admin.site.is_registered(model) or reader is None:
        return {}
    view = f"admin:{model._meta.app_label}_{model._meta.model_name}_change"
    seen = visible(reader, "view", model._default_manager.all()).filter(pk__in=pks).values_list("pk", flat=True)
    return {pk: reverse(view, args=[pk]) for pk in seen}
