"""The timeline as CSV."""

from django.db.models import QuerySet

from audit.exports.columns import timeline
from audit.exports.csv_table import CsvTable
from audit.exports.snapshot import Snapshot
from audit.models import Entry


class CsvFile(CsvTable):
    def __init__(self, entries: QuerySet[Entry], snapshot: Snapshot) -> None:
        super().__init__(timeline(entries, guarded=True), snapshot)
