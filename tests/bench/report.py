"""One figure, its ratio to a limit, and how both are written down."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path


class MeasurementError(Exception):
    """A wrong answer or a missing part: there is no figure, and the run fails."""


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` and `limit` in `unit`; `target` is the largest `value / limit` (or smallest, if `more_is_better`) that is good."""

    name: str
    value: float
    unit: str
    limit: float
    target: float
    more_is_better: bool = False

    @property
    def ratio(self) -> float:
        return self.value / self.limit if self.limit else 0.0

    @property
    def ok(self) -> bool:
        return self.ratio >= self.target if self.more_is_better else self.ratio <= self.target

    def as_json(self) -> str:
        fields = asdict(self) | {"value": round(self.value, 4), "limit": round(self.limit, 4)}
        fields.pop("more_is_better")
        return json.dumps(fields | {"ratio": round(self.ratio, 3), "ok": self.ok})


HEADINGS = f"{'name':<34}{'value':>12}{'limit':>12} {'unit':<9}{'ratio':>7}  target"


def row(figure: Figure) -> str:
    sign = "≥" if figure.more_is_better else "≤"
    end = f"{sign} {figure.target:g}" + ("" if figure.ok else "   MISSED")
    return f"{figure.name:<34}{figure.value:>12,.2f}{figure.limit:>12,.2f} {figure.unit:<9}{figure.ratio:>7.2f}  {end}"


def append(path: Path, figures: Iterable[Figure]) -> None:
    with path.open("a", encoding="utf-8") as lines:
        lines.writelines(figure.as_json() + "\n" for figure in figures)
