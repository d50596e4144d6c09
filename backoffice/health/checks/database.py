"""PostgreSQL: does it answer, has it our tables, and will it go on."""

from collections.abc import Iterator
from functools import cache

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice.health.findings import Finding, Group, since
from backoffice.health.registry import check, why_no_answer

NAMED = 5
FEW_CONNECTIONS = 5
# An import may take 19 minutes. What is open for longer keeps PostgreSQL from tidying up, and the newest changes from being sealed.
LONG_TRANSACTIONS = """
    SELECT pid, application_name, state = 'idle in transaction', xact_start, clock_timestamp()
    FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL AND backend_type = 'client backend'
      AND (xact_start < clock_timestamp() - interval '30 minutes'
           OR (state = 'idle in transaction' AND state_change < clock_timestamp() - interval '5 minutes'))
    ORDER BY xact_start LIMIT 5
"""
# The names of other people's sessions are hidden from a plain role, their number is not.
CONNECTIONS = """
    SELECT (SELECT sum(numbackends) FROM pg_stat_database),
           current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
           - current_setting('reserved_connections')::int
"""
INVALID_INDEXES = """
    SELECT indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE NOT i.indisvalid AND c.relkind = 'i' AND c.relnamespace = current_schema()::regnamespace ORDER BY 1
"""


@check("database", Group.DATABASE, asks_database=False, on_card=True, ready=True)
def database() -> Iterator[Finding]:
    if why := why_no_answer():
        yield Finding(
            _("The database does not answer: %(why)s.") % {"why": why},
            _("Start PostgreSQL, and check host, name and password in DATABASE_URL. Until it answers, most else cannot be looked at."),
        )


@cache
def migrations_on_disk() -> MigrationLoader:
    """As they lie in the folders of this process: reading them takes a while."""
    return MigrationLoader(None)


@check("migrations", Group.DATABASE, on_card=True, ready=True)
def migrations() -> Iterator[Finding]:
    recorder = MigrationRecorder(connection)
    done = set(recorder.applied_migrations()) if recorder.has_table() else set()
    missing = sorted(f"{app}.{name}" for app, name in migrations_on_disk().graph.leaf_nodes() if not _is_done((app, name), done))
    if missing:
        told = {"count": len(missing), "names": ", ".join(missing[:NAMED]) + (" …" if len(missing) > NAMED else "")}
        text = ngettext(
            "The tables are those of an older version: %(names)s is not applied.",
            "The tables are those of an older version: %(names)s are not applied.",
            len(missing),
        )
        yield Finding(text % told, _("Run “manage.py migrate”, then restart web, worker and clock."))


def _is_done(one: tuple[str, str], done: set[tuple[str, str]]) -> bool:
    """A file may stand for several that were applied when each was a file of its own: `migrate` does nothing about it either."""
    standing_for_others = migrations_on_disk().replacements.get(one)
    return one in done or (standing_for_others is not None and done >= set(standing_for_others.replaces))


@check("indexes", Group.DATABASE)
def indexes() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute(INVALID_INDEXES)
        for (name,) in cursor.fetchall():
            yield Finding(
                _("The index %(name)s is not valid: making it was broken off, and it is kept up to date for nothing.") % {"name": name},
                _("As the owner of the database: REINDEX INDEX CONCURRENTLY %(name)s;") % {"name": name},
            )


@check("transactions", Group.DATABASE)
def transactions() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute(LONG_TRANSACTIONS)
        for pid, name, is_idle, began, now in cursor.fetchall():
            told = {"pid": pid, "name": name or _("a program without a name"), "since": since(began, now)}
            text = (
                _("Process %(pid)s of the database (%(name)s) holds a transaction open %(since)s and does nothing.")
                if is_idle
                else _("Process %(pid)s of the database (%(name)s) is in one transaction %(since)s.")
            )
            remedy = _("Find out what it is. To end it, as the owner of the database: SELECT pg_terminate_backend(%(pid)s);")
            yield Finding(text % told, remedy % told)


@check("connections", Group.DATABASE)
def connections() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute(CONNECTIONS)
        used, allowed = cursor.fetchone()
    if allowed - used < FEW_CONNECTIONS:
        yield Finding(
            _("PostgreSQL has %(used)s of %(allowed)s connections in use: the next may be refused.") % {"used": used, "allowed": allowed},
            _("Run fewer processes of web and worker, or raise max_connections in postgresql.conf and restart PostgreSQL."),
        )


@check("checksums", Group.DATABASE)
def checksums() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(checksum_failures), max(checksum_last_failure), clock_timestamp() FROM pg_stat_database")
        failures, last, now = cursor.fetchone()
    if failures:
        yield Finding(
            _("PostgreSQL found %(count)s damaged pages, the last %(since)s: the disk or the memory of its machine is failing.")
            % {"count": failures, "since": since(last, now)},
            _("Take a dump (pg_dump) now, restore it on another machine, and let someone look at this one."),
        )
