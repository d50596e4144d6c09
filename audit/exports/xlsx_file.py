"""The timeline as an Excel workbook."""

from typing import Any

from django.db.models import QuerySet

from audit.exports.columns import timeline
from audit.exports.snapshot import Snapshot
from audit.exports.xlsx_table import ROWS_PER_SHEET, workbook_of
from audit.models import Entry


def write_xlsx(entries: QuerySet[Entry], snapshot: Snapshot, *, rows_per_sheet: int = ROWS_PER_SHEET) -> Any:
    """An open temporary file, at its beginning; it goes when it is closed."""
    return workbook_of(timeline(entries, guarded=False), snapshot, rows_per_sheet=rows_per_sheet)
