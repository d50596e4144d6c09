"""Four years of history on top of an organisation: 100,000 rows at S, 1,000,000 at M, 10,000,000 at L.

Seven rows in ten are what readers did, two are members that imports added (500 a statement), the rest are changed
notices and people. Written directly, as nothing is measured here; the stamps are those of an earlier epoch, so that
all rows count as committed long ago.
"""

# ruff: noqa: T201 - printing is its answer

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from audit.models import Entry
from audit.triggers.recording import commitment_sql
from notices.models import Notice, ReadAcknowledgment
from recipients.models import RecipientGroupAdditionalRecipient, User
from tests.bench.seeding import OFFSET, SCALES, count, execute, insert, rank

ROWS = {"S": 100_000, "M": 1_000_000, "L": 10_000_000}
VERSION = 2  # raise it when the rows change
IMPORTED = 500  # rows of one statement
PARTS = (ReadAcknowledgment, RecipientGroupAdditionalRecipient, Notice, User)


def ensure(scale: str) -> None:
    """Use the history of this scale if it stands there complete, else make it."""
    if _is_there(scale):
        return
    began = time.monotonic()
    with transaction.atomic(), _without_indexes():
        _write(scale)
    execute("ANALYZE")
    for table in _tables():
        execute(f"VACUUM {table}")
    print(f"Made {ROWS[scale]:,} rows of history at {scale} in {time.monotonic() - began:.0f} s.")


def _is_there(scale: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT obj_description('audit_entry'::regclass)")
        return cursor.fetchone()[0] == f"{VERSION} {ROWS[scale]}"


def _tables() -> list[str]:
    return [Entry._meta.db_table, *(model.history.model._meta.db_table for model in PARTS)]


@contextmanager
def _without_indexes() -> Iterator[None]:
    """Built at the end they cost a third."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s) AND NOT EXISTS ("
            "SELECT FROM pg_constraint WHERE conname = indexname)",
            [_tables()],
        )
        indexes = cursor.fetchall()
        for name, _definition in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
        yield
        for _name, definition in indexes:
            cursor.execute(definition)


def _write(scale: str) -> None:
    total, people = ROWS[scale], SCALES[scale].people
    first = OFFSET
    for part in (_readings, _imports, _notices, _people):
        first += part(total, people, first)
    execute("SELECT setval('audit_history_id', (SELECT max(history_last) FROM audit_entry))")
    execute("SELECT setval('audit_entry_id', (SELECT max(id) FROM audit_entry))")
    execute(
        "INSERT INTO audit_epoch (number, started_at, reason, system_identifier, history_stamp) "
        "SELECT coalesce(max(number), 0) + 1, now(), 'The benchmark begins', (SELECT system_identifier FROM pg_control_system()), "
        "audit_stamp() FROM audit_epoch"
    )
    execute(f"COMMENT ON TABLE audit_entry IS '{VERSION} {ROWS[scale]}'")


def _entries(changed: type, rows: str, *, first: int, kind: str, **columns: str) -> int:
    """One entry for each of `rows`, which are numbered g = 0, 1, … and have `at`; history ids are given by `columns`."""
    return insert(
        Entry,
        rows,
        id=f"{first} + g",
        at="at",
        kind=kind,
        model=f"'{changed._meta.label_lower}'",
        operation=f"{first} + g",
        history_stamp=f"{first} + g",
        **columns,
    )


def _moments(number: int) -> str:
    at = f"now() - interval '4 years' + interval '4 years' * ((g + random()) / {number})"
    return f"(SELECT g, {at} AS at FROM generate_series(0, {number - 1}) g) s"


def _history(model: type, rows: str, *, first: str, kind: str, entry: str, **columns: str) -> int:
    return insert(
        model.history.model,
        rows,
        history_id=first,
        history_date="at",
        history_type=kind,
        history_entry_id=entry,
        history_stamp=entry,
        **columns,
    )


def _readings(total: int, people: int, first: int) -> int:
    number = total * 7 // 10
    execute(
        f"""
        CREATE TEMP TABLE reading_act ON COMMIT DROP AS
        SELECT g, at, {OFFSET} + 1 + {rank(people, 2)} AS user_id, {OFFSET} + 1 + {rank(people)} AS notice_id,
               CASE WHEN random() < 0.8 THEN '+' ELSE '~' END AS kind
        FROM {_moments(number)}
        """
    )
    ids = {"history_first": f"{first} + g", "history_last": f"{first} + g", "object_id": "g", "subject_id": "notice_id"}
    _entries(ReadAcknowledgment, "reading_act", first=first, kind="kind", count="1", source="'inbox'", user_id="user_id", **ids)
    return _history(
        ReadAcknowledgment,
        "reading_act",
        first=f"{first} + g",
        kind="kind",
        entry=f"{first} + g",
        id="g",
        notice_id="notice_id",
        user_id="user_id",
        history_user_id="user_id",
        revision="1",
        read_at="at",
        content_sha256="''",
    )


def _imports(total: int, people: int, first: int) -> int:
    number = total * 2 // 10 // IMPORTED
    execute(
        f"CREATE TEMP TABLE import_act ON COMMIT DROP AS SELECT g, at, {OFFSET} + 1 + {rank(100, 2)} AS group_id FROM {_moments(number)}"
    )
    ids = {"history_first": f"{first} + g * {IMPORTED}", "history_last": f"{first} + g * {IMPORTED} + {IMPORTED - 1}"}
    told = {
        "source": "'import'",
        "source_detail": "'import ' || g",
        "reason": "'Rota of week ' || g % 53",
        "user_id": f"{OFFSET} + 1 + g % 5",
    }
    _entries(
        RecipientGroupAdditionalRecipient,
        "import_act",
        first=first,
        kind="'+'",
        count=str(IMPORTED),
        subject_id="group_id",
        **told,
        **ids,
    )
    return _history(
        RecipientGroupAdditionalRecipient,
        f"import_act, generate_series(0, {IMPORTED - 1}) k",
        first=f"{first} + g * {IMPORTED} + k",
        kind="'+'",
        entry=f"{first} + g",
        id=f"g * {IMPORTED} + k",
        recipient_group_id="group_id",
        user_id=f"{OFFSET} + 1 + {rank(people)}",
        history_user_id=told["user_id"],
        history_change_reason=told["reason"],
    )


def _notices(total: int, people: int, first: int) -> int:
    number = total * 8 // 100
    execute(
        f"CREATE TEMP TABLE notice_act ON COMMIT DROP AS SELECT g, at, {OFFSET} + 1 + {rank(people)} AS notice_id, "
        f"{OFFSET} + 1 + {rank(50, 2)} AS user_id FROM {_moments(number)}"
    )
    ids = {"history_first": f"{first} + g", "history_last": f"{first} + g", "object_id": "notice_id", "subject_id": "notice_id"}
    nobody = "g % 10000 = 77"  # a few wrote without saying so
    _entries(
        Notice,
        "notice_act",
        first=first,
        kind="'~'",
        count="1",
        source=f"CASE WHEN {nobody} THEN '' ELSE 'form' END",
        db_role=f"CASE WHEN {nobody} THEN 'postgres' END",
        user_id=f"CASE WHEN NOT {nobody} THEN user_id END",
        **ids,
    )
    copied = {
        field.column: f"n.{field.column}"
        for field in Notice.history.model.tracked_fields
        if field.name not in {"id", "content", "modified_at"} and not field.is_relation
    }
    return _history(
        Notice,
        "notice_act a JOIN notices n ON n.id = a.notice_id",
        first=f"{first} + g",
        kind="'~'",
        entry=f"{first} + g",
        id="n.id",
        content="left(n.content, 300)",
        modified_at="at",
        history_user_id="user_id",
        **copied,
    )


def _people(total: int, people: int, first: int) -> int:
    number = total - total * 7 // 10 - total * 2 // 10 - total * 8 // 100
    execute(
        f"CREATE TEMP TABLE person_act ON COMMIT DROP AS SELECT g, at, {OFFSET} + 1 + {rank(people)} AS person_id FROM {_moments(number)}"
    )
    ids = {"history_first": f"{first} + g", "history_last": f"{first} + g", "object_id": "person_id", "subject_id": "person_id"}
    _entries(User, "person_act", first=first, kind="'~'", count="1", source="'form'", user_id=f"{OFFSET} + 1 + g % 5", **ids)
    copied = {
        field.column: f"u.{field.column}" for field in User.history.model.tracked_fields if field.name != "id" and not field.is_relation
    }
    return _history(
        User,
        "(SELECT *, gen_random_uuid() AS history_salt FROM person_act) a JOIN recipients_user u ON u.id = a.person_id, "
        "LATERAL (SELECT a.history_salt, u.*) p",
        first=f"{first} + g",
        kind="'~'",
        entry=f"{first} + g",
        id="u.id",
        history_user_id=f"{OFFSET} + 1 + g % 5",
        history_salt="a.history_salt",
        history_commitment=commitment_sql("p", User.history.model),
        **copied,
    )


def rows_there() -> int:
    return sum(count(table) for table in _tables()[1:])
