"""What can be wrong with a file. Every message is a sentence with a remedy, for the person who has the spreadsheet open."""

from collections.abc import Sequence
from dataclasses import dataclass


class StructureProblem(Exception):  # noqa: N818 - named after what is found, not after a failure of ours
    """The file as a whole cannot be read. Nothing of it may be imported, also not the rows that were read before.

    `code` names the kind (`encoding`, `quote`, `header` …); `line` is the file's own, or the sheet's row, and None when
    the problem has no place; `sample` holds decoded lines to look at, when the question is whether they read well. `titles`
    are those of the header, when the problem is about it, for a mapping by hand; `sheets` those to choose from.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        line: int | None = None,
        column: str = "",
        sample: Sequence[str] = (),
        suggestion: str = "",
        titles: Sequence[str] = (),
        sheets: Sequence[str] = (),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.line = line
        self.column = column
        self.sample = tuple(sample)
        self.suggestion = suggestion  # an encoding to read it with, once the sample was seen and agreed to; or a column
        self.titles = tuple(titles)
        self.sheets = tuple(sheets)


@dataclass(frozen=True, slots=True, order=True)
class CellProblem:
    """Something wrong in one cell, or, without a column, with one row."""

    line: int
    column: str  # as the file's header calls it
    value: str
    message: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """Nothing wrong, and worth knowing before one agrees: what was left out, joined or passed over."""

    code: str
    message: str


def shown(value: str, *, most: int = 60) -> str:
    """The value as a message quotes it: on one line, with nothing invisible in it, and not too long."""
    if value.isprintable() and len(value) <= most:
        return value
    visible = "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in value[: most + 1])
    return visible if len(value) <= most else visible[:most] + "…"
