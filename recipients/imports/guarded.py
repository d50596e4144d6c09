"""The apostrophe that our exports put before what a spreadsheet would take for a formula. Here it comes off again.

An export puts one before any text that begins with such a character, or with apostrophes and then such a character. So one
apostrophe less gives the text that was meant, also where that begins with an apostrophe itself.
"""

import re

DANGEROUS = "[=+\\-@\t\r\n＝＋－＠]"  # as in audit/exports/cells.py; the last four are the wide forms of the first
ANYWHERE = re.compile(f"'{DANGEROUS}")
GUARDED = re.compile(f"'++{DANGEROUS}")


def is_guarded(text: str) -> bool:
    """Whether any cell of this text may be guarded. Asked of whole pieces of a file, so that most cells need no look."""
    return "'" in text and ANYWHERE.search(text) is not None


def unguarded(rows: list[list[str]]) -> list[list[str]]:
    return [[cell[1:] if cell[:1] == "'" and GUARDED.match(cell) else cell for cell in row] for row in rows]
