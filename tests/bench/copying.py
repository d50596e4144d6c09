"""Rows that something made, kept in a file, and written again by a plain COPY: the limit of whatever made them."""

from typing import IO, Any

BLOCK = 1 << 18


def keep(cursor: Any, select: str, file: IO[bytes]) -> None:
    with cursor.copy(f"COPY ({select}) TO STDOUT") as copy:
        for block in copy:
            file.write(block)


def send(cursor: Any, table: str, columns: str, file: IO[bytes]) -> None:
    file.seek(0)
    with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
        while block := file.read(BLOCK):
            copy.write(block)
