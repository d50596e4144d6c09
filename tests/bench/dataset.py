"""A made-up organisation of a chosen size, skewed as real ones are, written by a few dozen SQL statements.

One notice in a hundred goes to all staff. The sizes of entities are heavy-tailed. One person in 200 belongs to one
small team only ("Contractor"), ten people are in fifty groups ("Coordinator"), ten read all there is ("Archivist").
"""

# ruff: noqa: T201 - printing is its answer

import hashlib
import time
from pathlib import Path

import psycopg
from django.apps import apps
from django.core.management import call_command
from django.db import connection

from tests.bench import circulation, organisation, server
from tests.bench.seeding import SCALES, Scale

VERSION = 2  # raise it when the rows change
STEPS = (
    *(organisation.people, organisation.organisation, organisation.groups),
    *(circulation.notices, circulation.audiences, circulation.readings),
)


def ensure(name: str) -> None:
    """Use the dataset of this scale if it stands there complete, else make it."""
    fingerprint = _fingerprint(name)
    if _stored_fingerprint(name) == fingerprint:
        call_command("migrate", verbosity=0)
        return
    began = time.monotonic()
    connection.close()
    server.create(server.database(name), anew=True)
    call_command("migrate", verbosity=0)
    server.set_durable(False)
    try:
        _seed(SCALES[name])
    finally:
        server.set_durable(True)
    seconds = time.monotonic() - began
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_dataset AS SELECT %s::text AS fingerprint, %s::float8 AS seconds", [fingerprint, seconds])
    print(f"Made the dataset {name} in {seconds:.0f} s.")


def _fingerprint(name: str) -> str:
    """Changes with the scale, the generator and the tables it fills."""
    digest = hashlib.sha256(f"{VERSION} {SCALES[name]}".encode())
    for app in ("audit", "recipients", "notices"):
        for path in sorted((Path(apps.get_app_config(app).path) / "migrations").glob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _stored_fingerprint(name: str) -> str:
    with psycopg.connect(server.SERVER.url(server.database(name)), autocommit=True) as database:
        try:
            return database.execute("SELECT fingerprint FROM bench_dataset").fetchone()[0]
        except psycopg.errors.UndefinedTable:
            return ""


def _seed(scale: Scale) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT setseed(0.42)")
    for step in STEPS:
        began = time.monotonic()
        step(scale)
        print(f"  {step.__name__:<14}{time.monotonic() - began:6.1f} s", flush=True)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")  # index-only scans need the visibility map
