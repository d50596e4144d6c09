"""The exact bytes of a row: an explicit list of columns, each in a form which no setting of a session changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from itertools import batched
from typing import Any

from django.apps import apps
from django.db import connection

from audit.models import AccessRecord, Entry, Epoch, Erasure, SealFormat
from audit.triggers.recording import audited_models, commitment_sql, history_of

# What each value is written as. None of it has a comma in it, or depends on a setting of the session.
WRITTEN = {
    "bigint": "{}::bigint",
    "integer": "{}::integer",
    "smallint": "{}::smallint",
    "boolean": "{}::boolean",
    "uuid": "{}::uuid",
    "timestamp with time zone": "encode(timestamptz_send({}::timestamptz), 'hex')",  # microseconds
    "date": "encode(date_send({}::date), 'hex')",
    "double precision": "encode(float8send({}::float8), 'hex')",
    "bytea": "encode({}, 'hex')",
    "smallint[]": "encode(array_send({}::smallint[]), 'hex')",
}
TEXTS = {"text", "character varying"}
MOST_ARGUMENTS = 90  # PostgreSQL takes 100
COLUMNS = """
    SELECT attname, format_type(atttypid, NULL), attnotnull FROM pg_attribute
    WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped ORDER BY attname
"""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A table of the trail."""

    table: str
    key: str  # its first column in order, next to the stamp
    history: Any = None  # the history model, if it is one

    @property
    def personal(self) -> list[str]:
        return [self.history._meta.get_field(name).column for name in self.history.personal] if self.history else []

    @property
    def unsealed(self) -> set[str]:
        """Columns that may be erased: the commitment beside them is sealed instead."""
        return {*self.personal, "history_salt"} if self.personal else set()


@cache
def sealed_tables() -> dict[str, Sealed]:
    histories = [history_of(model) for model in audited_models()]
    found = [Sealed(history._meta.db_table, "history_id", history) for history in histories]
    others: tuple[Any, ...] = (Entry, AccessRecord, Erasure, Epoch)
    found += [Sealed(model._meta.db_table, model._meta.pk.column) for model in others]
    return {sealed.table: sealed for sealed in sorted(found, key=lambda sealed: sealed.table)}


def columns_now(sealed: Sealed) -> list[str]:
    """As `SealFormat` keeps them."""
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS, [sealed.table])
        found = {
            name: f"{name}:{kind}{'' if not_null else '?'}" for name, kind, not_null in cursor.fetchall() if name not in sealed.unsealed
        }
    return [found.pop(sealed.key), *found.values()]


def format_now(sealed: Sealed) -> SealFormat:
    """The format of a new seal: the newest one, or another if the columns have changed."""
    return SealFormat.objects.get_or_create(table=sealed.table, columns=columns_now(sealed))[0]


def digest_of(kept: SealFormat) -> bytes:
    return sha256("\0".join([kept.table, *kept.columns]).encode()).digest()


def line_sql(columns: Sequence[str]) -> str:
    """SQL for a row as one line of text, which can be cut into its values in one way only.

    First how many values are NULL that could not be, which is 0 of every real row; then which of the others are NULL;
    then those that are not. A value ends at its comma, a text after its length.

    One call that joins texts takes two thirds of the time of joining the binary forms, though it says the same.
    """
    parsed = [_parse(column) for column in columns]
    required = [name for name, _kind, may_be_null in parsed if not may_be_null]
    nullable = [name for name, _kind, may_be_null in parsed if may_be_null]
    missing = " + ".join(f"num_nulls({', '.join(part)})" for part in batched(required, MOST_ARGUMENTS))  # the key at least is one
    mask = [f"CASE WHEN {name} IS NULL THEN {1 << bit} ELSE 0 END" for bit, name in enumerate(nullable)]
    values = [missing, " + ".join(mask) or "0"]
    for name, kind, _may_be_null in parsed:
        values += _value(name, kind)
    return _joined(values)


def _joined(values: Sequence[str]) -> str:
    if len(values) > MOST_ARGUMENTS:
        return _joined([_joined(part) for part in batched(values, MOST_ARGUMENTS)])
    return f"concat_ws(',', {', '.join(values)})"


def _parse(column: str) -> tuple[str, str, bool]:
    name, kind = column.split(":")
    return f'"{name}"', kind.removesuffix("?"), kind.endswith("?")


def _value(name: str, kind: str) -> list[str]:
    if kind in WRITTEN:
        return [WRITTEN[kind].format(name)]
    if kind in TEXTS:
        return [f"octet_length({name})", name]
    msg = f"A column of type {kind} has no exact form yet. Name one in {__name__}."
    raise TypeError(msg)


def personal_faults_sql(sealed: Sealed) -> str:
    """SQL that is true of a row whose personal values are neither those committed to nor properly erased."""
    if not sealed.personal:
        return "false"
    blank = " AND ".join(f"coalesce(r.\"{column}\"::text, '') = ''" for column in sealed.personal)
    model = sealed.history.instance_type
    key = model._meta.pk.column
    erased = f"EXISTS (SELECT FROM audit_erasure e WHERE e.model = '{model._meta.label_lower}' AND e.object_id = r.\"{key}\")"
    return (
        f"(CASE WHEN r.history_salt IS NULL THEN NOT ({blank} AND {erased}) "
        f"ELSE r.history_commitment IS DISTINCT FROM {commitment_sql('r', sealed.history)} END)"
    )


def is_known(kept: SealFormat) -> bool:
    """Can rows of this format still be read?"""
    sealed = sealed_tables().get(kept.table)
    if sealed is None:
        return False
    names = {column.split(":")[0] for column in columns_now(sealed)}
    return {column.split(":")[0] for column in kept.columns} <= names


def history_model(table: str) -> Any:
    return next((model for model in apps.get_models(include_auto_created=True) if model._meta.db_table == table), None)
