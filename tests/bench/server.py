"""The benchmarks' own PostgreSQL under var/bench, with one database per scale. Imports nothing of Django's."""

import atexit
import os
from pathlib import Path

import psycopg

from backoffice.postgres import EmbeddedServer

FOLDER = Path(__file__).resolve().parents[2] / "var" / "bench"
# The data of L fits into memory, so that a figure tells of work and not of this disk; no autovacuum, so that
# none runs during a measurement (every bench that writes cleans up itself). All else as in production.
SETTINGS = ("shared_buffers=3GB", "work_mem=32MB", "maintenance_work_mem=512MB", "max_wal_size=8GB", "autovacuum=off")
SERVER = EmbeddedServer(FOLDER / "postgres", settings=SETTINGS)


def database(scale: str) -> str:
    return f"bench_{scale.lower()}"


def prepare(scale: str) -> None:
    """Start the server and point Django's settings, not loaded yet, at the database of `scale`."""
    (FOLDER / "static").mkdir(parents=True, exist_ok=True)
    if SERVER.start():
        atexit.register(SERVER.stop)  # its memory is for measuring only
    create(database("S"))
    create(database(scale))
    os.environ |= {"ENVIRONMENT": "local", "VAR_DIR": str(FOLDER), "DATABASE_URL": SERVER.url(database(scale)), "LOG_LEVEL": "ERROR"}
    os.environ["DJANGO_SETTINGS_MODULE"] = "backoffice.settings"


def create(name: str, *, anew: bool = False, template: str = "template0") -> None:
    with psycopg.connect(SERVER.url(), autocommit=True) as server:
        if anew:
            server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')


def drop(name: str) -> None:
    with psycopg.connect(SERVER.url(), autocommit=True) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def set_durable(durable: bool) -> None:
    """Seeding runs without fsync, measuring never does."""
    with psycopg.connect(SERVER.url(), autocommit=True) as server:
        server.execute("ALTER SYSTEM RESET fsync" if durable else "ALTER SYSTEM SET fsync = off")
        server.execute("SELECT pg_reload_conf()")
        server.execute("CHECKPOINT")
