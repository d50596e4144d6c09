"""The filtered timeline as a file: all of it, safe to open, the same for everyone, and on record before it leaves."""

import csv
import io
import zipfile
from datetime import UTC, datetime

import psycopg
import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from audit.attribution import acting, operation
from audit.exports.columns import DANGEROUS, guard
from audit.exports.csv_file import CsvFile
from audit.exports.selection import selected
from audit.exports.snapshot import Snapshot
from audit.exports.xlsx_file import write_xlsx
from audit.models import AccessRecord, Entry
from audit.sources import Source
from audit.timeline.criteria import Criteria
from audit.timeline.queries import newest
from backoffice.permissions import Role
from notices.roles import make_missing_roles
from recipients.models import Recipient
from tests.makers import make_draft, make_group, make_person, make_recipient
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)  # an export reads on a connection of its own


@pytest.fixture(autouse=True)
def _roles(db):
    make_missing_roles()


def as_csv(criteria=None) -> bytes:
    return b"".join(CsvFile(selected(criteria or Criteria()), Snapshot()))


def as_xlsx(criteria=None, **options):
    with Snapshot() as snapshot:
        return write_xlsx(selected(criteria or Criteria()), snapshot, **options)


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def sheets(file) -> list[str]:
    with file, zipfile.ZipFile(file) as book:
        return [book.read(name).decode() for name in sorted(book.namelist()) if name.startswith("xl/worksheets/sheet")]


def numbers(criteria=None) -> list[int]:
    return [int(row["Entry"]) for row in rows_of(as_csv(criteria))]


def test_a_row_says_who_what_when_and_why(alice):
    with operation(Source.IMPORT, "nights.csv"), acting(alice, reason="New rota, “autumn”"):
        recipient = make_recipient("Leeds")
    row = rows_of(as_csv())[0]
    entry = Entry.objects.latest("id")
    assert row == {
        "Time (UTC)": f"{entry.at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}".rstrip("0").rstrip(".") + "Z",  # as PostgreSQL writes it
        "Person": "Alice Tester",
        "Username": "alice",
        "Number of the person": str(alice.pk),
        "What happened": "Created",
        "Kind of thing": "Recipient",
        "How many": "1",
        "Number": str(recipient.pk),
        "Name then": "Leeds",
        "Belongs to number": str(recipient.pk),
        "Reason": "New rota, “autumn”",
        "Through": "Import",
        "Through what": "nights.csv",
        "Database role": "",
        "Program": "",
        "Action": str(entry.operation),
        "Entry": str(entry.pk),
    }


def test_a_thing_has_the_name_it_had_then():
    recipient = make_recipient("Leeds")
    Recipient.objects.update(name="York")
    assert [row["Name then"] for row in rows_of(as_csv(Criteria(thing=(Recipient, recipient.pk))))] == ["York", "Leeds"]


def test_the_newest_comes_first_and_nothing_is_left_out(alice):
    for _number in range(30):
        make_recipient()
    assert numbers() == list(Entry.objects.order_by("-at", "-id").values_list("pk", flat=True))


@pytest.mark.parametrize(
    "criteria",
    [
        lambda a, group: Criteria(person_id=a.pk),
        lambda a, group: Criteria(model="recipients.recipientgroup"),
        lambda a, group: Criteria(kind="~"),
        lambda a, group: Criteria(source=""),
        lambda a, group: Criteria(thing=(type(group), group.pk)),
        lambda a, group: Criteria(thing=(type(group), group.pk), person_id=a.pk, words="winter"),
        lambda a, group: Criteria(words="night"),
        lambda a, group: Criteria(words="night", kind="+"),
        lambda a, group: Criteria(since=timezone.now(), until=datetime(2200, 1, 1, tzinfo=UTC)),
    ],
    ids=["person", "kind of thing", "what happened", "unattributed", "thing", "thing and more", "words", "words and more", "days"],
)
def test_the_file_holds_what_the_timeline_shows(alice, bob, criteria):
    group = make_group("Night shift", people=(bob,))
    with operation(Source.FORM), acting(alice, reason="Winter night rota"):
        make_draft(author=alice, groups=(group,))
        group.name = "Late shift"
        group.save()
    asked = criteria(alice, group)
    assert numbers(asked) == [entry.pk for entry in newest(asked, limit=10_000)]


@pytest.mark.parametrize("character", DANGEROUS)
def test_no_cell_is_a_formula(character):
    text = f'{character}HYPERLINK("http://evil.example")'
    person = make_person("mallory", first_name=text)
    with operation(Source.IMPORT, text), acting(person, reason=text):
        make_recipient(text)
    row = rows_of(as_csv())[0]
    assert row["Reason"] == row["Name then"] == row["Through what"] == guard(text) == "'" + text
    assert row["Person"].startswith("'")
    [sheet] = sheets(as_xlsx())
    assert "<f>" not in sheet
    assert "<hyperlink" not in sheet


@pytest.mark.parametrize("text", ["'=1", "''=1", "'", "''", "'a", "O'Neil", "'＝1", "a'=1"])
def test_an_apostrophe_of_its_own_is_guarded_as_what_follows_it_is(text):
    """So that one apostrophe less is always the text that was meant."""
    with operation(Source.PROGRAM), acting(None, reason=text):
        make_recipient(text)
    row = rows_of(as_csv())[0]
    guarded = "'" + text if text.lstrip("'")[:1] in {"=", "＝"} else text
    assert row["Reason"] == row["Name then"] == guard(text) == guarded


def test_unattributed_writes_are_told_with_a_negative_action_that_stays_a_number():
    make_recipient()
    row = rows_of(as_csv())[0]
    assert int(row["Action"]) == Entry.objects.latest("id").operation < 0
    assert row["Through"] == "Unattributed"


@pytest.mark.parametrize("text", ['a "quoted", comma', "two\nlines", "50 %s %%", "naïve — “ʬ” 🚒", "\\N", "\\."])
def test_any_text_comes_back_as_it_was(text):
    with operation(Source.PROGRAM), acting(None, reason=text):
        make_recipient(text)
    assert (rows_of(as_csv())[0]["Reason"], rows_of(as_csv())[0]["Name then"]) == (text, text)


def test_the_bytes_are_the_same_in_every_zone_and_language():
    make_recipient()
    here = as_csv()
    with timezone.override("Pacific/Auckland"), translation.override("de"), connection.cursor() as cursor:
        cursor.execute("SET TimeZone = 'Asia/Kathmandu'; SET DateStyle = 'German'")
        assert as_csv() == here
    assert as_csv() == here


def test_an_empty_file_has_its_headings():
    nothing = Criteria(person_id=-1)
    assert rows_of(as_csv(nothing)) == []
    assert as_csv(nothing).decode("utf-8-sig").startswith("Time (UTC),Person")
    [sheet] = sheets(as_xlsx(nothing))
    assert "Time (UTC)" in sheet


def test_a_workbook_goes_on_on_another_sheet():
    for _number in range(5):
        make_recipient()
    found = sheets(as_xlsx(Criteria(model="recipients.recipient"), rows_per_sheet=3))
    assert [sheet.count("<row ") for sheet in found] == [3, 3, 2]  # each with its headings


def test_numbers_in_a_workbook_are_numbers_as_far_as_excel_counts_exactly(alice):
    with acting(alice):
        make_recipient()
    [sheet] = sheets(as_xlsx(Criteria(model="recipients.recipient")))
    entry = Entry.objects.latest("id")
    assert f"<v>{entry.pk}</v>" in sheet
    assert f"<v>{entry.operation}</v>" not in sheet
    assert f"<t>{entry.operation}</t>" in sheet


# -- breaking off --


def many_bytes() -> None:
    """More than what waits on the way between the server and us."""
    with acting(None, reason="x" * 200_000):
        for _number in range(60):
            make_recipient()


def running_copies() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database() AND query LIKE 'COPY (%%'"
        )
        return cursor.fetchone()[0]


def test_who_goes_away_in_the_middle_leaves_nothing_running():
    many_bytes()
    file = CsvFile(selected(Criteria()), Snapshot())
    parts = iter(file)
    next(parts), next(parts)
    parts.close()
    file.close()
    eventually(lambda: running_copies() == 0)


def test_a_file_that_was_never_read_leaves_nothing_running(client, carol):
    client.force_login(carol)
    answer = client.post(reverse("admin:audit_export"), {"format": "csv"})
    answer.close()
    eventually(lambda: running_copies() == 0)


def test_a_file_that_broke_off_does_not_look_whole():
    many_bytes()
    snapshot = Snapshot()
    parts = iter(CsvFile(selected(Criteria()), snapshot))
    got = [next(parts), next(parts)]
    with psycopg.connect(**_login(), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [snapshot.cursor.connection.info.backend_pid])
    with pytest.raises(psycopg.Error):  # the server breaks the connection off
        got.extend(parts)
    assert b"INCOMPLETE" in got[-1]


def _login() -> dict:
    known = connection.get_connection_params()
    return {name: known[name] for name in ("dbname", "user", "host", "port", "password") if name in known}


# -- the door --


def test_compliance_exports_what_it_filtered_and_that_is_on_record(client, carol):
    make_recipient()
    client.force_login(carol)
    answer = client.post(reverse("admin:audit_export") + "?model=recipients.recipient", {"format": "csv"})
    record = AccessRecord.objects.get(kind="export")  # before a byte was read
    rows = rows_of(b"".join(answer.streaming_content))
    assert {row["Kind of thing"] for row in rows} == {"Recipient"}
    assert (record.user, record.page, record.detail, record.rows) == (carol, "timeline", "csv model=recipients.recipient", len(rows))
    assert f"-{len(rows)}-rows.csv" in answer["Content-Disposition"]
    book = client.post(reverse("admin:audit_export"), {"format": "xlsx"})
    assert sheets(io.BytesIO(b"".join(book.streaming_content)))
    assert AccessRecord.objects.filter(kind="export").latest("id").rows == Entry.objects.count()


def test_what_cannot_be_recorded_does_not_leave(client, carol):
    client.force_login(carol)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_accessrecord ADD CONSTRAINT full_disk CHECK (kind <> 'export') NOT VALID")
    try:
        answer = client.post(reverse("admin:audit_export"), {"format": "csv"})
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE audit_accessrecord DROP CONSTRAINT full_disk")
    assert answer.status_code == 403
    assert "record who looked" in answer.content.decode()


def test_a_get_exports_nothing_and_nonsense_is_refused(client, carol):
    client.force_login(carol)
    url = reverse("admin:audit_export")
    assert client.get(url).status_code == 405
    assert client.post(url, {"format": "exe"}).status_code == 400
    assert client.post(url + "?nonsense=1", {"format": "csv"})["Location"].endswith("?nonsense=1")
    assert Client(enforce_csrf_checks=True).post(url, {"format": "csv"}).status_code in {302, 403}
    assert not AccessRecord.objects.exists()


def test_who_may_look_may_not_take_away_without_the_right(client):
    reader = make_person("reader", role=Role.COMPLIANCE)
    reader.groups.clear()
    reader.user_permissions.add(Permission.objects.get(codename="view_entry"))
    client.force_login(reader)
    assert client.post(reverse("admin:audit_export"), {"format": "csv"}).status_code == 403
    assert django_settings.LANGUAGE_CODE == "en-gb"
