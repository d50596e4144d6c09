"""The trigger function of one audited table, generated from its model."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from django.apps import apps
from django.db import models

from audit.records import BOOKKEEPING


def audited_models() -> list[Any]:
    """Every model that has a history, those of other packages and their many-to-many tables too, in a fixed order."""
    found = [m for m in apps.get_models(include_auto_created=True) if hasattr(m._meta, "simple_history_manager_attribute")]
    return sorted((m for m in found if not m._meta.proxy), key=lambda m: m._meta.label_lower)


@cache  # simple-history makes a class for every answer
def history_of(model: Any) -> Any:
    return getattr(model, model._meta.simple_history_manager_attribute).model


def function_name(model: Any) -> str:
    return f"audit_record_{model._meta.db_table}"[:63]


def commitment_sql(alias: str, history: Any) -> str:
    """What the seal knows of personal values: a digest over a salt and each value with its length (-1: NULL)."""
    values = [f"{alias}.{_quoted(history._meta.get_field(name).column)}::text" for name in history.personal]
    parts = [f"int4send(coalesce(octet_length({v}), -1)) || convert_to(coalesce({v}, ''), 'UTF8')" for v in values]
    return f"sha256(uuid_send({alias}.history_salt) || {' || '.join(parts)})"


def function_sql(model: Any) -> str:
    """One function for the three events; each branch sees the transition tables of its own event."""
    columns = [field.column for field in history_of(model).tracked_fields]
    inserts = {
        "INSERT": _insert(model, columns, "+", "new_rows n"),
        "UPDATE": _insert(model, columns, "~", f"new_rows n JOIN old_rows o USING ({_pk(model)}) WHERE {_changed(model)}"),
        "DELETE": _insert(model, columns, "-", "old_rows n"),
    }
    subject = _subject(model)
    branches = "".join(
        f"    WHEN '{event}' THEN\n        v_kind := '{kind}';\n{insert}        GET DIAGNOSTICS v_count = ROW_COUNT;\n{subject(rows)}"
        for (event, insert), kind, rows in zip(inserts.items(), "+~-", ("new_rows", "new_rows", "old_rows"), strict=True)
    )
    return f"""
CREATE OR REPLACE FUNCTION {function_name(model)}() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    v_entry bigint;
    v_first bigint;
    v_now timestamptz := audit_clock();
    v_actor bigint := nullif(current_setting('audit.actor', true), '')::bigint;
    v_reason text := nullif(current_setting('audit.reason', true), '');
    v_stamp bigint;
    v_kind text;
    v_count bigint;
    v_object bigint;
    v_subject bigint;
BEGIN
    IF audit_is_off() THEN
        RETURN NULL;
    END IF;
    v_entry := nextval('audit_entry_id');
    v_first := nextval('audit_history_id') + 1;
    v_stamp := audit_stamp();
    CASE TG_OP
{branches}    END CASE;
    IF v_count = 0 THEN
        RETURN NULL;
    END IF;
    IF v_count = 1 THEN
        SELECT {_pk(model)} INTO v_object FROM {_table(history_of(model))} WHERE history_id = currval('audit_history_id');
    END IF;
    PERFORM audit_note(
        v_entry, v_now, v_actor, v_reason, v_stamp, '{model._meta.label_lower}', v_kind, v_count,
        v_first, currval('audit_history_id'), v_object, {"v_subject" if history_of(model).part_of else "v_object"}
    );
    RETURN NULL;
END
$body$
"""


def _insert(model: Any, columns: list[str], kind: str, source: str) -> str:
    history = history_of(model)
    names = [*map(_quoted, columns), "history_date", "history_change_reason", "history_user_id", "history_type"]
    values = [*(f"n.{_quoted(c)}" for c in columns), "v_now", "v_reason", "v_actor", f"'{kind}'"]
    names += ["history_entry_id", "history_stamp"]
    values += ["v_entry", "v_stamp"]
    if history.personal:
        names += ["history_salt", "history_commitment"]
        values += ["n.history_salt", commitment_sql("n", history)]
        source = f"(SELECT n.*, gen_random_uuid() AS history_salt FROM {source}) n"
    return f"        INSERT INTO {_table(history)} ({', '.join(names)})\n        SELECT {', '.join(values)} FROM {source};\n"


def _changed(model: Any) -> str:
    """True where a tracked column really changed."""
    fields = [f for f in history_of(model).tracked_fields if not f.primary_key and f.name not in BOOKKEEPING]
    new, old = (", ".join(f"{side}.{_quoted(f.column)}" for f in fields) for side in "no")
    return f"({new}) IS DISTINCT FROM ({old})"


def _subject(model: Any) -> Any:
    """What all the rows belong to, if it is one thing."""
    part_of = history_of(model).part_of
    if not part_of:
        return lambda _rows: ""
    column = _quoted(model._meta.get_field(part_of[0]).column)
    return lambda rows: f"        SELECT CASE WHEN min({column}) = max({column}) THEN min({column}) END INTO v_subject FROM {rows};\n"


def triggers_of(model: Any) -> Iterator[tuple[str, str, str]]:
    """Table, name and definition of each trigger on the model's table and on its history table."""
    table, history = model._meta.db_table, history_of(model)._meta.db_table
    function = function_name(model)
    for event, referencing in (
        ("INSERT", "NEW TABLE AS new_rows"),
        ("UPDATE", "OLD TABLE AS old_rows NEW TABLE AS new_rows"),
        ("DELETE", "OLD TABLE AS old_rows"),
    ):
        yield (
            table,
            f"audit_{event.lower()}",
            f"AFTER {event} ON {_table(model)} REFERENCING {referencing} FOR EACH STATEMENT EXECUTE FUNCTION {function}()",
        )
    yield table, "audit_truncate", f"BEFORE TRUNCATE ON {_table(model)} FOR EACH STATEMENT EXECUTE FUNCTION audit_no_truncate()"
    yield table, "audit_key", f"BEFORE UPDATE OF {_pk(model)} ON {_table(model)} FOR EACH STATEMENT EXECUTE FUNCTION audit_fixed_key()"
    yield from append_only_triggers(history, written_by_triggers=True)


def append_only_triggers(table: str, *, written_by_triggers: bool) -> Iterator[tuple[str, str, str]]:
    """What keeps the rows of a table of the trail as they were written."""
    name = _quoted(table)
    yield table, "audit_append_only", f"BEFORE DELETE OR UPDATE ON {name} FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()"
    yield table, "audit_truncate", f"BEFORE TRUNCATE ON {name} FOR EACH STATEMENT EXECUTE FUNCTION audit_no_truncate()"
    if written_by_triggers:
        yield table, "audit_written_by_triggers", f"BEFORE INSERT ON {name} FOR EACH STATEMENT EXECUTE FUNCTION audit_written_by_triggers()"


def _table(model: type[models.Model]) -> str:
    return _quoted(model._meta.db_table)


def _pk(model: Any) -> str:
    return _quoted(model._meta.pk.column)


def _quoted(name: str) -> str:
    return f'"{name}"'
