"""Tampering shows: what is sealed is proven, and what differs is named."""

import json
import secrets
from base64 import b64encode
from functools import partial

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.maintenance import maintenance
from audit.models import AccessRecord, Erasure, Seal, SealPart
from audit.seals import anchors, keys, pieces, sealing
from audit.seals.epochs import why_sending_is_off
from audit.seals.findings import Exit, Kind
from audit.seals.formats import columns_now, line_sql, sealed_tables
from audit.seals.sealing import seal
from audit.seals.verifying import _Verification, verify
from recipients.models import Recipient, User
from tests.audit.sealing import HISTORY, seal_now, sealed, tamper, triggers_off, write

pytestmark = pytest.mark.django_db(transaction=True)


def kinds(report) -> list[str]:
    return [finding.kind for finding in report.findings]


def test_every_table_of_the_trail_has_exact_bytes():
    for table in sealed_tables().values():
        assert line_sql(columns_now(table))
    assert {"audit_entry", "audit_accessrecord", "audit_erasure", "audit_epoch", HISTORY} <= sealed_tables().keys()


def test_lines_of_rows_can_be_cut_apart_in_one_way_only():
    columns = {"a:bigint": "1 12 NULL", "b:integer?": "1 2 NULL", "c:text": "'' ',' '1,x' E'x\\n0,0' NULL", "d:text?": "'' '1,' '1,1' NULL"}
    names = [column.split(":")[0] for column in columns]
    rows = " ".join(
        f"CROSS JOIN (VALUES {', '.join(f'({value})' for value in values.split())}) {name}_ ({name})"
        for name, values in zip(names, columns.values(), strict=True)
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {line_sql(list(columns))} FROM (SELECT) one {rows}")
        lines = [f"{line}\n" for (line,) in cursor.fetchall()]
    assert len(lines) == len(set(lines)) == 3 * 3 * 5 * 4
    assert not [(one, other) for one in lines for other in lines if one != other and other.startswith(one)]


def test_a_table_may_have_more_columns_than_a_call_has_arguments():
    columns = [f"c{number}:bigint" for number in range(250)]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {line_sql(columns)} FROM (SELECT {', '.join(f'{n} AS c{n}' for n in range(250))}) r")
        assert cursor.fetchone()[0] == ",".join(["0", "0", *map(str, range(250))])


def test_what_was_sealed_and_left_alone_is_intact():
    sealed("a", "b")
    sealed("c")
    report = verify()
    assert (report.code, report.findings, report.first, report.last) == (Exit.INTACT, [], 1, 2)
    assert report.rows == Seal.objects.get(number=2).rows_in_total


def test_nothing_new_makes_no_seal():
    sealed("a")
    assert seal_now() is None
    assert Seal.objects.count() == 1


TAMPERING = {
    Kind.ALTERED: f"UPDATE {HISTORY} SET name = 'forged' WHERE code = 'b'",
    Kind.MISSING: f"DELETE FROM {HISTORY} WHERE code = 'b'",
    Kind.INSERTED: f"""
        INSERT INTO {HISTORY} SELECT (jsonb_populate_record(h, jsonb_build_object('history_id', -1))).* FROM {HISTORY} h WHERE code = 'b'
    """,
    Kind.REORDERED: f"""
        UPDATE {HISTORY} SET history_stamp = (SELECT sum(history_stamp) FROM {HISTORY} WHERE code IN ('b', 'c')) - history_stamp
        WHERE code IN ('b', 'c')
    """,
}


@pytest.mark.parametrize("kind", TAMPERING)
def test_a_row_edited_by_hand_with_triggers_disabled_is_found_and_named(kind):
    sealed("a")
    sealed("b", "c")
    sealed("d")
    row = Recipient.history.get(code="b").history_id
    tamper(TAMPERING[kind])
    report = verify()
    assert report.code == Exit.TAMPERED
    assert {finding.seal for finding in report.findings} == {2}
    found = next(finding for finding in report.findings if finding.kind == kind)
    assert (found.table, found.key) == (HISTORY, -1 if kind == Kind.INSERTED else row)
    assert str(found.key) in found.sentence


def test_every_column_counts(monkeypatch):
    monkeypatch.setattr(pieces, "WORTH_IT", 1000)  # another connection would not see what is undone
    sealed("a")
    for column in columns_now(sealed_tables()[HISTORY]):
        name, kind = column.removesuffix("?").split(":")
        other = {"text": "'x'", "character varying": "'x'", "boolean": f"NOT {name}", "timestamp with time zone": "now()"}
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {HISTORY} DISABLE TRIGGER USER")
            cursor.execute(f"UPDATE {HISTORY} SET {name} = {other.get(kind, f'coalesce({name}, 0) + 1')}")
            assert any(finding.table == HISTORY for finding in verify().findings), name
            transaction.set_rollback(True)


def test_no_setting_of_a_session_changes_the_bytes():
    write("é")
    read = partial(pieces.read, pieces.Piece(HISTORY, 0, 1 << 62), sealed_tables()[HISTORY], columns_now(sealed_tables()[HISTORY]))
    before = read(prints=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "SET TimeZone = 'Asia/Kathmandu'; SET DateStyle = 'SQL, DMY'; SET bytea_output = 'escape'; SET extra_float_digits = 0"
        )
        assert read(prints=True) == before
        cursor.execute("RESET ALL")


def test_a_column_that_comes_later_breaks_no_seal():
    sealed("a")
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {HISTORY} ADD COLUMN later text")
    try:
        assert verify().code == Exit.INTACT
        sealed("b")
        assert verify().code == Exit.INTACT
        tamper(f"UPDATE {HISTORY} SET later = 'forged' WHERE code = 'b'")
        assert [finding.seal for finding in verify().findings] == [2]
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {HISTORY} DROP COLUMN later")


SEAL_TAMPERING = {
    "UPDATE audit_seal SET rows = rows - 1 WHERE number = 2": Kind.SEAL,
    "UPDATE audit_sealpart SET digest = sha256('') WHERE seal_id = 2 AND piece = 0": Kind.SEAL,
    "UPDATE audit_seal SET signature = set_byte(signature, 0, get_byte(signature, 0) # 1) WHERE number = 2": Kind.SIGNATURE,
    "UPDATE audit_seal SET key_id = 'another' WHERE number = 2": Kind.SIGNATURE,
    "DELETE FROM audit_sealpart WHERE seal_id = 2; DELETE FROM audit_seal WHERE number = 2": Kind.CHAIN,
    "DELETE FROM audit_sealpart WHERE seal_id = 3; DELETE FROM audit_seal WHERE number = 3": Kind.CUT_OFF,
}


@pytest.mark.parametrize("statement", SEAL_TAMPERING)
def test_seals_that_were_touched_are_found(statement):
    for name in "abc":
        sealed(name)
    with triggers_off("audit_seal"), triggers_off("audit_sealpart") as cursor:
        cursor.execute(statement)
    report = verify()
    assert SEAL_TAMPERING[statement] in kinds(report)
    assert report.findings[0].seal in {2, 3}


def test_an_end_cut_off_with_its_rows_is_told_by_the_anchor():
    for name in "abc":
        sealed(name)
    with triggers_off("audit_seal"), triggers_off("audit_sealpart"), triggers_off("audit_entry"), triggers_off() as cursor:
        for table in (HISTORY, "audit_entry"):
            cursor.execute(f"DELETE FROM {table} WHERE history_stamp >= (SELECT from_stamp FROM audit_seal WHERE number = 2)")
        cursor.execute("DELETE FROM audit_sealpart WHERE seal_id >= 2; DELETE FROM audit_seal WHERE number >= 2")
    report = verify()
    assert kinds(report) == [Kind.CUT_OFF]
    assert "Seals 2 to 3 were anchored outside the database and are missing in it" in report.findings[0].sentence


def test_a_chain_written_anew_with_the_key_differs_from_its_anchor():
    sealed("a")
    sealed("b")
    tamper(f"UPDATE {HISTORY} SET name = 'forged' WHERE code = 'b'")
    with triggers_off("audit_seal"), triggers_off("audit_sealpart") as cursor:
        cursor.execute("DELETE FROM audit_sealpart WHERE seal_id = 2; DELETE FROM audit_seal WHERE number = 2")
    sealing._seal_next()
    with triggers_off("audit_seal"), triggers_off("audit_sealpart") as cursor:  # under its old number
        cursor.execute("UPDATE audit_sealpart SET seal_id = 2 WHERE seal_id > 2; UPDATE audit_seal SET number = 2 WHERE number > 2")
    assert Kind.FORK in kinds(verify())
    assert "another one than was anchored" in why_sending_is_off()


def test_disabled_triggers_are_a_finding():
    sealed("a")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE recipients_recipient DISABLE TRIGGER audit_update")
    try:
        assert verify().findings[0].sentence == "The trigger audit_update on recipients_recipient is disabled."
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE recipients_recipient ENABLE TRIGGER audit_update")


# -- personal values --


def erase(person, *, on_record: bool) -> None:
    if on_record:
        Erasure.objects.create(model="recipients.user", object_id=person.pk, reason="Left", rows=1)
    names = ", ".join(f"{name} = ''" for name in User.history.model.personal)
    with maintenance(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE recipients_historicaluser SET {names}, history_salt = NULL WHERE id = %s", [person.pk])


def test_erasing_a_person_on_record_leaves_the_seal_valid(dave):
    seal_now()
    erase(dave, on_record=True)
    assert verify().code == Exit.INTACT


def test_erasing_a_person_off_the_record_is_found(dave):
    seal_now()
    erase(dave, on_record=False)
    assert kinds(verify()) == [Kind.PERSONAL]


def test_another_name_in_the_place_of_a_person_is_found(dave):
    seal_now()
    tamper("UPDATE recipients_historicaluser SET last_name = 'Mallory' WHERE id = %s", dave.pk, table="recipients_historicaluser")
    report = verify()
    assert (kinds(report), report.findings[0].key) == ([Kind.PERSONAL], dave.history.get().history_id)


# -- what a seal covers --


def test_rows_of_a_long_transaction_are_sealed_when_it_has_ended(other_connection):
    sealed("before")
    with other_connection.transaction():
        other_connection.execute(
            "INSERT INTO recipients_recipient (code, name, kind, email, is_active, created_at, modified_at) "
            "VALUES ('late', 'late', 'site', '', true, now(), now())"
        )
        write("meanwhile")
        assert seal() is None  # what came after the long one waits with it
    made = seal_now()
    assert made.rows == 4  # two rows, and their two entries
    write("after")
    seal_now()
    report = verify()
    assert (report.code, report.unsealed) == (Exit.INTACT, 0)
    assert SealPart.objects.filter(format__table=HISTORY).aggregate(rows=Sum("rows"))["rows"] == Recipient.history.count() == 4


def test_a_rolled_back_transaction_leaves_nothing_to_seal():
    sealed("a")
    with pytest.raises(IntegrityError), transaction.atomic():
        write("b", "a")
    assert seal_now() is None


@pytest.mark.parametrize("size", [1, 7, 100])
def test_a_huge_transaction_is_cut_into_pieces(monkeypatch, size):
    monkeypatch.setattr(pieces, "SIZE", size)
    sealed("a")
    Recipient.objects.bulk_create([Recipient(code=f"r{n}", name="r") for n in range(60)])
    made = sealed("z")
    assert made.parts.filter(format__table=HISTORY).count() >= 60 // size
    assert verify().code == Exit.INTACT
    row = Recipient.history.get(code="r33").history_id
    tamper(f"UPDATE {HISTORY} SET name = 'forged' WHERE history_id = %s", row)
    assert [(finding.kind, finding.key) for finding in verify().findings] == [(Kind.ALTERED, row)]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_tampering_with_what_is_sealed_is_found(monkeypatch, data):
    monkeypatch.setattr(pieces, "SIZE", 3)
    monkeypatch.setattr(pieces, "WORTH_IT", 1000)  # another connection would not see what is undone
    if not Seal.objects.exists():
        for names in ("abcd", "efghijk", "l"):
            sealed(*names)
    table = data.draw(st.sampled_from([HISTORY, "audit_entry"]))
    sealed_table = sealed_tables()[table]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {sealed_table.key} FROM {table} ORDER BY 1")
        keys_there = [key for (key,) in cursor.fetchall()]
    key = data.draw(st.sampled_from(keys_there))
    column = data.draw(st.sampled_from([c for c in columns_now(sealed_table) if c.split(":")[1].removesuffix("?") in {"bigint", "text"}]))
    name, kind = column.removesuffix("?").split(":")
    change = f"coalesce({name}, '') || 'x'" if kind == "text" else f"coalesce({name}, 0) - 1000000"
    operation = data.draw(
        st.sampled_from(
            [
                f"DELETE FROM {table} WHERE {sealed_table.key} = {key}",
                f"DELETE FROM {table} WHERE {sealed_table.key} >= {key}",
                f"UPDATE {table} SET {name} = {change} WHERE {sealed_table.key} = {key}",
                (
                    f"INSERT INTO {table} SELECT (jsonb_populate_record(r, jsonb_build_object('{sealed_table.key}', -{key}))).* "
                    f"FROM {table} r WHERE {sealed_table.key} = {key}"
                ),
            ]
        )
    )
    # Undone at the end: every example begins with the same trail.
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute(operation)
        report = _Verification(None, None, lambda done, of: None)
        for job, content in pieces.in_parallel(report._read, report._jobs()):
            report._compare(job, content)
        assert report.report.findings, operation
        transaction.set_rollback(True)


# -- keys --


def test_seals_of_an_earlier_key_stay_valid_while_it_is_trusted(settings):
    sealed("a")
    old = keys.public_key()
    settings.AUDIT_SIGNING_KEY = b64encode(secrets.token_bytes(32)).decode()
    assert Kind.SIGNATURE in kinds(verify())
    settings.AUDIT_TRUSTED_KEYS = [old]
    sealed("b")
    assert verify().code == Exit.INTACT


# -- the command --


def test_the_command_tells_cron_what_it_found(capsys):
    with pytest.raises(SystemExit) as nothing:
        call_command("verify_audit")
    assert nothing.value.code == 3
    sealed("a")
    call_command("verify_audit")
    assert "are exactly as they were sealed" in capsys.readouterr().out
    tamper(TAMPERING[Kind.ALTERED].replace("'b'", "'a'"))
    with pytest.raises(SystemExit) as tampered:
        call_command("verify_audit", "--json")
    assert tampered.value.code == 2
    said = json.loads(capsys.readouterr().out)
    assert (said["result"], said["findings"][0]["kind"], said["findings"][0]["table"]) == ("tampered", "altered row", HISTORY)


def test_a_range_is_verified_alone():
    for name in "abc":
        sealed(name)
    tamper(f"UPDATE {HISTORY} SET name = 'forged' WHERE code = 'a'")
    assert verify(first=2).code == Exit.INTACT
    assert verify(last=1).code == verify(first=1, last=2).code == Exit.TAMPERED


def test_each_verification_leaves_an_access_record(carol):
    sealed("a")
    verify(actor=carol)
    record = AccessRecord.objects.get()
    assert (record.kind, record.page, record.user) == ("verify", "seals", carol)


def test_without_an_anchor_it_is_intact_with_reservations():
    sealed("a")
    anchors.path().unlink()
    assert verify().code == Exit.INCOMPLETE
