"""What a supervisor is answered: at once, in plain words, whatever is broken, and nothing that anybody might not read."""

import resource
import signal
import time
from contextlib import contextmanager

import psutil
import pytest
from django.core.files.storage import storages
from django.test import Client

from tests.smtp import free_port

WELL = {"database": "ok", "migrations": "ok", "media": "ok", "static": "ok", "broker": "ok"}
INSIDE = {"HTTP_HOST": "10.0.0.7:8000"}  # as a probe inside the house asks: no name of ours, no https


def ready(client, query: str = ""):
    """The status, and the answer of each check."""
    answer = client.get(f"/readyz{query}", **INSIDE)
    told = answer.json()
    assert told["status"] == ("ok" if answer.status_code == 200 else "not ready")
    assert answer["Cache-Control"] == "no-store"
    assert not answer.cookies
    return answer.status_code, told["checks"]


@pytest.fixture
def strict(settings):
    """As production has it: https only, and names of ours only."""
    settings.SECURE_SSL_REDIRECT, settings.ALLOWED_HOSTS = True, ["notices.example.org"]


@pytest.mark.usefixtures("strict")
def test_alive_is_said_without_database_session_host_or_https(client):
    answer = client.get("/healthz", **INSIDE)  # a test without a database: a query would fail it
    assert (answer.status_code, answer.json(), answer["Cache-Control"]) == (200, {"status": "ok"}, "no-store")
    assert not answer.cookies
    assert client.get("/sign-in/", **INSIDE).status_code in {301, 400}  # as strict as ever elsewhere


@pytest.mark.usefixtures("strict", "db")
def test_ready_is_said_when_all_is_well(client):
    assert ready(client) == (200, WELL)


@pytest.mark.parametrize("address", ["/healthz", "/readyz"])
def test_a_probe_only_reads(address):
    strict = Client(enforce_csrf_checks=True)
    assert [strict.generic(method, address, **INSIDE).status_code for method in ("POST", "PUT", "DELETE")] == [405] * 3


def test_a_stopped_database_is_told_and_so_is_its_return(client, elsewhere, caplog):
    assert ready(client) == (503, WELL | {"migrations": "failed", "broker": "failed"})  # it has no tables yet

    elsewhere.stop()
    time.sleep(1.1)  # an answer holds for a second
    began = time.monotonic()
    assert ready(client) == (503, WELL | {"database": "failed", "migrations": "failed", "broker": "failed"})
    assert ready(client)[0] == 503
    assert time.monotonic() - began < 1.5
    assert client.get("/healthz", **INSIDE).status_code == 200
    assert [line for line in caplog.messages if line.startswith("Not ready. database: failed")]
    assert not [record for record in caplog.records if record.name == "django.request"]  # not a line for each probe

    elsewhere.start()
    time.sleep(1.1)
    assert ready(client)[1]["database"] == "ok"


@contextmanager
def frozen(server):
    """The server stands still: it takes a connection and never answers."""
    postmaster = psutil.Process(int((server.data_dir / "postmaster.pid").read_text().split("\n", 1)[0]))
    processes = [postmaster, *postmaster.children()]
    for process in processes:
        process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            process.send_signal(signal.SIGCONT)


def test_a_database_that_hangs_holds_nobody_up(client, elsewhere):
    with frozen(elsewhere):
        for _turn in range(3):
            began = time.monotonic()
            status, checks = ready(client)
            assert time.monotonic() - began < 1.3
            assert (status, checks["migrations"], checks["media"]) == (503, "no answer", "ok")
            assert checks["database"] in {"no answer", "failed"}  # the driver gives up after two seconds
            time.sleep(1.1)
    deadline = time.monotonic() + 15
    while ready(client)[1]["database"] != "ok":
        assert time.monotonic() < deadline
        time.sleep(0.5)


@pytest.mark.usefixtures("db")
class TestWhatElseMustBeThere:
    def test_a_broker_that_is_away(self, client, settings):
        settings.CELERY_BROKER_URL = f"redis://:secret@127.0.0.1:{free_port()}/0"
        status, checks = ready(client)
        assert (status, checks) in [(503, WELL | {"broker": word}) for word in ("failed", "no answer")]  # Redis is tried more than once
        assert ready(client, "?exclude=broker") == (200, {name: "ok" for name in WELL if name != "broker"})

    def test_a_broker_of_another_kind(self, client, settings):
        settings.CELERY_BROKER_URL = "memory://"
        assert ready(client) == (200, WELL)

    def test_a_folder_for_files_where_nothing_can_be_made(self, client, settings, tmp_path):
        (tmp_path / "file").touch()
        settings.MEDIA_ROOT = tmp_path / "file" / "media"
        assert ready(client) == (503, WELL | {"media": "failed"})

    def test_a_folder_for_files_that_is_not_made_yet(self, client, settings, tmp_path):
        settings.MEDIA_ROOT = tmp_path / "new" / "media"
        assert ready(client) == (200, WELL)
        assert not (tmp_path / "new").exists()

    def test_a_full_disk(self, client, settings, tmp_path):
        settings.MEDIA_ROOT = tmp_path
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))  # no file may grow: the write fails as on a full disk
        try:
            status, checks = ready(client)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert (status, checks) == (503, WELL | {"media": "failed"})
        assert not list(tmp_path.iterdir())

    def test_static_files_that_were_never_collected(self, client, settings, tmp_path):
        settings.STATIC_ROOT = tmp_path
        settings.STORAGES = settings.STORAGES | {
            "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}
        }
        assert storages["staticfiles"].hashed_files == {}
        assert ready(client) == (503, WELL | {"static": "failed"})
