"""Where reports lie: an IMAP server, an mbox file, a maildir. Each is marked there only after it was taken, and twice is once."""

import mailbox
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from backoffice.environment import bounce_mailbox
from notices.bounces.imap import MailboxProblem
from notices.models import Bounce
from notices.services import bounce_mailbox as service
from notices.services.bounce_mailbox import take_from_folder, take_from_imap
from notices.services.bounces import BounceService
from tests.imap import ImapServer
from tests.notices.bounces.conftest import report
from tests.notices.test_tasks import run
from tests.smtp import free_port

pytestmark = pytest.mark.django_db
SEEN, STARRED = {r"\Seen"}, {r"\Seen", r"\Flagged"}


@pytest.fixture
def imap(settings):
    server = ImapServer()
    server.start()
    account = {"user": server.user, "password": server.password}
    settings.BOUNCE_MAILBOX = account | {"security": "imap", "host": "127.0.0.1", "port": server.port, "folder": "INBOX"}
    yield server
    server.stop()


class TestImap:
    def test_reports_are_taken_and_marked_as_read_and_what_is_for_a_person_gets_a_star(self, imap, sent):
        names = ("postfix-no-such-user", "postfix-delayed", "vacation", "answer")
        uids = [imap.deliver(report(name, sent)) for name in names]

        taken = take_from_imap()

        assert (taken.messages, taken.came_back, taken.delayed, taken.auto_replies, taken.others) == (4, 1, 1, 1, 1)
        assert [imap.messages[uid].flags for uid in uids] == [SEEN, SEEN, SEEN, STARRED]
        assert Bounce.objects.count() == 2

    def test_the_clock_looks_again_and_finds_only_what_is_new(self, imap, sent):
        imap.deliver(report("postfix-no-such-user", sent))
        assert (run("notices.take_bounces"), run("notices.take_bounces")) == (1, 0)
        imap.deliver(report("postfix-delayed", sent))
        assert run("notices.take_bounces") == 1

    def test_what_was_taken_and_could_not_be_marked_is_known_the_next_time(self, imap, sent):
        uid = imap.deliver(report("postfix-no-such-user", sent))
        imap.breaks_off_at = "UID STORE"
        assert run("notices.take_bounces") == 0
        assert (Bounce.objects.count(), imap.messages[uid].flags) == (1, set())

        imap.breaks_off_at = ""
        assert take_from_imap().repeated == 1
        assert (Bounce.objects.count(), imap.messages[uid].flags) == (1, SEEN)

    def test_what_the_database_refused_stays_unread(self, imap, sent):
        uid = imap.deliver(report("postfix-no-such-user", sent))
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL transaction_read_only = on")
            with pytest.raises(DatabaseError):
                take_from_imap()
            transaction.set_rollback(True)
        assert imap.messages[uid].flags == set()

        assert take_from_imap().came_back == 1

    @pytest.mark.parametrize("command", ["LOGIN", "SELECT", "UID SEARCH", "UID FETCH", "LOGOUT"])
    def test_a_server_that_breaks_off_costs_one_run_and_no_message(self, imap, sent, command):
        imap.deliver(report("postfix-no-such-user", sent))
        imap.breaks_off_at = command
        run("notices.take_bounces")
        imap.breaks_off_at = ""
        run("notices.take_bounces")
        assert Bounce.objects.count() == 1

    def test_only_the_beginning_of_a_long_message_is_fetched(self, imap, sent):
        imap.deliver(report("gmail", sent) + b"x" * 2_000_000)
        assert take_from_imap().came_back == 1

    def test_a_run_ends_in_time_and_the_next_goes_on(self, imap, sent, monkeypatch):
        for name in ("postfix-delayed", "postfix-no-such-user"):
            imap.deliver(report(name, sent))
        monkeypatch.setattr(service, "LONGEST_RUN", -1)
        assert run("notices.take_bounces") == 0
        monkeypatch.undo()
        assert run("notices.take_bounces") == 2

    def test_a_server_that_is_away_or_refuses_is_said_by_the_command_and_logged_by_the_clock(self, imap, settings, caplog):
        settings.BOUNCE_MAILBOX |= {"password": "wrong"}
        with pytest.raises(CommandError, match="AUTHENTICATIONFAILED"):
            call_command("take_bounces", "--imap")
        settings.BOUNCE_MAILBOX |= {"port": free_port()}
        assert run("notices.take_bounces") == 0
        assert "The mailbox of bounces cannot be read" in caplog.text


class TestSecrecy:
    @pytest.fixture(params=["imaps", "imap+tls"])
    def secret(self, request, tmp_path, settings):
        """A server with a certificate of its own making, and the file that holds it."""
        server = ImapServer(certificate=own_certificate(tmp_path), at_once=request.param == "imaps")
        server.start()
        account = {"user": server.user, "password": server.password}
        settings.BOUNCE_MAILBOX = account | {"security": request.param, "host": "localhost", "port": server.port, "folder": "INBOX"}
        yield server
        server.stop()

    def test_a_server_that_is_trusted_is_read(self, secret, sent, monkeypatch, tmp_path):
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
        secret.deliver(report("postfix-no-such-user", sent))
        assert take_from_imap().came_back == 1

    def test_a_server_that_is_not_gets_no_password(self, secret):
        with pytest.raises(MailboxProblem, match="certificate verify failed"):
            take_from_imap()
        assert "LOGIN" not in secret.commands


def own_certificate(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    start = datetime.now(UTC) - timedelta(hours=1)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), start, start + timedelta(days=2))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    (folder / "certificate.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(key.private_bytes(*plain))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return context


def test_without_a_mailbox_the_clock_does_nothing_and_the_command_says_what_to_set(settings):
    settings.BOUNCE_MAILBOX = {}
    assert run("notices.take_bounces") == 0
    with pytest.raises(CommandError, match="Set BOUNCE_MAILBOX_URL"):
        call_command("take_bounces", "--imap")


class TestFiles:
    def test_an_mbox_is_read_as_often_as_one_likes_and_left_as_it_is(self, tmp_path, sent):
        path = tmp_path / "bounces"
        box = mailbox.mbox(path)
        for name in ("postfix-no-such-user", "vacation", "answer"):
            box.add(report(name, sent))
        box.close()
        before = path.read_bytes()

        first, second = take_from_folder(path), take_from_folder(path)

        assert (first.came_back, first.auto_replies, first.others) == (1, 1, 1)
        assert (second.came_back, second.repeated) == (0, 1)
        assert path.read_bytes() == before

    def test_a_maildir_is_read_once_and_what_is_for_a_person_gets_a_star(self, tmp_path, sent):
        box = mailbox.Maildir(tmp_path / "Maildir")
        keys = {name: box.add(report(name, sent)) for name in ("postfix-no-such-user", "answer")}

        first, second = (take_from_folder(tmp_path / "Maildir") for _time in range(2))

        assert (first.messages, first.came_back, second.messages) == (2, 1, 0)
        assert {name: box.get_message(key).get_flags() for name, key in keys.items()} == {"postfix-no-such-user": "S", "answer": "FS"}
        assert box.get_message(keys["answer"]).get_subdir() == "cur"

    @pytest.mark.parametrize(("option", "why"), [("--mbox", "is no file"), ("--maildir", "is no maildir")])
    def test_a_path_that_leads_nowhere_is_said(self, option, why, tmp_path):
        with pytest.raises(CommandError, match=why):
            call_command("take_bounces", option, str(tmp_path / "nowhere"))


class TestTheSetting:
    @pytest.mark.parametrize(
        ("url", "security", "port", "folder"),
        [
            ("imaps://b%40example.org:p%2Fw%3A@mail.example.org", "imaps", 993, "INBOX"),
            ("imaps://b%40example.org:p%2Fw%3A@mail.example.org:9930/Bounces/New%20ones", "imaps", 9930, "Bounces/New ones"),
            ("imap+tls://b%40example.org:p%2Fw%3A@mail.example.org/INBOX", "imap+tls", 143, "INBOX"),
        ],
    )
    def test_it_names_a_mailbox(self, url, security, port, folder):
        mailbox_of = {"security": security, "host": "mail.example.org", "port": port, "user": "b@example.org", "password": "p/w:"}
        assert bounce_mailbox(url) == mailbox_of | {"folder": folder}

    def test_none_is_none(self):
        assert bounce_mailbox(" ") == {}

    @pytest.mark.parametrize("url", ["pop3://u:p@host", "imaps://host/INBOX", "imaps://u@host", "imaps://u:p@", "imaps://u:p@host:port"])
    def test_anything_else_is_refused_at_the_start_without_telling_the_password(self, url):
        with pytest.raises(ImproperlyConfigured, match=r"BOUNCE_MAILBOX_URL.*It looks like imaps://user:password@host/INBOX"):
            bounce_mailbox(url)


def test_a_mailbox_that_is_a_path_is_recognised(tmp_path: Path, sent):
    path = tmp_path / "one"
    path.write_bytes(b"From MAILER-DAEMON Mon Nov 23 09:12:45 2026\n" + report("qmail", sent))
    assert take_from_folder(path).came_back == 1
    assert BounceService.take(report("qmail", sent)).messages == 1
