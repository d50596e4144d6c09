"""What an export of a person consists of."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

AT_ONCE = 2000  # rows in memory

type Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one kind, all with the same keys. Other people stand in them by number alone: their names are theirs."""

    name: str  # the key in the JSON, and the name of the CSV
    title: Any
    rows: Callable[[Any], Iterable[Row]]
    # The foreign keys to a person that this part tells: "notices.Delivery.person". A test holds that none is forgotten.
    tells: frozenset[str] = frozenset()
    is_trail: bool = False  # comes after what it is about


_parts: dict[str, Part] = {}


def register(*added: Part) -> None:
    _parts.update({part.name: part for part in added})


def parts() -> list[Part]:
    """In the order of their registration, the trail last."""
    return sorted(_parts.values(), key=lambda part: part.is_trail)


def told(rows: QuerySet, columns: Mapping[str, Any]) -> Iterator[Row]:
    """Rows with `columns`: what each is called in the export, and the field or expression it comes from."""
    for row in rows.values_list(*columns.values()).iterator(chunk_size=AT_ONCE):
        yield dict(zip(columns, row, strict=True))
