"""The exact bytes of a row: an explicit list of columns, each by its binary form, which no setting of a session changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any

from django.apps import apps
from django.db import connection

from audit.models import AccessRecord, Entry, Epoch, Erasure, SealFormat
from audit.triggers.recording import audited_models, commitment_sql, history_of

# Of a fixed length, so that the bytes of a row can be cut in one way only.
FIXED = {
    "bigint": "int8send",
    "integer": "int4send",
    "smallint": "int2send",
    "boolean": "boolsend",
    "timestamp with time zone": "timestamptz_send",  # microseconds
    "date": "date_send",
    "uuid": "uuid_send",
    "double precision": "float8send",
}
TEXTS = {"text", "character varying"}
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


def bytes_sql(columns: Sequence[str]) -> str:
    """SQL for the bytes of a row: which columns are NULL, then each value, those of any length after their length.

    `record_send` says the same in twice as many bytes, and hashing is what takes the time.
    """
    parsed = [_parse(column) for column in columns]
    nullable = [name for name, _kind, may_be_null in parsed if may_be_null]
    # A value that is NULL where it could not be makes all the bytes NULL, which no digest of a real row equals.
    mask = [f"(CASE WHEN {name} IS NULL THEN {1 << bit} ELSE 0 END)::bigint" for bit, name in enumerate(nullable)]
    parts = [f"int8send({' | '.join(mask)})"] if mask else []
    for name, kind, may_be_null in parsed:
        parts += [f"coalesce({value}, ''::bytea)" if may_be_null else value for value in _value(name, kind)]
    return " || ".join(parts)


def _parse(column: str) -> tuple[str, str, bool]:
    name, kind = column.split(":")
    return f'"{name}"', kind.removesuffix("?"), kind.endswith("?")


def _value(name: str, kind: str) -> list[str]:
    if kind in FIXED:
        return [f"{FIXED[kind]}({name}::{kind})"]
    if kind in TEXTS:
        return [f"int4send(octet_length({name}))", f"convert_to({name}, 'UTF8')"]
    if kind == "bytea":
        return [f"int4send(octet_length({name}))", name]
    msg = f"A column of type {kind} has no exact bytes yet. Name its binary form in {__name__}."
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
