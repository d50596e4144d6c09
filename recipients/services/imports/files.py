"""The stored files of an import."""

import hashlib
from pathlib import Path
from typing import Any

from recipients.imports.kinds import KINDS
from recipients.imports.tables import Table, open_table
from recipients.models import Import, ImportFile


def table_of(file: ImportFile, batch: Import) -> Table:
    """Open it with what a person answered about it. That was about the first file, and is not asked again for those that mend it.

    Raises:
        StructureProblem: it cannot be read.
    """
    answers: dict[str, Any] = {}
    if file.part == 1:
        answers = {"encoding": batch.encoding, "sheet": batch.sheet, "mapping": batch.mapping or None}
    return open_table(Path(file.file.path), KINDS[batch.kind].columns, **answers)


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
