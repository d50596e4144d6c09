"""Half-configured it does not start, and the last line says what to do. Each case is a process of its own."""

import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import mailers

from backoffice.environment import database, local_secret_key, mailer
from backoffice.postgres import EmbeddedServer

COMPLETE = {
    "ENVIRONMENT": "production",
    "DATABASE_URL": "postgres://app@db.example.org/notices",
    "SECRET_KEY": "x" * 50,
    "ALLOWED_HOSTS": "notices.example.org",
    "EMAIL_URL": "smtp://mail.example.org:25",
    "SITE_URL": "https://notices.example.org",
    "MEDIA_ROOT": "/srv/media",
    "AUDIT_SIGNING_KEY": "eA==",
    "AUDIT_ANCHOR_FILE": "/srv/anchors/seals.jsonl",
}


def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    clean = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return subprocess.run(
        [sys.executable, *arguments], env=clean | env, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=60, check=False
    )


def load(tmp_path, show: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    """Load the settings alone, and print one of them."""
    return run("-c", f"from backoffice import settings; print({show or '1'})", VAR_DIR=str(tmp_path), **env)


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    return done.stderr.strip().splitlines()[-1]


class TestProduction:
    def test_complete_it_starts(self, tmp_path):
        done = load(tmp_path, "settings.DEBUG, settings.SESSION_COOKIE_SECURE, settings.SECURE_HSTS_SECONDS > 0", **COMPLETE)
        assert (done.returncode, done.stdout.strip()) == (0, "False True True"), done.stderr
        assert not (tmp_path / "postgres").exists()

    @pytest.mark.parametrize("name", [name for name in COMPLETE if name != "ENVIRONMENT"])
    def test_without_one_of_its_settings_it_does_not_start_and_names_it(self, tmp_path, name):
        done = load(tmp_path, **{key: value for key, value in COMPLETE.items() if key != name})
        assert done.returncode != 0
        assert "ENVIRONMENT is “production”, but these are not set:" in last_line(done)
        assert name in last_line(done)
        assert not (tmp_path / "postgres").exists()

    def test_all_that_is_missing_is_named_at_once(self, tmp_path):
        line = last_line(load(tmp_path, ENVIRONMENT="production"))
        assert all(name in line for name in COMPLETE if name != "ENVIRONMENT")

    def test_set_but_empty_is_missing(self, tmp_path):
        assert "SITE_URL" in last_line(load(tmp_path, **COMPLETE | {"SITE_URL": ""}))

    def test_the_secret_key_may_come_from_a_file(self, tmp_path):
        (tmp_path / "key").write_text("from a file\n")
        without = {key: value for key, value in COMPLETE.items() if key != "SECRET_KEY"}
        done = load(tmp_path, "settings.SECRET_KEY", **without, SECRET_KEY_FILE=str(tmp_path / "key"))
        assert done.stdout.strip() == "from a file"

    def test_another_word_than_local_or_production_is_refused(self, tmp_path):
        assert "ENVIRONMENT is “staging”. Set it to “local” or “production”." in last_line(load(tmp_path, ENVIRONMENT="staging"))


class TestSignIn:
    SHOWN = "settings.REQUIRE_TWO_FACTOR, settings.TRUSTED_PROXIES, settings.OIDC_SERVER_URL"

    def test_the_second_step_is_a_must_in_production_and_no_header_is_believed(self, tmp_path):
        assert load(tmp_path, self.SHOWN, **COMPLETE).stdout.strip() == "True 0"

    def test_behind_a_proxy_one_is_believed(self, tmp_path):
        assert load(tmp_path, self.SHOWN, **COMPLETE, BEHIND_PROXY="1", REQUIRE_TWO_FACTOR="0").stdout.strip() == "False 1"

    def test_an_identity_provider_needs_all_three(self, tmp_path):
        line = last_line(load(tmp_path, **COMPLETE, OIDC_SERVER_URL="https://login.example.org", OIDC_CLIENT_ID="x"))
        assert "OIDC_SERVER_URL is set, but OIDC_CLIENT_ID or OIDC_CLIENT_SECRET is not." in line

    def test_its_secret_may_come_from_a_file(self, tmp_path):
        (tmp_path / "secret").write_text("from a file\n")
        provider = {"OIDC_SERVER_URL": "https://login.example.org/", "OIDC_CLIENT_ID": "x"}
        done = load(tmp_path, "settings.OIDC_CLIENT_SECRET", **COMPLETE, **provider, OIDC_CLIENT_SECRET_FILE=str(tmp_path / "secret"))
        assert done.stdout.strip() == "from a file"
        done = load(tmp_path, **COMPLETE, **provider, OIDC_CLIENT_SECRET_FILE=str(tmp_path / "none"))
        assert "OIDC_CLIENT_SECRET_FILE cannot be read" in last_line(done)


class TestDatabase:
    @pytest.mark.parametrize("url", ["nonsense", "mysql://u@h/d", "sqlite:///x.sqlite3", "://", "postgres://u:p@h:port/d"])
    def test_a_wrong_url_is_refused_by_name(self, tmp_path, url):
        with pytest.raises(ImproperlyConfigured, match="DATABASE_URL"):
            database(url)

    def test_check_exits_with_a_sentence_that_names_it(self, tmp_path):
        done = run("manage.py", "check", DATABASE_URL="mysql://u@h/d", VAR_DIR=str(tmp_path))
        assert done.returncode != 0
        assert "DATABASE_URL does not begin with postgres://" in last_line(done)

    def test_a_server_that_does_not_answer_is_named(self, tmp_path):
        done = run("manage.py", "check", "--database", "default", DATABASE_URL="postgres://u:p@127.0.0.1:1/d", VAR_DIR=str(tmp_path))
        assert done.returncode != 0
        assert "“127.0.0.1”, port 1 failed: Connection refused" in done.stderr.replace('"127.0.0.1"', "“127.0.0.1”")

    def test_production_refuses_a_superuser(self, tmp_path):
        env = COMPLETE | {"DATABASE_URL": os.environ["DATABASE_URL"], "VAR_DIR": str(tmp_path)}
        done = run("manage.py", "check", "--database", "default", **env)
        assert done.returncode != 0
        assert "(backoffice.E002) The application connects as a database superuser." in done.stderr

    def test_what_the_embedded_server_offers_is_read(self, tmp_path):
        server = EmbeddedServer(tmp_path / "x")
        parsed = database(server.url("notices"))
        assert (parsed["NAME"], parsed["USER"]) == ("notices", "postgres")
        assert str(server.socket_dir) in parsed["HOST"].replace("%2F", "/")


class TestMail:
    @pytest.mark.parametrize(
        ("url", "options", "port"),
        [
            ("smtp://mail", {"host": "mail", "use_tls": False, "use_ssl": False}, 25),
            ("smtp+tls://u:p@mail:2525", {"username": "u", "password": "p", "use_tls": True, "use_ssl": False}, 2525),
            ("smtp+tls://mail", {"use_tls": True}, 587),
            ("smtp+ssl://mail", {"use_ssl": True}, 465),
        ],
    )
    def test_a_url_leads_to_a_mailer_with_a_time_limit(self, settings, url, options, port):
        settings.MAILERS = {"default": mailer(url)}
        backend = mailers.create_connection("default")
        assert {name: getattr(backend, name) for name in options} == options
        assert (backend.port, 0 < backend.timeout <= 60) == (port, True)

    @pytest.mark.parametrize("url", ["consolemail://", "memorymail://", "nonsense", "http://mail", ""])
    def test_anything_but_smtp_is_refused_by_name(self, url):
        with pytest.raises(ImproperlyConfigured, match="EMAIL_URL does not begin with smtp://"):
            mailer(url)


class TestLocalKey:
    def test_it_is_made_once_and_only_for_its_owner_to_read(self, tmp_path):
        first = local_secret_key(tmp_path / "var")
        assert len(first) >= 50
        assert local_secret_key(tmp_path / "var") == first
        assert (tmp_path / "var" / "secret_key").stat().st_mode & 0o077 == 0
        assert [path.name for path in (tmp_path / "var").iterdir()] == ["secret_key"]

    def test_two_machines_have_different_ones(self, tmp_path):
        assert local_secret_key(tmp_path / "a") != local_secret_key(tmp_path / "b")
