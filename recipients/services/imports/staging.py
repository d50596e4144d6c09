"""From checked batches to rows in the database: COPY into a table of the transaction's own, and what is wrong beside it.

COPY would take the whole file or nothing; here it is fed batch by batch by a reader that has set aside what is ragged.
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import compress, repeat
from typing import Any

from django.db import connection

from recipients.imports.problems import CellProblem
from recipients.models import Import, ImportProblem

TABLE = "staged_rows"  # temporary: gone when the transaction ends, however it ends
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": ""})


class Stage:
    """Takes the rows of all files of one import. `columns` are the keys of the columns that its kind knows.

    Columns that are `folded` are only compared, and without case: here that costs a tenth of what it does in the database.
    """

    def __init__(self, columns: Sequence[str], *, folded: Collection[str] = ()) -> None:
        self.columns, self.folded = tuple(columns), frozenset(folded)
        with connection.cursor() as cursor:
            cells = ", ".join(f'"{name}" text' for name in self.columns)
            cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{TABLE}")
            cursor.execute(f"CREATE TEMPORARY TABLE {TABLE} (part smallint, line bigint, {cells}) ON COMMIT DROP")

    def add(self, part: int, lines: Sequence[int], cells: dict[str, Sequence[str]], *, without: Collection[int] = ()) -> None:
        """Rows by columns; those on the lines `without` are left out. A column that the file lacks is NULL."""
        if without:
            kept = [line not in without for line in lines]
            lines, cells = list(compress(lines, kept)), {key: list(compress(values, kept)) for key, values in cells.items()}
        if not lines:
            return
        cells = cells | {key: list(map(str.lower, cells[key])) for key in self.folded & cells.keys()}
        names = ", ".join(f'"{name}"' for name in cells)
        with connection.cursor() as cursor, cursor.copy(f"COPY {TABLE} (part, line, {names}) FROM STDIN (NULL '')") as copy:
            copy.write(_text(part, lines, list(cells.values())))

    def analyse(self) -> None:
        """Nobody else does that with a temporary table."""
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {TABLE}")


def _text(part: int, lines: Sequence[int], columns: list[Sequence[str]]) -> str:
    """PostgreSQL's own text format. Its special characters are escaped, value by value, only if there are any."""
    text = "\n".join(map("\t".join, zip(repeat(str(part)), map(str, lines), *columns, strict=False))) + "\n"
    separators = len(lines) * (len(columns) + 1)
    if "\\" not in text and "\r" not in text and "\0" not in text and text.count("\t") == separators and text.count("\n") == len(lines):
        return text
    return _text_escaped(part, lines, columns)


def _text_escaped(part: int, lines: Sequence[int], columns: list[Sequence[str]]) -> str:
    escaped: list[Iterator[str]] = [(value.translate(ESCAPES) for value in column) for column in columns]
    return "\n".join(map("\t".join, zip(repeat(str(part)), map(str, lines), *escaped, strict=False))) + "\n"


def keep_problems(batch: Import, part: int, problems: Sequence[CellProblem], *, without: Collection[int] = ()) -> int:
    """Returns how many were kept."""
    rows: list[Any] = [
        ImportProblem(
            batch=batch,
            part=part,
            line=problem.line,
            column=problem.column.translate({0: None}),
            value=problem.value,
            message=problem.message,
            code=problem.code,
        )
        for problem in problems
        if problem.line not in without
    ]
    ImportProblem.objects.bulk_create(rows, batch_size=5_000)
    return len(rows)
