"""`open_table`: any spreadsheet, as a header of known columns and a stream of rows as wide as it."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Protocol

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from recipients.imports.columns import ColumnSet, Header, match_header, matches, titles_of
from recipients.imports.decoding import detect, pieces
from recipients.imports.delimited import Batch, batches
from recipients.imports.delimiters import declared, detect_delimiter
from recipients.imports.limits import DEFAULT_LIMITS, Limits
from recipients.imports.problems import CellProblem, Notice, StructureProblem, shown
from recipients.imports.signatures import HEAD, Format, recognise
from recipients.imports.workbooks import Workbook


class Source(Protocol):
    notices: list[Notice]
    numeric: frozenset[int]

    def batches(self) -> Iterator[Batch]: ...


class TextFile:
    """CSV and its kin."""

    numeric: frozenset[int] = frozenset()

    def __init__(self, path: Path, head: bytes, known: ColumnSet, *, encoding: str, limits: Limits) -> None:
        self.path, self.limits = path, limits
        self.notices: list[Notice] = []
        self.encoding, self.skip = detect(path, head, encoding)
        start = next(pieces(path, self.encoding, self.skip), "")[: limits.record]
        sep = declared(start)
        self.has_sep_line = bool(sep)
        self.delimiter = sep or detect_delimiter(start, known, within=limits.header_within)

    def batches(self) -> Iterator[Batch]:
        rows = batches(pieces(self.path, self.encoding, self.skip), self.delimiter, self.limits)
        if self.has_sep_line:
            first = next(rows)
            yield Batch(first.lines[1:], first.rows[1:])
        yield from rows


class Table:
    """A header, and rows that can be read as often as one likes, each time from the file."""

    def __init__(self, source: Source, known: ColumnSet, *, mapping: Mapping[str, str] | None, limits: Limits) -> None:
        self.source, self.known, self.limits = source, known, limits
        self.header = self._find_header(mapping)
        self.width = max(index for index, title in enumerate(self.header.titles) if title) + 1

    def _find_header(self, mapping: Mapping[str, str] | None) -> Header:
        first = next((batch for batch in self.source.batches() if any(map(_filled, batch.rows))), None)
        if first is None:
            raise StructureProblem("empty", _("This file is empty. Choose the file that holds your data."))
        rows = ((line, row) for line, row in zip(first.lines, first.rows, strict=True) if _filled(row))
        line, cells = next(rows)
        if len(cells) > self.limits.columns and any(cells[self.limits.columns :]):
            message = _("The header has more than %(most)d columns. Delete those that are not needed.")
            raise StructureProblem("limit", message % {"most": self.limits.columns}, line=line)
        if not mapping:
            self._refuse_title_rows(line, cells, list(islice(rows, self.limits.header_within)))
        return match_header(cells, self.known, line=line, mapping=mapping)

    def _refuse_title_rows(self, line: int, cells: list[str], below: list[tuple[int, list[str]]]) -> None:
        """The header must be the first row; say where it seems to be, rather than take titles for data."""
        needed, here = len(self.known.needs()), matches(cells, self.known)
        if here >= needed:
            return
        seems = next((at for at, row in below if matches(row, self.known) >= max(needed, here + 1)), None)
        if seems is not None:
            message = _("The header seems to be on line %(seems)d, with other text above it. Delete what stands above it.")
            raise StructureProblem("header", message % {"seems": seems}, line=seems, titles=titles_of(cells))
        if here == 0 and any("@" in cell for cell in cells):
            message = _("Line %(line)d, where the header should be, looks like data. Add a line above it with the names of the columns.")
            raise StructureProblem("header", message % {"line": line}, line=line, titles=titles_of(cells))

    def batches(self) -> Iterator[Batch]:
        """The rows below the header.

        Raises:
            StructureProblem: the file turns out to be unreadable further on, too long, or to hold nothing but a header.
        """
        count, wide = 0, 0
        for batch in self.source.batches():
            if batch.lines and batch.lines[0] <= self.header.line:
                after = sum(line <= self.header.line for line in batch.lines)
                batch = Batch(batch.lines[after:], batch.rows[after:])  # noqa: PLW2901 - the same, without what is above
            wide = wide or _usual_width(batch, self.width)
            batch = _even(batch, self.width, wide)  # noqa: PLW2901
            count += len(batch.rows) + len(batch.problems)
            if count > self.limits.rows:
                message = _("This file has more than %(most)s rows. Split it, and import the parts one by one.")
                raise StructureProblem("limit", message % {"most": f"{self.limits.rows:,}"})
            yield batch
        if not count:
            raise StructureProblem("empty", _("This file has a header and no rows. Nothing would be imported; add the rows."))


def open_table(
    path: Path,
    known: ColumnSet,
    *,
    mapping: Mapping[str, str] | None = None,
    encoding: str = "",
    sheet: str = "",
    limits: Limits = DEFAULT_LIMITS,
) -> Table:
    """Open a spreadsheet, whatever kind it is.

    `encoding` is empty unless a person chose one after seeing a sample; `sheet` names one of a workbook.

    Raises:
        StructureProblem: it cannot be read, with what to do. More may come while the rows are read.
    """
    if path.exists() and not path.is_file():
        raise StructureProblem("type", _("This is not a file. Choose the spreadsheet itself."))
    size = path.stat().st_size
    if size > limits.file_bytes:
        message = _("This file is larger than %(most)d MB. Split it, and import the parts one by one.")
        raise StructureProblem("limit", message % {"most": limits.file_bytes // 1024 // 1024})
    with path.open("rb") as file:
        head = file.read(HEAD)
    source: Source
    if recognise(head) is Format.WORKBOOK:
        source = Workbook(path, sheet=sheet, limits=limits)
    else:
        source = TextFile(path, head, known, encoding=encoding, limits=limits)
    return Table(source, known, mapping=mapping, limits=limits)


def _filled(row: list[str]) -> bool:
    return any(cell and not cell.isspace() for cell in row)


def _usual_width(batch: Batch, width: int) -> int:
    """Of the rows that fit the header, with the empty cells at their end; nothing if none here does."""
    widths = Counter(len(row) for row in batch.rows if len(row) >= width and any(row) and not any(row[width:]))
    return max(widths, key=widths.__getitem__, default=0)


def _even(batch: Batch, width: int, wide: int) -> Batch:
    """Turn rows to columns; leave out blank rows, cut empty cells beyond the header, set aside rows of another width.

    All rows must be as wide as most of the first ones. A separator too many shows in nothing else where the last cell of a row
    is empty: what is beyond the header would be empty too, and the cells before it would have moved.
    """
    columns = _columns(batch.rows)
    if len(columns) == width == wide and not all("" in column for column in columns):
        batch.columns = columns
        return batch
    lines: list[int] = []
    even = Batch(lines, [])
    for line, row in zip(batch.lines, batch.rows, strict=True):
        if not any(row):
            even.blank += 1
        elif len(row) != wide or any(row[width:]):
            even.problems.append(_uneven(line, row, width, wide))
        else:
            lines.append(line)
            even.rows.append(row[:width])
    even.columns = _columns(even.rows)
    return even


def _columns(rows: list[list[str]]) -> list[tuple[str, ...]]:
    """None, if the rows differ in width."""
    try:
        return list(zip(*rows, strict=True))
    except ValueError:
        return []


def _uneven(line: int, row: list[str], width: int, wide: int) -> CellProblem:
    cells = ngettext("%(count)d cell", "%(count)d cells", len(row)) % {"count": len(row)}
    if len(row) >= width and not any(row[width:]):
        message = _("This row has %(cells)s, and others have %(width)d. Check that no separator was lost or added, and give it as many.")
        width = wide
    elif len(row) < width:
        message = _("This row has %(cells)s, and the header has %(width)d. Add what is missing, or the separators that were lost.")
    else:
        message = _("This row has %(cells)s, and the header has %(width)d. Put a cell that holds a separator in quotation marks.")
    return CellProblem(line, "", shown(" ".join(row)), message % {"cells": cells, "width": width}, "width")
