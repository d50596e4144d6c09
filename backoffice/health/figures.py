"""Where each app puts its numbers for `/metrics`. They are asked of the database when they are wanted, so that any number of
processes says the same, and none has to remember anything."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

type Source = Callable[[], Iterable["Figure"]]


@dataclass(frozen=True, slots=True)
class Figure:
    """A gauge: one value, or one for each combination of `labels`. Names are without the prefix of the product."""

    name: str
    help: str
    values: dict[tuple[str, ...], float]
    labels: tuple[str, ...] = field(default=())

    @classmethod
    def of(cls, name: str, help_: str, value: float) -> "Figure":
        return cls(name, help_, {(): value})


_sources: list[Source] = []


def figures(source: Source) -> Source:
    """Register a function that asks the database once, if it can: all of them together ask fewer than ten times."""
    _sources.append(source)
    return source


def all_figures() -> Iterator[Figure]:
    for source in _sources:
        yield from source()
