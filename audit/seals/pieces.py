"""Cutting a table into pieces, and the digest of each. Every statement reads one piece, so memory stays flat."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import batched
from typing import Any

from django.db import connection
from psycopg import Cursor

from audit.seals.formats import Sealed, line_sql, personal_faults_sql

SIZE = 10_000  # rows of a piece
AT_ONCE = 2  # connections that digest, when there is much to do
WORTH_IT = 40  # pieces, from which on a second connection is
BATCH = 64  # pieces whose digests are held in memory


@dataclass(frozen=True, slots=True)
class Piece:
    """The rows of a table from one stamp up to, and without, another; or a part of those of one huge transaction."""

    table: str
    from_stamp: int
    to_stamp: int
    after_id: int | None = None
    until_id: int | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """What a piece holds now."""

    rows: int
    digest: bytes
    personal_faults: list[int]  # keys
    row_ids: bytes = b""
    prints: bytes = b""


def cut(sealed: Sealed, from_stamp: int, to_stamp: int, *, size: int | None = None) -> Iterator[Piece]:
    """Pieces that cover the whole range, if it holds a row at all. Each but those of a huge transaction has less than `size` rows."""
    size = size or SIZE
    first = _nth_stamp(sealed, from_stamp, to_stamp, 0)
    while first is not None:
        end = _nth_stamp(sealed, from_stamp, to_stamp, size)
        if end is None:
            yield Piece(sealed.table, from_stamp, to_stamp)
            return
        if end > first:
            yield Piece(sealed.table, from_stamp, end)
            from_stamp = first = end
        else:  # one transaction wrote more than a piece holds
            if first > from_stamp:
                yield Piece(sealed.table, from_stamp, first)
            yield from _cut_transaction(sealed, first, size)
            from_stamp = first + 1
            first = _nth_stamp(sealed, from_stamp, to_stamp, 0)


def _nth_stamp(sealed: Sealed, from_stamp: int, to_stamp: int, number: int) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT history_stamp FROM "{sealed.table}" WHERE history_stamp >= %s AND history_stamp < %s '
            f"ORDER BY history_stamp OFFSET {number} LIMIT 1",
            [from_stamp, to_stamp],
        )
        row = cursor.fetchone()
    return row[0] if row else None


def _cut_transaction(sealed: Sealed, stamp: int, size: int) -> Iterator[Piece]:
    after = None
    # `+ 0` keeps PostgreSQL from sorting the whole transaction for every piece: its rows stand together in the order of the key.
    following = (
        f'SELECT max(key) FROM (SELECT {sealed.key} AS key FROM "{sealed.table}" WHERE history_stamp + 0 = %s '
        f"AND {sealed.key} > %s ORDER BY {sealed.key} LIMIT {size}) x"
    )
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT min({sealed.key}) - 1, max({sealed.key}) FROM "{sealed.table}" WHERE history_stamp = %s', [stamp])
        before, last = cursor.fetchone()
        while True:
            cursor.execute(following, [stamp, before])
            (until,) = cursor.fetchone()
            yield Piece(sealed.table, stamp, stamp + 1, after, None if until >= last else until)
            if until >= last:
                return
            after = before = until


def read(piece: Piece, sealed: Sealed, columns: Iterable[str], *, prints: bool) -> Content:
    """Digest what is in the table now."""
    where, parameters = _where(piece, sealed)
    extra = ", string_agg(int8send(key), ''::bytea), string_agg(int8send(hashtextextended(line, 0)), ''::bytea)" if prints else ""
    connection.ensure_connection()
    with Cursor(connection.connection) as cursor:  # Django's own knows no binary answers: in text, each byte takes two
        cursor.execute(
            f"SELECT count(*), sha256(convert_to(string_agg(line, E'\\n'), 'UTF8')), array_agg(key) FILTER (WHERE fault){extra} FROM ("
            f"SELECT r.{sealed.key}::bigint AS key, {line_sql(list(columns))} AS line, {personal_faults_sql(sealed)} AS fault "
            f'FROM "{sealed.table}" r WHERE {where} ORDER BY r.history_stamp, r.{sealed.key} OFFSET 0) x',
            parameters,
            prepare=False,
            binary=True,
        )
        rows, digest, faults, *rest = cursor.fetchone()
    return Content(rows, digest or b"", faults or [], *(value or b"" for value in rest))


def _where(piece: Piece, sealed: Sealed) -> tuple[str, list[int]]:
    where, parameters = ["r.history_stamp >= %s", "r.history_stamp < %s"], [piece.from_stamp, piece.to_stamp]
    # Within one transaction the key alone finds the rows; the stamp is only compared.
    if piece.after_id is not None or piece.until_id is not None:
        where = ["r.history_stamp + 0 >= %s", "r.history_stamp + 0 < %s"]
    if piece.after_id is not None:
        where, parameters = [*where, f"r.{sealed.key} > %s"], [*parameters, piece.after_id]
    if piece.until_id is not None:
        where, parameters = [*where, f"r.{sealed.key} <= %s"], [*parameters, piece.until_id]
    return " AND ".join(where), parameters


def in_parallel[T](work: Callable[[T], Any], jobs: Iterable[T]) -> Iterator[tuple[T, Any]]:
    """Each job with its result, in their order; by two connections when there are many jobs, and one batch ahead of whoever takes them."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        under_way: tuple[Sequence[T], list[Future]] | None = None
        for batch in batched(jobs, BATCH):
            if len(batch) < WORTH_IT:
                started: list[Future] = []
            else:
                started = [pool.submit(_on_own_connection, work, batch[share::AT_ONCE]) for share in range(AT_ONCE)]
            if under_way:
                yield from _results(work, *under_way)
            under_way = batch, started
        if under_way:
            yield from _results(work, *under_way)


def _results[T](work: Callable[[T], Any], batch: Sequence[T], started: Sequence[Future]) -> Iterator[tuple[T, Any]]:
    """Of the jobs of `batch`; they are done here and now if none was started."""
    done = [future.result() for future in started]
    for index, job in enumerate(batch):
        yield job, done[index % AT_ONCE][index // AT_ONCE] if done else work(job)


def _on_own_connection[T](work: Callable[[T], Any], jobs: Iterable[T]) -> list[Any]:
    try:
        return [work(job) for job in jobs]
    finally:
        connection.close()  # Django keeps one for each thread
