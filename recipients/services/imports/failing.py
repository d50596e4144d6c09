"""The rows that are wrong, in the columns of the file they came from, with a last column that says why."""

import csv
import tempfile
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from django.core.files import File
from django.db import transaction

from audit.exports.columns import guard
from recipients.imports.columns import folded
from recipients.imports.tables import Table
from recipients.models import Import, ImportFile
from recipients.services.imports.files import table_of

BYTE_ORDER_MARK = "\ufeff"
ERROR = "error"


def write_failing(batch: Import) -> None:
    """Make the file anew, or take it away if nothing is wrong any more. `batch` is saved by the caller."""
    old, storage = batch.failing.name, batch.failing.storage
    batch.failing = ""
    if batch.problems.exists():
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="") as file:
            _write(batch, file)
            file.flush()
            with Path(file.name).open("rb") as content:
                batch.failing.save(f"{batch.pk}-{batch.readings + 1}.csv", File(content), save=False)
    if old:
        transaction.on_commit(lambda: storage.delete(old))


def forget_failing(batch: Import) -> None:
    """After a roll-back: take the new file away, and keep the one that the row still names."""
    kept = Import.objects.values_list("failing", flat=True).get(pk=batch.pk)
    name = batch.failing.name or ""
    if name != kept:
        batch.failing.storage.delete(name)


def _write(batch: Import, out: Any) -> None:
    out.write(BYTE_ORDER_MARK)
    writer = csv.writer(out, lineterminator="\n")
    titles: tuple[str, ...] = ()
    for file in batch.files.all():
        table = table_of(file, batch)
        if not titles:
            titles = tuple(title for title in table.header.titles[: table.width] if folded(title) != ERROR)
            writer.writerow([*map(guard, titles), ERROR])
        places = _places(table, titles)
        for row, error, is_ragged in _wrong_rows(batch, file, table):
            # One that could not be taken apart stays as it is: made as wide as the header, it would read well and be wrong.
            cells = row if is_ragged else [row[place] if 0 <= place < len(row) else "" for place in places]
            writer.writerow([*map(guard, cells), error])


def _places(table: Table, titles: Sequence[str]) -> list[int]:
    """Where the cells of each column stand in this file; -1 for one that it lacks."""
    if table.header.titles[: len(titles)] == tuple(titles):
        return list(range(len(titles)))
    there = {folded(title): place for place, title in reversed(list(enumerate(table.header.titles)))}
    return [there.get(folded(title), -1) for title in titles]


def _wrong_rows(batch: Import, file: ImportFile, table: Table) -> Iterator[tuple[list[str], str, bool]]:
    """Each row with its reasons, and whether its cells are too few or too many.

    Both the problems and the rows of the file come in the order of the lines, so neither is kept.
    """
    problems = batch.problems.filter(part=file.part).order_by("line", "column", "pk").values_list("line", "column", "message")
    wrong = ((line, list(found)) for line, found in groupby(problems.iterator(chunk_size=2_000), key=lambda row: row[0]))
    line, found = next(wrong, (0, []))
    for rows in table.source.batches():
        for at, row in zip(rows.lines, rows.rows, strict=True):
            if at == line:
                reasons = (f"{column}: {message}" if column else message for _line, column, message in found)
                yield row, " ".join(reasons), not all(column for _line, column, _message in found)
                line, found = next(wrong, (0, []))
