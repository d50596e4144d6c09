"""`manage.py take_bounces`: from a pipe, from a mailbox, from a provider's webhook."""

import io
import json
import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command

from notices.bounces.events import read_events
from notices.bounces.reports import Kind
from notices.models import Bounce
from recipients.models import AddressProblem
from tests.notices.bounces.conftest import id_of, report
from tests.notices.bounces.test_reading import sample
from tests.smtp import free_port

pytestmark = pytest.mark.django_db


@pytest.fixture
def said(monkeypatch):
    """Runs the command with something on its standard input and answers what it said."""

    def run(raw: bytes, *arguments: str) -> str:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
        out = io.StringIO()
        call_command("take_bounces", *arguments, stdout=out)
        return out.getvalue()

    return run


def test_a_pipe_gives_one_message(said, sent):
    raw = report("postfix-no-such-user", sent)
    assert said(raw).startswith("Came back: 1, of which 1 marked an address. Delayed: 0. Taken before: 0.")
    assert "Taken before: 1." in said(raw)
    assert AddressProblem.objects.count() == 1


def test_a_pipe_that_gives_nothing_is_no_error(said):
    assert said(b"").endswith("Something else: 1.\n")  # a mail server would send the message back if it were


def test_a_database_that_is_away_makes_the_mail_server_try_again_later(settings):
    environment = {"DATABASE_URL": f"postgres://nobody@127.0.0.1:{free_port()}/nothing", "VAR_DIR": str(settings.VAR_DIR)}
    command = [sys.executable, "manage.py", "take_bounces"]
    raw = sample("postfix-no-such-user")
    done = subprocess.run(command, input=raw, env=os.environ | environment, cwd=settings.BASE_DIR, capture_output=True, check=False)
    assert (done.returncode, b"Try again later" in done.stderr) == (os.EX_TEMPFAIL, True)


def test_events_come_as_an_array_one_object_or_one_a_line(said, sent):
    event = {"message_id": f"<{id_of(sent)}>", "recipient": "dave@example.org", "action": "failed", "status": "5.2.2"}
    later = event | {"status": "5.1.1", "diagnostic": "550 5.1.1 No such user", "at": "2026-11-23T09:12:45Z"}
    other = {"event": "opened", "message_id": "<x@example.org>"}

    assert said(json.dumps([event, other]).encode(), "--json").startswith("Came back: 1, of which 0")
    assert said(f"{json.dumps(later)}\n\n{json.dumps(other)}\n".encode(), "--json").startswith("Came back: 1, of which 1")
    assert "Taken before: 1." in said(json.dumps(event).encode(), "--json", "-")
    assert list(Bounce.objects.order_by("pk").values_list("kind", "code")) == [("soft", "5.2.2"), ("hard", "5.1.1")]
    assert Bounce.objects.latest("pk").at == datetime(2026, 11, 23, 9, 12, 45, tzinfo=UTC)


def test_a_moment_ahead_of_ours_is_now(said, sent):
    event = {"message_id": f"<{id_of(sent)}>", "action": "failed", "status": "5.1.1", "at": "2999-01-01T00:00:00Z"}
    said(json.dumps(event).encode(), "--json")
    bounce = Bounce.objects.get()
    assert bounce.at == bounce.taken_at


@pytest.mark.parametrize("text", [b"{", b'{"a": 1}\n{"b"', b"[" * 100_000, b"\xff\xfe{", b"<html>"])
def test_what_is_no_json_is_refused_whole(said, text):
    with pytest.raises(CommandError, match=r"This is no JSON: .*Nothing was taken"):
        said(text, "--json")


def test_no_events_are_no_error(said):
    assert said(b"", "--json").startswith("Came back: 0")
    assert said(b"[]", "--json").startswith("Came back: 0")


def test_a_file_that_is_not_there_is_said(said, tmp_path):
    with pytest.raises(CommandError, match="cannot be read"):
        said(b"", "--json", str(tmp_path / "nowhere.json"))


@pytest.mark.parametrize(
    ("event", "kind", "code"),
    [
        ({"event": "bounce", "status": "5.1.1", "reason": "unknown user", "timestamp": 1795425165}, Kind.HARD, "5.1.1"),
        ({"event": "bounce", "status": "5.0.0", "reason": "550 spam"}, Kind.SOFT, "5.0.0"),
        ({"event": "deferred", "response": "452 4.2.2 full"}, Kind.DELAYED, "4.2.2"),
        ({"Type": "HardBounce", "Details": "smtp;550 5.1.1 gone"}, Kind.HARD, "5.1.1"),
        ({"Type": "SoftBounce"}, Kind.SOFT, ""),
        ({"status": "5.1.1"}, Kind.HARD, "5.1.1"),
        ({"action": "delivered", "status": "2.0.0"}, None, ""),
        ({"action": "opened"}, None, ""),
        ({}, None, ""),
        ({"action": ["failed"], "status": {"a": 1}, "at": {}}, None, ""),
        ({"action": "failed", "at": 1e300}, Kind.SOFT, ""),
        ({"action": "failed", "at": "yesterday"}, Kind.SOFT, ""),
    ],
)
def test_the_words_of_providers_are_understood(event, kind, code):
    [(found, _digest)] = read_events(json.dumps({"Message-Id": "<delivery-101.7.1@example.org>", "email": "dave@example.org"} | event))
    assert (found and found.kind, found.code if found else "") == (kind, code)


@pytest.mark.parametrize("item", ["7", '"text"', "null", "[]", '{"message_id": 12}'])
def test_an_item_that_is_no_event_is_passed_over(said, item):
    assert said(f"[{item}]".encode(), "--json").endswith("Something else: 1.\n")
