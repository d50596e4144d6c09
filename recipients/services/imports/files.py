"""The stored files of an import."""

import hashlib
from pathlib import Path

from recipients.imports.kinds import KINDS
from recipients.imports.tables import Table, open_table
from recipients.models import Import, ImportFile


def table_of(file: ImportFile, batch: Import) -> Table:
    """Open it with what a person answered about it.

    Raises:
        StructureProblem: it cannot be read.
    """
    return open_table(Path(file.file.path), KINDS[batch.kind].columns, **file.answers)


def replaced_lines(batch: Import) -> dict[int, frozenset[int]]:
    """For each part the lines that a later one takes the place of."""
    lines: dict[int, set[int]] = {}
    for file in batch.files.all():
        lines.setdefault(file.part, set())
        for part, replaced in file.replaces.items():
            lines[int(part)].update(replaced)
    return {part: frozenset(replaced) for part, replaced in lines.items()}


def lines_in(file: ImportFile) -> int:
    """Roughly how many rows there are, for the progress bar; 1 for a workbook, whose rows nobody knows before they are unpacked."""
    with file.file.open("rb") as content:
        return max(1, sum(chunk.count(b"\n") for chunk in content.chunks(1024 * 1024)))


def is_as_uploaded(file: ImportFile) -> bool:
    """False too if it is gone."""
    try:
        with file.file.open("rb") as content:
            return hashlib.file_digest(content.file, "sha256").hexdigest() == file.sha256
    except FileNotFoundError:
        return False
