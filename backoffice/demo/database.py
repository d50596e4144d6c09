"""Is this database the demo's to fill, or someone's real one? A comment on the table of people tells."""

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import OperationalError, ProgrammingError

MARK = "These people are made up: the organisation of the demo."


def is_marked() -> bool:
    """Does the database hold the demo's organisation?"""
    return _ask("SELECT coalesce(obj_description(to_regclass(%s)) = %s, false)", _people(), MARK)


def mark() -> None:
    """Say that the people in this database are made up."""
    with connection.cursor() as cursor:
        cursor.execute(f"COMMENT ON TABLE {_people()} IS '{MARK}'")


def has_people() -> bool:
    return _has_table() and _ask(f"SELECT EXISTS (SELECT FROM {_people()})")


def is_someone_elses() -> bool:
    """Are there tables, but not ours?"""
    return not _has_table() and _ask("SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = current_schema())")


def is_migrated() -> bool:
    """Are the tables up to date? Asked because `migrate` takes seconds to find nothing to do."""
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def empty() -> None:
    """Drop everything of ours.

    Raises:
        CommandError: the database is in use, or may not be emptied.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '5s'")
            cursor.execute("DROP SCHEMA IF EXISTS pgmq CASCADE")
            cursor.execute("DROP SCHEMA public CASCADE")
            cursor.execute("CREATE SCHEMA public")
    except OperationalError as error:
        msg = "The database is in use. Stop what uses it (make run, make worker, make shell) and try again."
        raise CommandError(msg) from error
    except ProgrammingError as error:
        msg = f"The database cannot be emptied: {error}".strip()
        raise CommandError(msg) from error


def _people() -> str:
    return get_user_model()._meta.db_table


def _has_table() -> bool:
    return _ask("SELECT to_regclass(%s) IS NOT NULL", _people())


def _ask(question: str, *parameters: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(question, parameters)
        return cursor.fetchone()[0]
