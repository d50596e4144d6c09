"""`manage.py doctor` says in sentences what is wrong and how to mend it: each failure is made, and then mended as it says."""

import os
import subprocess
import sys
from datetime import timedelta

import psycopg
import pytest
import time_machine
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from backoffice.health.checks import machine
from backoffice.health.registry import checks
from tests.backoffice.health.conftest import Diagnosis
from tests.smtp import MailServer, free_port, mailers


def run(**environment: str) -> Diagnosis:
    """The command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "manage.py", "doctor", "--json"],
        env=os.environ | environment,
        cwd=django_settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return Diagnosis.read(done.stdout, done.returncode)


def test_every_check_names_itself_and_its_group():
    names = [one.name for one in checks()]
    assert len(names) == len(set(names)) > 15
    assert {one.name for one in checks() if one.is_for_ready} == {"database", "migrations", "broker", "media", "static"}


def test_a_database_that_is_away_is_told_and_what_could_not_be_looked_at(tmp_path):
    away = f"postgres://app:secret@127.0.0.1:{free_port()}/notices"
    told = run(DATABASE_URL=away, VAR_DIR=str(tmp_path))
    ((level, sentence),) = told.of("database")
    assert level == "problem"
    assert sentence.startswith("The database does not answer: ")
    assert "check host, name and password in DATABASE_URL" in sentence
    assert {"migrations", "workers", "clock"} <= set(told.not_looked_at)
    assert not {"mail server", "media", "broker"} & set(told.not_looked_at)
    assert "secret" not in str(told)


def test_tables_of_an_older_version_are_told(elsewhere, doctor, settings):
    settings.MAILERS = mailers(free_port())
    told = doctor()
    ((level, sentence),) = told.of("migrations")
    assert level == "problem"
    assert "is not applied" in sentence or "are not applied" in sentence
    assert "Run “manage.py migrate”" in sentence
    assert told.of("broker")[0][1].startswith("The queue in the database is missing")
    assert not [one for one in told.findings if "could not be found out" in one["text"]]
    assert {"workers", "mails", "seals"} <= set(told.not_looked_at)


@pytest.mark.usefixtures("db")
def test_tables_that_were_made_in_the_steps_that_one_file_replaces_are_up_to_date(doctor):
    applied = MigrationRecorder(connection)
    applied.record_unapplied("audit", "0001_schema")
    assert doctor().of("migrations") == []

    applied.record_unapplied("audit", "0005_seal_storage")
    assert "audit.0001_schema is not applied" in doctor().of("migrations")[0][1]


@pytest.mark.usefixtures("db")
class TestHowItSpeaks:
    def test_people_read_groups_of_sentences(self, capsys):
        with pytest.raises(SystemExit) as left:
            call_command("doctor", no_color=True)
        assert left.value.code == 1
        said = capsys.readouterr().out
        assert "Database: all is well." in said
        assert "Background work:\n  ✗ There is no worker" in said
        assert "    → Start one: celery" in said
        assert "wrong" in said.rstrip().rpartition("\n")[2]

    def test_what_a_check_stumbles_over_is_a_finding_and_the_others_go_on(self, doctor, settings):
        settings.MAILERS = {"default": {"OPTIONS": {}}}  # no host
        told = doctor()
        assert told.of("mail server")[0][1].startswith("It could not be found out whether “mail server” is well")
        assert told.of("workers")


@pytest.mark.usefixtures("db")
class TestTheSettings:
    def test_what_opens_the_product_to_anybody_is_told_with_the_fix(self, doctor, settings):
        settings.PRODUCTION, settings.SITE_URL = True, "http://notices.example.org"
        said = [sentence for _level, sentence in doctor().of("settings")]
        assert any("SITE_URL does not begin with https://" in sentence and "Set SITE_URL to the address" in sentence for sentence in said)

    def test_a_superuser_is_told_in_production(self, doctor, settings):
        assert doctor().of("rules") == []
        settings.PRODUCTION = True
        assert "The application connects as a database superuser." in doctor().of("rules")[0][1]

    def test_a_trigger_that_somebody_disabled_is_told_until_migrate_puts_it_right(self, doctor):
        with connection.cursor() as cursor:
            cursor.execute("SELECT tgname FROM pg_trigger WHERE tgrelid = 'notices'::regclass AND tgname LIKE 'audit%' ORDER BY 1")
            (name,) = cursor.fetchone()
            cursor.execute(f"ALTER TABLE notices DISABLE TRIGGER {name}")
        ((level, sentence),) = doctor().of("rules")
        assert (level, f"The trigger {name} on notices is disabled." in sentence) == ("problem", True)
        assert "Run “manage.py migrate”" in sentence
        call_command("migrate", verbosity=0)
        assert doctor().of("rules") == []


@pytest.mark.django_db(transaction=True)
class TestPostgres:
    def test_an_index_that_was_broken_off_is_told_with_the_statement_that_mends_it(self, doctor):
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE twice AS SELECT 1 AS n FROM generate_series(1, 2)")
            try:
                with pytest.raises(Exception, match="could not create unique index"):
                    cursor.execute("CREATE UNIQUE INDEX CONCURRENTLY broken_off ON twice (n)")
                ((_level, sentence),) = doctor().of("indexes")
                assert "The index broken_off is not valid" in sentence
                cursor.execute("DELETE FROM twice WHERE ctid = (SELECT min(ctid) FROM twice)")
                cursor.execute(sentence[sentence.index("REINDEX") :])
                assert doctor().of("indexes") == []
            finally:
                cursor.execute("DROP TABLE twice")

    def test_too_few_free_connections_are_told(self, doctor):
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('max_connections')::int - (SELECT sum(numbackends) FROM pg_stat_database)")
            (free,) = cursor.fetchone()
        parameters = connection.get_connection_params()
        where = {name: parameters[name] for name in ("dbname", "host", "user")}
        assert doctor().of("connections") == []
        held = [psycopg.connect(**where) for _number in range(int(free) - 5)]
        try:
            assert "connections in use: the next may be refused" in doctor().of("connections")[0][1]
        finally:
            for one in held:
                one.close()

    def test_a_transaction_left_open_is_told_with_the_process_that_holds_it(self, doctor, monkeypatch):
        from backoffice.health.checks import database  # noqa: PLC0415 - the name is that of a fixture elsewhere

        monkeypatch.setattr(database, "LONG_TRANSACTIONS", database.LONG_TRANSACTIONS.replace("5 minutes", "0 seconds"))
        parameters = connection.get_connection_params()
        with psycopg.connect(**{name: parameters[name] for name in ("dbname", "host", "user")}) as other:
            other.execute("SELECT 1")
            ((_level, sentence),) = doctor().of("transactions")
            assert f"Process {other.info.backend_pid} of the database" in sentence
            assert f"pg_terminate_backend({other.info.backend_pid})" in sentence
        assert doctor().of("transactions") == []


@pytest.mark.usefixtures("db")
class TestThisMachine:
    def test_a_disk_with_little_room_is_told(self, doctor, monkeypatch):
        assert doctor().of("disk") == []
        monkeypatch.setattr(machine, "LITTLE", 1 << 62)
        ((level, sentence), *_rest) = doctor().of("disk")
        assert level == "problem"
        assert sentence.startswith("The disk of MEDIA_ROOT (")

    @pytest.mark.parametrize(("off", "words"), [(timedelta(hours=1), "ahead of"), (timedelta(hours=-1), "behind")])
    def test_a_clock_that_differs_from_the_databases_is_told(self, doctor, off, words):
        assert doctor().of("host clock") == []
        with time_machine.travel(timezone.now() + off):
            ((_level, sentence),) = doctor().of("host clock")
        assert words in sentence
        assert "3,600 seconds" in sentence or "3,599 seconds" in sentence

    def test_a_folder_for_files_that_cannot_be_written_is_told(self, doctor, settings):
        settings.MEDIA_ROOT = "/proc"
        assert doctor().of("media")[0][1].startswith("Nothing can be written to MEDIA_ROOT")

    def test_a_socket_of_the_embedded_server_that_others_can_open_is_told(self, doctor, settings, spare_server):
        spare_server.start()
        settings.EMBEDDED_POSTGRES = spare_server
        assert doctor().of("embedded database") == []
        spare_server.socket_dir.chmod(0o755)
        ((_level, sentence),) = doctor().of("embedded database")
        assert f"chmod 700 {spare_server.socket_dir}" in sentence
        spare_server.socket_dir.chmod(0o700)
        spare_server.stop()
        assert doctor().of("embedded database")[0][1].startswith("The embedded PostgreSQL does not run.")


@pytest.mark.usefixtures("db")
class TestTheMailServer:
    def test_one_that_answers_is_well_and_gets_no_mail(self, doctor, mailbox):
        assert doctor().of("mail server") == []
        assert (mailbox.connections, mailbox.raw) == (1, [])

    def test_one_that_is_away_is_told(self, doctor, settings):
        port = free_port()
        settings.MAILERS = mailers(port)
        ((level, sentence),) = doctor().of("mail server")
        assert level == "problem"
        assert sentence.startswith(f"The mail server 127.0.0.1:{port} does not answer as it should: ")
        assert "Check host and port in EMAIL_URL" in sentence

    def test_one_without_the_encryption_that_is_asked_for_is_told(self, doctor, settings, mailbox):
        settings.MAILERS["default"]["OPTIONS"]["use_tls"] = True
        assert "does not offer STARTTLS" in doctor().of("mail server")[0][1]

    def test_one_that_takes_no_password_is_told(self, doctor, settings, mailbox):
        settings.MAILERS["default"]["OPTIONS"] |= {"username": "notices", "password": "secret"}
        told = doctor()
        assert "takes no password on this connection" in told.of("mail server")[0][1]
        assert "secret" not in str(told)

    def test_one_that_refuses_the_password_is_told(self, doctor, settings):
        class Guarded(MailServer):
            def factory(self):
                from aiosmtpd.smtp import SMTP, AuthResult  # noqa: PLC0415 - no other test needs it

                refuse = lambda *_: AuthResult(success=False, handled=False)  # noqa: E731
                return SMTP(self.handler, hostname="mail.test", authenticator=refuse, auth_require_tls=False)

        server = Guarded()
        server.start()
        try:
            settings.MAILERS = mailers(server.port)
            settings.MAILERS["default"]["OPTIONS"] |= {"username": "notices", "password": "secret"}
            assert "refuses the name and password in EMAIL_URL" in doctor().of("mail server")[0][1]
        finally:
            server.stop()

    def test_one_that_hangs_holds_the_doctor_up_for_seconds_only(self, doctor, settings, monkeypatch):
        import socket  # noqa: PLC0415 - no other test needs it

        from backoffice.health.checks import mail_server  # noqa: PLC0415

        monkeypatch.setattr(mail_server, "STEP", 1)
        with socket.create_server(("127.0.0.1", 0)) as listener:  # takes the connection and says nothing
            settings.MAILERS = mailers(listener.getsockname()[1])
            assert "timed out" in doctor().of("mail server")[0][1]


def test_the_broker_is_told_without_its_password(doctor, settings, db):
    port = free_port()
    settings.CELERY_BROKER_URL = f"redis://notices:secret@127.0.0.1:{port}/0"
    told = doctor()
    assert told.of("broker")[0][1].startswith(f"The broker (redis://127.0.0.1:{port}) cannot be used: ")
    assert "secret" not in str(told)
