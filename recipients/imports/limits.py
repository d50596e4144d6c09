"""How large a file may be. Each limit is checked before the work that it bounds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    file_bytes: int = 100 * 1024 * 1024
    rows: int = 1_000_000
    columns: int = 64
    cell: int = 4_000  # characters
    record: int = 64 * 1024  # characters of one row, line breaks within quotation marks included
    header_within: int = 20  # lines in which a header is looked for, to say where it seems to be

    # A workbook is a ZIP archive; these hold before anything in it is unpacked.
    workbook_entries: int = 1_000
    workbook_bytes: int = 400 * 1024 * 1024  # unpacked, all entries together
    workbook_ratio: int = 100  # unpacked to packed; real workbooks stay below 30
    # The child process that reads it.
    child_memory: int = 1024 * 1024 * 1024
    child_seconds: int = 60


DEFAULT_LIMITS = Limits()
