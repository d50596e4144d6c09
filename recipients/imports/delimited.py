"""Delimited text to rows, in batches. Where quotation marks are, Python's `csv` takes the rows apart, after a check.

`csv` alone lets a quotation mark that is never closed swallow the rows after it, and one inside a cell pass. So each piece
of text is matched, as a whole and in C, against what a row may be; only whole rows that match are handed on.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

from django.utils.translation import gettext as _

from recipients.imports.decoding import LineCount
from recipients.imports.guarded import is_guarded, unguarded
from recipients.imports.limits import Limits
from recipients.imports.problems import CellProblem, StructureProblem

DELIMITERS = ",;\t|"


@dataclass(slots=True)
class Batch:
    """Rows with the number of each one's first line, and rows that are none."""

    lines: Sequence[int]
    rows: list[list[str]]
    problems: list[CellProblem] = field(default_factory=list)
    blank: int = 0  # rows that were passed over, because nothing is in them
    columns: list[tuple[str, ...]] = field(default_factory=list)  # the same cells, once the rows are known to be even
    next_line: int = 0  # the line after the last row

    def __post_init__(self) -> None:
        if not self.next_line and self.lines:
            self.next_line = self.lines[-1] + 1


@cache
def _simple(delimiter: str) -> re.Pattern[str]:
    """Whole rows whose quotation marks, if any, stand round cells that would not need them."""
    mark = re.escape(delimiter)
    cell = rf'(?:"[^"\r\n{mark}]*+"|[^"\r\n{mark}]*+)'
    return re.compile(rf"(?:{cell}(?:{mark}{cell})*+(?:\r\n?|\n))*+")


@cache
def _grammar(delimiter: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """A pattern for whole rows, and one for the cells of a row that is cut off or wrong.

    Possessive throughout: nothing is tried twice, so a hostile file costs no more than a good one.
    """
    mark = re.escape(delimiter)
    cell = rf'(?:"(?:[^"]++|"")*+"|[^"\r\n{mark}]*+)'
    row = rf"{cell}(?:{mark}{cell})*+"
    return re.compile(rf"(?:{row}(?:\r\n|\n|\r(?!\Z)))*+"), re.compile(rf"(?:{cell}{mark})*+")


def batches(pieces: Iterable[str], delimiter: str, limits: Limits) -> Iterator[Batch]:
    """Take the text apart.

    Raises:
        StructureProblem: a quotation mark out of place, with the line where it opened; or a row longer than the limit.
    """
    rest, line = "", 1
    for piece in pieces:
        text = rest + piece if rest else piece
        end, batch = _whole(text, delimiter, line)
        if batch:
            yield _without_guards(batch, text)
            line = batch.next_line
        rest = text[end:]
        if rest and '"' in rest:
            _refuse_bad_quote(rest, delimiter, line, ended=False)
        if len(rest) > limits.record:
            raise _too_long(rest, delimiter, line, limits)
    if rest:
        _refuse_bad_quote(rest, delimiter, line, ended=True)
        yield _without_guards(_parse(rest, delimiter, line), rest)


def _without_guards(batch: Batch, text: str) -> Batch:
    if is_guarded(text):
        batch.rows = unguarded(batch.rows)
    return batch


def _whole(text: str, delimiter: str, line: int) -> tuple[int, Batch | None]:
    """Up to where `text` consists of whole rows, and these rows. A CR at the very end may be half of a CRLF, so its row waits."""
    end = max(text.rfind("\n"), text.rfind("\r", 0, len(text) - 1)) + 1
    whole = text[:end]
    if not end:
        return 0, None
    if '"' not in text:
        return end, _split(whole, delimiter, line)
    if batch := _split_quoted(whole, delimiter, line):
        return end, batch
    if _simple(delimiter).fullmatch(whole):
        return end, _split(whole, delimiter, line)
    match = _grammar(delimiter)[0].match(text)
    end = match.end() if match else 0
    return end, _parse(text[:end], delimiter, line) if end else None


def _split(text: str, delimiter: str, line: int) -> Batch:
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if '"' in text:  # only now: between a CR and an LF they kept the two apart
        text = text.replace('"', "")
    rows = [row.split(delimiter) for row in text.removesuffix("\n").split("\n")]
    return Batch(range(line, line + len(rows)), rows)


def _split_quoted(text: str, delimiter: str, line: int) -> Batch | None:
    """Rows in which each cell is quoted and holds neither a quotation mark nor a line break; None if they are not all so.

    Between two cells or rows stand a closing and an opening mark. If these are all the marks there are, but for the very
    first and the last, then none was taken for what it is not.
    """
    newline = "\r\n" if text.endswith("\r\n") else "\n"
    if not (text.startswith('"') and text.endswith(f'"{newline}')):
        return None
    rows = [row.split(f'"{delimiter}"') for row in text[1 : -1 - len(newline)].split(f'"{newline}"')]
    breaks = text.count("\n") if newline == "\n" else max(text.count("\n"), text.count("\r"))
    if text.count('"') != 2 * sum(map(len, rows)) or breaks != len(rows) or (newline == "\n" and "\r" in text):
        return None
    return Batch(range(line, line + len(rows)), rows)


def _parse(text: str, delimiter: str, line: int) -> Batch:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        rows = list(reader)
    except csv.Error as error:  # the one left that the grammar allows: a cell longer than `csv` takes
        at = line + reader.line_num - 1
        message = _("A cell on line %(line)d is far too long. A quotation mark may be missing near it.")
        raise StructureProblem("limit", message % {"line": at}, line=at) from error
    if reader.line_num == len(rows):
        return Batch(range(line, line + len(rows)), rows)
    return Batch(_first_lines(text, delimiter, line), rows, next_line=line + reader.line_num)


def _first_lines(text: str, delimiter: str, line: int) -> list[int]:
    """Where each row begins, when some hold line breaks."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    lines = [line]
    lines.extend(line + reader.line_num for _row in reader)
    return lines[:-1]


def _refuse_bad_quote(rest: str, delimiter: str, line: int, *, ended: bool) -> None:
    """Look at a row that does not match, or not yet."""
    cells = _grammar(delimiter)[1].match(rest)
    start = cells.end() if cells else 0
    counted = LineCount()
    counted.add(rest[:start])
    opened = line + counted.now - 1
    cell = rest[start:]
    if not cell.startswith('"'):
        until = re.search(rf'["\r\n{re.escape(delimiter)}]', cell)
        if until and until[0] == '"':
            raise _quote_inside(cell, opened)
        return
    closed = re.compile(r'"(?:[^"]++|"")*+"').match(cell)
    if closed is None:
        if ended:
            raise _never_closed(opened)
        return
    after = cell[closed.end() : closed.end() + 1]
    if after and after not in f"\r\n{delimiter}":
        counted.add(cell[: closed.end()])
        raise _text_after(cell[: closed.end() + 20], opened, line + counted.now - 1)


def _never_closed(opened: int) -> StructureProblem:
    message = _('The quotation mark opened on line %(line)d is never closed. Close it, or write two ("") where one is meant as text.')
    return StructureProblem("quote", message % {"line": opened}, line=opened)


def _quote_inside(cell: str, line: int) -> StructureProblem:
    if cell.lstrip(" ").startswith('"'):
        message = _("On line %(line)d a space stands before a quotation mark that opens a cell. Delete the space.")
    else:
        message = _('On line %(line)d a quotation mark stands inside a cell. Quote the whole cell and double the mark inside ("").')
    return StructureProblem("quote", message % {"line": line}, line=line)


def _text_after(cell: str, opened: int, closed: int) -> StructureProblem:
    facts = {"line": opened, "closed": closed}
    if closed != opened:
        message = _(
            "The quotation mark opened on line %(line)d ends on line %(closed)d, in the middle of a cell. The closing one is missing on "
            "line %(line)d; add it."
        )
    elif '\\"' in cell:
        message = _('On line %(line)d a quotation mark follows a backslash. Write two quotation marks ("") in place of it.')
    else:
        message = _('On line %(line)d text follows a closing quotation mark. Write two ("") where one is meant as text.')
    return StructureProblem("quote", message % facts, line=opened)


def _too_long(rest: str, delimiter: str, line: int, limits: Limits) -> StructureProblem:
    counted = LineCount()
    head = rest[: limits.record]
    cells = _grammar(delimiter)[1].match(rest)
    opened = cells.end() if cells else 0
    if rest[opened : opened + 1] == '"':  # open for longer than any row may be
        counted.add(rest[:opened])
        return _never_closed(line + counted.now - 1)
    if head.count(delimiter) >= limits.columns:
        message = _("Line %(line)d has more than %(most)d columns. Delete those that are not needed.")
        return StructureProblem("limit", message % {"line": line, "most": limits.columns}, line=line)
    message = _("Line %(line)d is longer than %(most)d characters. Is it a spreadsheet, and is a quotation mark missing near it?")
    return StructureProblem("limit", message % {"line": line, "most": limits.record}, line=line)
