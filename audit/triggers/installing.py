"""Putting the triggers into the database, and telling where it differs from the models."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connections, transaction

from audit.triggers.functions import FUNCTIONS, MAINTENANCE_ROLE
from audit.triggers.recording import append_only_triggers, audited_models, function_name, function_sql, triggers_of

# Triggers as PostgreSQL tells them: table, name, is it enabled for every session, its definition.
INSTALLED_TRIGGERS = """
    SELECT c.relname, t.tgname, t.tgenabled IN ('O', 'A'), pg_get_triggerdef(t.oid, true)
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE c.relnamespace = current_schema()::regnamespace AND t.tgname LIKE 'audit\\_%%' AND NOT t.tgisinternal
"""
INSTALLED_FUNCTIONS = (
    "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = current_schema()::regnamespace AND proname LIKE 'audit\\_%%'"
)


def wanted_functions() -> dict[str, str]:
    return FUNCTIONS | {function_name(model): function_sql(model) for model in audited_models()}


def wanted_triggers() -> Iterator[tuple[str, str, str]]:
    for model in audited_models():
        yield from triggers_of(model)
    for model in apps.get_app_config("audit").get_models():
        if not getattr(model, "append_only", True):
            continue
        written_by_triggers = model._meta.model_name == "entry"
        yield from append_only_triggers(model._meta.db_table, written_by_triggers=written_by_triggers)


def install(*, using: str = DEFAULT_DB_ALIAS, **_: object) -> None:
    """Make the database's triggers those of the models: a receiver of `post_migrate`, and harmless to repeat."""
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('audit.install'))")
        _grant_maintenance(cursor)
        if not faults(using=using):
            return
        for sql in wanted_functions().values():
            cursor.execute(sql)
        for _table, name, definition in wanted_triggers():
            cursor.execute(f"CREATE OR REPLACE TRIGGER {name} {definition}")
        for table, name in _surplus(using):
            cursor.execute(f'DROP TRIGGER {name} ON "{table}"')
        for table, name in _disabled(using):
            cursor.execute(f'ALTER TABLE "{table}" ENABLE TRIGGER {name}')


def faults(*, using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """What is wrong with the triggers of this database, in words; nothing if all is as it should be."""
    with connections[using].cursor() as cursor:
        cursor.execute(INSTALLED_FUNCTIONS)
        functions = dict(cursor.fetchall())
        cursor.execute(INSTALLED_TRIGGERS)
        triggers = {(table, name): (enabled, _canonical(text)) for table, name, enabled, text in cursor.fetchall()}
    found = [f"The function {name} is missing or altered." for name, sql in wanted_functions().items() if functions.get(name) != _body(sql)]
    wanted = {(table, name): _canonical(f"CREATE TRIGGER {name} {definition}") for table, name, definition in wanted_triggers()}
    for (table, name), text in wanted.items():
        enabled, installed = triggers.get((table, name), (False, None))
        if installed != text:
            found.append(f"The trigger {name} on {table} is missing or altered.")
        elif not enabled:
            found.append(f"The trigger {name} on {table} is disabled.")
    found += [f"The trigger {name} on {table} is not ours." for table, name in triggers.keys() - wanted.keys()]
    return found


def _body(sql: str) -> str:
    return sql.split("$body$")[1]


def _canonical(definition: str) -> str:
    """PostgreSQL quotes a name only where it has to."""
    return definition.replace('"', "")


def _surplus(using: str) -> list[tuple[str, str]]:
    wanted = {(table, name) for table, name, _definition in wanted_triggers()}
    with connections[using].cursor() as cursor:
        cursor.execute(INSTALLED_TRIGGERS)
        return [(table, name) for table, name, _enabled, _text in cursor.fetchall() if (table, name) not in wanted]


def _disabled(using: str) -> list[tuple[str, str]]:
    with connections[using].cursor() as cursor:
        cursor.execute(INSTALLED_TRIGGERS)
        return [(table, name) for table, name, enabled, _text in cursor.fetchall() if not enabled]


def _grant_maintenance(cursor: Any) -> None:
    """Make the maintenance role if we may; else an operator does (docs/operators.md)."""
    cursor.execute(f"""
        DO $do$ BEGIN
            IF to_regrole('{MAINTENANCE_ROLE}') IS NULL
                AND (SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user)
            THEN
                BEGIN
                    CREATE ROLE {MAINTENANCE_ROLE} NOLOGIN;
                EXCEPTION WHEN duplicate_object OR unique_violation THEN
                    NULL;  -- another database of this server made it meanwhile: roles are shared
                END;
            END IF;
            IF to_regrole('{MAINTENANCE_ROLE}') IS NOT NULL THEN
                EXECUTE format('GRANT USAGE ON SCHEMA %I TO {MAINTENANCE_ROLE}', current_schema());
                EXECUTE format('GRANT ALL ON ALL TABLES IN SCHEMA %I TO {MAINTENANCE_ROLE}', current_schema());
                EXECUTE format('GRANT ALL ON ALL SEQUENCES IN SCHEMA %I TO {MAINTENANCE_ROLE}', current_schema());
            END IF;
        END $do$
    """)
