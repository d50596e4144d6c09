"""Sealing and verifying what history there is, against a plain sequential read of the same rows.

The read is a binary COPY of all columns that the client drains. Seals that are there already are removed first.
"""

import os
from collections.abc import Callable

from django.conf import settings
from django.db import connection

from audit.seals import counters, epochs
from audit.seals.findings import Kind
from audit.seals.formats import sealed_tables
from audit.seals.sealing import seal
from audit.seals.verifying import verify
from tests.bench import server, trail_dataset
from tests.bench.report import Figure, MeasurementError
from tests.bench.seeding import execute
from tests.bench.timing import forget_peak, resident, seconds

MEMORY = 100  # MB
SEALS = ("audit_sealpart", "audit_seal", "audit_sealformat")


def benches(scale: str) -> dict[str, Callable[[], list[Figure]]]:
    return {"seal": lambda: _measure(scale)}


def _measure(scale: str) -> list[Figure]:
    trail_dataset.ensure(scale)
    settings.AUDIT_ANCHOR_FILE = server.FOLDER / f"anchors-{scale}-{os.getpid()}.jsonl"
    try:
        _forget_seals()
        _read()
        read = seconds(_read)
        sealing = seconds(seal)
        report, forgotten = [], resident()
        forget_peak()
        verifying = seconds(lambda: report.append(verify()))
        memory = resident(peak=True) - forgotten
        wrong = [finding.sentence for finding in report[0].findings if finding.kind != Kind.TRIGGERS]
        if wrong:
            raise MeasurementError(wrong[0])
    finally:
        settings.AUDIT_ANCHOR_FILE.unlink(missing_ok=True)
        counters.path().unlink(missing_ok=True)
    return [
        Figure("seal.seal", sealing, "s", read, 1.5),
        Figure("seal.verify", verifying, "s", read, 5),
        Figure("seal.verify.memory", memory, "MB", MEMORY, 1),
    ]


def _forget_seals() -> None:
    if why := epochs.why_sending_is_off():
        raise MeasurementError(why)
    for table in SEALS:
        execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        execute(f"DELETE FROM {table}")
        execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def _read() -> None:
    for table in sealed_tables():
        with connection.cursor() as cursor, cursor.copy(f"COPY (SELECT * FROM {table}) TO STDOUT (FORMAT binary)") as rows:
            for _row in rows:
                pass
