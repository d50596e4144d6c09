"""Which character separates the cells: the one that makes a header of ours, not the one that occurs most."""

import csv
import io
import re

from recipients.imports.columns import ColumnSet, matches
from recipients.imports.delimited import DELIMITERS

# A first line that Excel writes and reads for itself.
SEP = re.compile(r'"?sep=([,;|\t])"?[,;|\t]*(?:\r\n|\n|\r|\Z)', re.IGNORECASE)


def declared(text: str) -> str:
    """The delimiter that a `sep=` line names, or nothing."""
    match = SEP.match(text)
    return match[1] if match else ""


def detect_delimiter(text: str, known: ColumnSet, *, within: int) -> str:
    """Choose by the beginning of the file, in which the header stands on one of the first lines.

    The most columns of ours in one line win; then the most cells that this delimiter gives on each line alike.
    """
    return max(DELIMITERS, key=lambda delimiter: _fit(text, delimiter, known, within))


def _fit(text: str, delimiter: str, known: ColumnSet, within: int) -> tuple[int, int]:
    rows: list[list[str]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for row in reader:
            rows.append(row)
            if len(rows) > within:
                break
    except csv.Error:
        pass  # the strict reader will say what is wrong, and where
    best = max((matches(row, known) for row in rows), default=0)
    return best, min((len(row) for row in rows if row), default=0)
