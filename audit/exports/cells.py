"""Cells of an export: text that no spreadsheet takes for a formula, and words for what is stored as a key."""

import json
from dataclasses import dataclass
from typing import Any

# A spreadsheet takes what begins with one of these for a formula; the last four are the wide forms of the first.
DANGEROUS = "=+-@\t\r\n＝＋－＠"
CODES = ", ".join(str(ord(character)) for character in DANGEROUS)


@dataclass(frozen=True, slots=True)
class Column:
    heading: str
    sql: str
    parameters: tuple[Any, ...] = ()
    is_number: bool = False


def guard(text: str) -> str:
    """A cell that no spreadsheet takes for a formula. One apostrophe less gives `text` again, whatever it begins with."""
    first = text.lstrip("'")[:1]
    return f"'{text}" if first and first in DANGEROUS else text


def guarded(sql: str) -> str:
    """`guard`, as SQL."""
    return f"CASE WHEN ascii(ltrim({sql}, '''')) IN ({CODES}) THEN '''' || {sql} ELSE {sql} END"


def labelled(heading: str, sql: str, labels: Any) -> Column:
    """A lookup in a constant, which costs less than a join or a CASE of many arms."""
    words = json.dumps({value: str(label) for value, label in labels})
    return Column(heading, f"coalesce(%s::jsonb ->> {sql}, {sql})", (words,))
