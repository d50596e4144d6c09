"""All that is held on a person, in one file: for whoever may, with a reason, on record."""

import csv
import io
import json
import tempfile
import tracemalloc
import zipfile

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.attribution import acting
from audit.models import AccessRecord
from audit.personal_data import Part, archive, parts
from audit.triggers.recording import history_of
from notices.models import Favourite
from notices.services import NoticeService
from recipients.models import User
from recipients.services import PersonService
from tests.makers import make_draft, make_group, make_person, make_published, make_recipient

REASON = "Request of 3 May"
NOT_TOLD = {
    "notices.UnreadCount.user": "derived from what was read; remembered until it changes",
    "account.EmailAddress.user": "not used: the account has the address",
    "socialaccount.SocialAccount.user": "not used: who is meant is asked anew at each sign-in",
    "admin.LogEntry.user": "not written: the trail says more",
}


@pytest.fixture
def zelda(alice, frank, client):
    """Someone with a past of every kind."""
    person = make_person("zelda", employee_number="4711", job_title="=Baker")
    leeds = make_recipient("Site Leeds", members=(person,))
    make_group("Night shift", people=(person,))
    notice = make_published("Canteen", author=alice, recipients=(leeds,), people=(person,), requires_acknowledgement=True)
    NoticeService.acknowledge(notice, person)
    Favourite.objects.create(notice=notice, user=person)
    with acting(frank, reason="Got married"):
        person.last_name = "Married"
        person.save()
    client.force_login(person)
    return person


def read(file) -> tuple[dict, dict[str, list[list[str]]], str]:
    with file, zipfile.ZipFile(file) as opened:
        tables = {
            name.removesuffix(".csv"): list(csv.reader(io.StringIO(opened.read(name).decode("utf-8-sig"))))
            for name in opened.namelist()
            if name.endswith(".csv")
        }
        return json.loads(opened.read("person.json")), tables, opened.read("READ-ME.txt").decode()


def test_it_holds_everything_and_no_secret(grace, zelda):
    document, tables, read_me = read(PersonService.export(zelda.pk, actor=grace, reason=REASON))

    (account,) = document["account"]
    assert (account["username"], account["last_name"], account["employee_number"]) == ("zelda", "Married", "4711")
    assert zelda.password not in json.dumps(document)
    assert [place["recipient_name"] for place in document["places"]] == ["Site Leeds"]
    assert [membership["group"] for membership in document["memberships"]] == ["Night shift"]
    assert [notice["notice"] for notice in document["addressed"]] == ["Canteen"]
    (delivery,) = document["deliveries"]
    assert (delivery["notice"], delivery["state"], delivery["address_now"]) == ("Canteen", "waiting", "zelda@example.org")
    (reading,) = document["readings"]
    assert reading["acknowledged_at"]
    assert document["favourites"][0]["notice"] == "Canteen"
    assert [set(session) for session in document["sessions"]] == [{"device", "address", "since", "last_seen"}]
    versions = [row["values"]["last_name"] for row in document["history"] if row["model"] == "recipients.user"]
    assert versions == ["Tester", "Married"]
    assert {row["model"] for row in document["history"]} >= {"recipients.roleassignment", "notices.readacknowledgment", "notices.favourite"}
    assert {act["model"] for act in document["acts"]} >= {"notices.readacknowledgment"}
    assert set(tables) == {part.name for part in parts()} == set(document) - {"person", "at"}
    assert "account.csv  The account: 1" in read_me


def test_the_tables_say_the_same_and_hold_no_formula(grace, zelda):
    document, tables, _read_me = read(PersonService.export(zelda.pk, actor=grace, reason=REASON))
    for name, (heading, *lines) in ((name, table) for name, table in tables.items() if table):
        assert heading == list(document[name][0]), name
        assert len(lines) == len(document[name]), name
    account = dict(zip(*tables["account"], strict=True))
    assert account["job_title"] == "'=Baker"
    assert document["account"][0]["job_title"] == "=Baker"


def test_other_people_stand_in_it_by_number_alone(grace, frank, alice, zelda):
    document, _tables, _read_me = read(PersonService.export(zelda.pk, actor=grace, reason=REASON))
    married = [row for row in document["history"] if row["reason"] == "Got married"]
    assert [row["by"] for row in married] == [frank.pk]
    text = json.dumps(document)
    assert not any(name in text for name in ("Frank", "frank@", "Alice", "alice@"))


def test_an_author_gets_what_they_wrote(grace, alice):
    draft = make_draft("My own words", author=alice)
    document, _tables, _read_me = read(PersonService.export(alice.pk, actor=grace, reason=REASON))
    (notice,) = document["notices"]
    assert (notice["id"], notice["title"], notice["created_by"], notice["deleted_by"]) == (draft.pk, "My own words", True, False)
    assert document["roles"] == [{"role": "Author"}]


def test_only_who_may_gets_it_and_only_with_a_reason(grace, frank, carol, alice, zelda):
    for actor in (frank, carol, alice, zelda):
        with pytest.raises(PermissionDenied):
            PersonService.export(zelda.pk, actor=actor, reason=REASON)
    with pytest.raises(ValidationError, match="Say why"):
        PersonService.export(zelda.pk, actor=grace, reason=" ")
    assert not AccessRecord.objects.exists()
    PersonService.export(zelda.pk, actor=grace, reason=REASON).close()


def test_that_it_was_taken_stays_on_record_and_in_the_next_one(grace, zelda):
    PersonService.export(zelda.pk, actor=grace, reason=REASON).close()
    record = AccessRecord.objects.get()
    assert (record.user, record.kind, record.page) == (grace, "export", "personal data")
    assert (record.model, record.object_id, record.detail) == ("recipients.user", zelda.pk, f"zip: {REASON}")
    document, _tables, _read_me = read(PersonService.export(zelda.pk, actor=grace, reason="Once more"))
    assert [(row["kind"], row["by"]) for row in document["looked_at"]] == [("export", grace.pk)]
    assert record.rows > 0


class TestPage:
    def test_it_asks_for_a_reason_and_answers_with_the_file(self, grace, zelda):
        client, address = Client(), reverse("admin:recipients_user_export", args=[zelda.pk])
        client.force_login(grace)
        assert address in client.get(reverse("admin:recipients_user_change", args=[zelda.pk])).text
        assert "stays on record" in client.get(address).text
        assert client.post(address, {"reason": ""}).status_code == 409
        assert not AccessRecord.objects.exists()

        answer = client.post(address, {"reason": REASON})

        assert answer["Content-Disposition"].startswith(f'attachment; filename="person-{zelda.pk}-')
        assert {"no-store", "private"} <= set(answer["Cache-Control"].split(", "))
        document, _tables, _read_me = read(io.BytesIO(answer.getvalue()))
        assert document["person"] == zelda.pk

    def test_whoever_may_not_sees_no_way_to_it(self, frank, carol, bob, zelda):
        for person, status in ((frank, 403), (carol, 403), (bob, 404), (zelda, 302)):
            client, address = Client(), reverse("admin:recipients_user_export", args=[zelda.pk])
            client.force_login(person)
            assert address not in client.get(reverse("admin:recipients_user_change", args=[zelda.pk])).text
            assert client.get(address).status_code == client.post(address, {"reason": REASON}).status_code == status
        assert not AccessRecord.objects.filter(page="personal data").exists()

    def test_a_person_who_is_not_there_is_not_found(self, grace):
        client = Client()
        client.force_login(grace)
        assert client.post(reverse("admin:recipients_user_export", args=[10**9]), {"reason": REASON}).status_code == 404


class TestCommand:
    def test_it_writes_a_file_for_its_owner_alone_and_leaves_a_record(self, zelda, tmp_path, capsys):
        output = tmp_path / "zelda.zip"
        call_command("export_person", "zelda", output=output, reason="Ticket 12, by Ada of IT")
        assert output.stat().st_mode & 0o077 == 0
        with output.open("rb") as file:
            document, _tables, _read_me = read(file)
        assert document["account"][0]["username"] == "zelda"
        record = AccessRecord.objects.get()
        assert (record.user, record.detail) == (None, "zip: Ticket 12, by Ada of IT")
        assert "all that is held on Zelda Married" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("username", "name", "reason", "said"),
        [
            ("nobody", "new.zip", REASON, "There is no account “nobody”."),
            ("zelda", "there.zip", REASON, "there.zip cannot be written"),
            ("zelda", "missing/new.zip", REASON, "new.zip cannot be written"),
            ("zelda", "new.zip", " ", "Say why"),
        ],
    )
    def test_what_is_wrong_is_said_and_no_file_is_left_or_overwritten(self, zelda, tmp_path, username, name, reason, said):
        (tmp_path / "there.zip").write_text("precious")
        with pytest.raises(CommandError, match=said):
            call_command("export_person", username, output=tmp_path / name, reason=reason)
        assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"there.zip": "precious"}


def test_a_person_with_much_takes_no_more_memory(zelda, monkeypatch):
    """Rows are read and written one by one, however many there are."""

    def rows(person):
        return ({"number": number, "text": "x" * 1000} for number in range(20_000))

    monkeypatch.setattr(archive, "parts", lambda: [Part("many", "Many", rows)])
    with tempfile.TemporaryFile() as file:
        tracemalloc.start()
        counts = archive.write_archive(zelda, file, at=timezone.now())
        _now, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert counts == {"many": 20_000}
    assert peak < 6 * 1024 * 1024  # of 20 MB; a megabyte of it is the table's own


def keys_to_a_person() -> set[str]:
    """Every foreign key to a person, but those of history rows that the trail's own parts tell."""
    found = set()
    for model in apps.get_models(include_auto_created=True):
        if not model._meta.proxy and not hasattr(model, "history_object"):
            found |= {f"{model._meta.label}.{f.name}" for f in model._meta.fields if f.is_relation and f.remote_field.model is User}
    return found


def test_no_foreign_key_to_a_person_is_forgotten():
    """Whoever adds a model with one says which part of the export tells it, or why none does."""
    told = {key for part in parts() for key in part.tells}
    assert told | NOT_TOLD.keys() == keys_to_a_person()
    assert not told & NOT_TOLD.keys()


def test_no_foreign_key_of_a_history_to_a_person_is_forgotten():
    """Who wrote a version is told by the acts; whom it is about by the history, or by the part that tells the living row."""
    told = {key for part in parts() for key in part.tells}
    for model in apps.get_models(include_auto_created=True):
        if not hasattr(model, "history") or model._meta.proxy or hasattr(model, "history_object"):
            continue
        history = history_of(model)
        for field in history._meta.fields:
            if field.is_relation and field.remote_field.model is User and field.name != "history_user":
                assert field.name in history.part_of or f"{model._meta.label}.{field.name}" in told, f"{history.__name__}.{field.name}"
