"""The probes of a web server that runs as the production example says: by address, by plain http, and with nothing for strangers."""

import json
import os
import socket
import subprocess
import sys
from http.client import HTTPConnection

import pytest
from django.conf import settings

from tests.security.test_production import plain_role
from tests.smtp import free_port
from tests.waiting import eventually

TOKEN = "zq3-Kw9JmTzR4bLs8YpNc3HdEa"  # noqa: S105 - of this test alone


def get(port: int, address: str, **headers: str) -> tuple[int, str]:
    web = HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        web.request("GET", address, headers=headers)
        answer = web.getresponse()
        return answer.status, answer.read().decode()
    finally:
        web.close()


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def port(db, example, tmp_path):
    """Of gunicorn, in a process of its own, on the test database."""
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    number = free_port()
    command = [sys.executable, "-m", "gunicorn", "backoffice.wsgi", "--bind", f"127.0.0.1:{number}", "--no-control-socket"]
    path = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    with plain_role() as url:
        environment = path | example | {"DATABASE_URL": url, "METRICS_TOKEN_FILE": str(tmp_path / "token")}
        log = (tmp_path / "log").open("w+")
        server = subprocess.Popen(command, env=environment, cwd=settings.BASE_DIR, stdout=log, stderr=subprocess.STDOUT)
        try:
            eventually(lambda: listens(number), seconds=40, about=(tmp_path / "log").read_text)
            yield number
        finally:
            server.terminate()
            server.wait(timeout=40)
            log.close()


def test_they_are_answered_by_address_and_plain_http(port):
    assert get(port, "/healthz") == (200, '{"status": "ok"}')
    status, told = get(port, "/readyz")
    checks = json.loads(told)["checks"]
    assert (status, checks["database"], checks["static"]) == (503, "ok", "failed")  # nothing was collected
    assert get(port, "/metrics")[0] == 401
    status, told = get(port, "/metrics", Authorization=f"Bearer {TOKEN}")
    assert (status, "staff_notices_database_up" in told) == (200, True)
