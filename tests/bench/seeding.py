"""The sizes of the datasets, and the few words in which their rows are described."""

from dataclasses import dataclass

from django.db import connection, models

OFFSET = 1000  # ids begin above what migrations may have made


@dataclass(frozen=True, slots=True)
class Scale:
    people: int  # and as many notices
    recipients: int
    groups: int

    @property
    def memberships(self) -> int:
        return self.people * 5

    @property
    def acknowledgements(self) -> int:
        return self.people * 10


SCALES = {"S": Scale(1_000, 100, 100), "M": Scale(20_000, 1_000, 1_000), "L": Scale(200_000, 5_000, 5_000)}


def insert(model: type[models.Model], rows: str, /, *, conflict: str = "", **columns: str) -> int:
    """INSERT … SELECT the SQL expressions `columns` FROM `rows`; columns that are not named get the field's default.

    Triggers of ours (history) are off meanwhile; those of foreign keys are not.
    """
    for field in model._meta.concrete_fields:
        if field.column not in columns and not (field.primary_key or field.null or field.generated):
            columns[field.column] = _default(field)
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(columns.values())} FROM {rows} {conflict}")
        inserted = cursor.rowcount
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        if "id" in columns:
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
    return inserted


def _default(field: models.Field) -> str:
    if isinstance(field, models.DateTimeField):
        return "now()"
    if field.has_default():
        value = field.get_default()
        if isinstance(value, list):
            return f"'{{{','.join(map(str, value))}}}'"
        return str(value).lower() if isinstance(value, bool) else f"'{value}'"
    return "''"


def execute(sql: str, parameters: dict | None = None) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.rowcount


def one_of(words: str, power: int = 1) -> str:
    """SQL for a random word; the higher the power, the more often an early one."""
    listed = words.split()
    return f"('{{{','.join(listed)}}}'::text[])[1 + floor({len(listed)} * power(random(), {power}))::int]"


def rank(count: int, power: int = 1) -> str:
    """SQL for a random number from 0 to count - 1; the higher the power, the heavier the low ones."""
    return f"floor({count} * power(random(), {power}))::bigint"


def count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return cursor.fetchone()[0]
