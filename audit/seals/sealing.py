"""Making the next seal: over everything that transactions which have ended wrote since the last one."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import batched

from django.db import connection, transaction

from audit.models import Seal, SealFormat, SealPart
from audit.seals import anchors, counters, epochs, keys, pieces
from audit.seals.formats import digest_of, format_now, sealed_tables
from backoffice import clock

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
AT_ONCE = 50  # parts of one INSERT


class SealingIsOffError(Exception):
    """The message says why."""


def seal() -> Seal | None:
    """Seal what is there to seal and anchor it. None when there was nothing, or another sealer is at work.

    Raises:
        SealingIsOffError: the database is not the one that was sealed last.
    """
    with _alone() as alone:
        if not alone:
            return None
        if why := epochs.why_sending_is_off():
            raise SealingIsOffError(why)
        made = _seal_next()
        anchors.append_missing()  # also of one that a killed process made
        counters.note(epochs.position().epoch)
    return made


@contextmanager
def _alone() -> Iterator[bool]:
    """Held over the commit and the anchoring, and let go by PostgreSQL when the process dies."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext('audit.seal'))")
        (alone,) = cursor.fetchone()
        try:
            yield alone
        finally:
            if alone and connection.is_usable():
                cursor.execute("SELECT pg_advisory_unlock(hashtext('audit.seal'))")


@transaction.atomic
def _seal_next() -> Seal | None:
    head, anchor, now = Seal.objects.order_by("-number").first(), anchors.newest(), epochs.position()
    made = Seal(
        # Numbers that an older epoch gave out are not given out again.
        number=max(head.number if head else 0, anchor.number if anchor else 0) + 1,
        sealed_at=clock.now(),
        epoch=now.epoch,
        system_identifier=now.system_identifier,
        from_stamp=head.to_stamp if head else 0,
        to_stamp=now.horizon,
        previous=bytes(head.digest) if head else b"",
        rows=0,
    )
    contents, rows = sha256(), 0
    for batch in batched(_parts(made), AT_ONCE):
        _keep(batch)
        rows += sum(part.rows for part in batch)
        for part in batch:
            contents.update(part_bytes(part))
    if rows == 0:
        return None
    made.rows, made.rows_in_total = rows, rows + (head.rows_in_total if head else 0)
    made.digest = digest(made, contents.digest())
    made.signature, made.key_id = keys.sign(made.digest)
    made.save(force_insert=True)
    return made


def _keep(parts: Sequence[SealPart]) -> None:
    """By COPY: as text in an INSERT the keys and prints would take as long as all the hashing."""
    fields = [field for field in SealPart._meta.concrete_fields if not field.primary_key]
    columns = ", ".join(field.column for field in fields)
    with connection.cursor() as cursor, cursor.copy(f"COPY {SealPart._meta.db_table} ({columns}) FROM STDIN (FORMAT binary)") as copy:
        copy.set_types([field.db_type(connection) for field in fields])
        for part in parts:
            copy.write_row([getattr(part, field.attname) for field in fields])


def _parts(made: Seal) -> Iterator[SealPart]:
    tables = sealed_tables()
    formats: dict[str, SealFormat] = {}

    def read(piece: pieces.Piece) -> pieces.Content:
        return pieces.read(piece, tables[piece.table], formats[piece.table].columns, prints=True)

    def cut() -> Iterator[pieces.Piece]:
        for table in tables.values():
            for piece in pieces.cut(table, made.from_stamp, made.to_stamp):
                if piece.table not in formats:
                    formats[piece.table] = format_now(table)
                yield piece

    for number, (piece, content) in enumerate(pieces.in_parallel(read, cut())):
        yield SealPart(
            seal_id=made.number,
            format=formats[piece.table],
            piece=number,
            from_stamp=piece.from_stamp,
            to_stamp=piece.to_stamp,
            after_id=piece.after_id,
            until_id=piece.until_id,
            rows=content.rows,
            digest=content.digest,
            row_ids=content.row_ids,
            prints=content.prints,
        )


def part_bytes(part: SealPart) -> bytes:
    """What a seal says of a part."""
    told = [part.piece, part.from_stamp, part.to_stamp, part.after_id, part.until_id, part.rows, bytes(part.digest).hex()]
    return json.dumps([digest_of(part.format).hex(), *told]).encode() + b"\n"


def digest(made: Seal, contents: bytes) -> bytes:
    """What a seal says of itself; `contents` is the digest of its parts, in their order."""
    told = [made.number, microseconds(made.sealed_at), made.epoch, made.system_identifier, made.from_stamp, made.to_stamp]
    told += [made.rows, made.rows_in_total, bytes(made.previous).hex(), contents.hex()]
    return sha256(json.dumps(told).encode()).digest()


def microseconds(moment: datetime) -> int:
    return (moment - BEGINNING) // timedelta(microseconds=1)
