"""Files of each kind, opened."""

import pytest

from recipients.imports.kinds import KINDS
from recipients.imports.tables import open_table


@pytest.fixture
def opened(tmp_path):
    """The check of a file of this kind, from its text."""

    def of(kind: str, text: str | bytes, **options):
        path = tmp_path / f"{kind}.csv"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return KINDS[kind].open_check(open_table(path, KINDS[kind].columns), **options)

    return of


@pytest.fixture
def rows_of():
    """All that a check hands on, row by row."""

    def of(check) -> list[tuple[str, ...]]:
        return [row for checked in check.batches() for row in zip(*checked.columns.values(), strict=True)]

    return of
