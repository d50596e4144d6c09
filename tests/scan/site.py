"""The project as production serves it, on one throw-away database, with what it answered."""

# ruff: noqa: PLC0415 - what needs Django's settings is imported when they are known

import os
import random
import re
import secrets
import ssl
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPException, HTTPSConnection
from itertools import islice
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import psycopg
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from backoffice.postgres import THROW_AWAY, EmbeddedServer

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "var" / "scan"
HOST, PORT = "127.0.0.1", 8741
ADDRESS = f"https://{HOST}:{PORT}"
SESSION, TOKEN = "__Host-session", "__Host-csrf"  # names of cookies in production


STARTS = {"get": 60, "post": 30}  # pages at which a walk begins, which sees no more than a part


@contextmanager
def database(folder: Path) -> Iterator[str]:
    """One as docs/operators.md makes it: its owner is no superuser."""
    server = EmbeddedServer(folder / "postgres", settings=THROW_AWAY)
    server.start()
    try:
        with psycopg.connect(server.url(), autocommit=True) as superuser:
            superuser.execute("CREATE ROLE notices LOGIN")
            superuser.execute("CREATE ROLE staff_notices_maintenance NOLOGIN")
            superuser.execute("GRANT staff_notices_maintenance TO notices WITH INHERIT FALSE, SET TRUE")
            superuser.execute("CREATE DATABASE notices OWNER notices TEMPLATE template0")
        yield f"postgresql://notices@{quote(str(server.socket_dir), safe='')}/notices"
    finally:
        server.remove()


def prepare(folder: Path, url: str) -> list[str]:
    """Settings, tables and people. Those who keep accounts come last, as they could close the others'."""
    for name in ("var", "media", "static"):
        (folder / name).mkdir()
    os.environ |= {"DJANGO_SETTINGS_MODULE": "backoffice.settings", "ENVIRONMENT": "local", "DATABASE_URL": url, "LOG_LEVEL": "ERROR"}
    os.environ |= {"VAR_DIR": f"{folder}/var", "MEDIA_ROOT": f"{folder}/media", "STATIC_ROOT": f"{folder}/static"}
    os.environ |= {"SECRET_KEY": secrets.token_urlsafe(50), "SITE_URL": ADDRESS, "EMAIL_URL": "smtp://127.0.0.1:9"}
    os.environ |= {"AUDIT_SIGNING_KEY": b64encode(secrets.token_bytes(32)).decode(), "AUDIT_ANCHOR_FILE": f"{folder}/var/anchors.jsonl"}
    import django

    django.setup()
    from django.core.management import call_command

    from backoffice.demo.cast import SIGN_INS

    call_command("migrate", verbosity=0, interactive=False)
    call_command("load_organisation")
    call_command("collectstatic", verbosity=0, interactive=False)
    roles = sorted(SIGN_INS, key=lambda one: one[1] in {"steward", "administrator"})
    return ["nobody", *(username for username, _role, _tries in roles)]


def only_reading(environ: dict, start_response: object) -> object:
    """The project behind a door that lets nothing be sent: wapiti's walk sends every form it meets."""
    from backoffice.wsgi import application

    if environ["REQUEST_METHOD"] in {"GET", "HEAD", "OPTIONS"}:
        return application(environ, start_response)
    start_response("405 Method Not Allowed", [("Content-Type", "text/plain")])
    return [b""]


@contextmanager
def web(folder: Path, door: str) -> Iterator[None]:
    """Serve `door` by https, without which production's cookies are not sent."""
    _make_certificate(folder)
    # The second step has tests of its own; here it would only keep the scanner out.
    production = os.environ | {"ENVIRONMENT": "production", "ALLOWED_HOSTS": HOST, "REQUIRE_TWO_FACTOR": "0", "LOG_JSON": "0"}
    command = [sys.executable, "-m", "gunicorn", door, "--bind", f"{HOST}:{PORT}", "--threads", "4", "--no-control-socket"]
    command += ["--certfile", folder / "cert.pem", "--keyfile", folder / "key.pem", "--log-level", "warning"]
    command += ["--access-logfile", KEPT / "access.log", "--access-logformat", "%(s)s %(m)s %(U)s?%(q)s"]
    with (KEPT / "web.log").open("a") as log, subprocess.Popen(command, cwd=ROOT, env=production, stdout=log, stderr=log) as server:
        try:
            while get("/sign-in/", {})[0] != 200:
                if server.poll() is not None:
                    raise SystemExit(f"The web server does not start. {log.name} says why.")
                time.sleep(0.3)
            yield
        finally:
            server.terminate()


def _make_certificate(folder: Path) -> None:
    key, name, now = ec.generate_private_key(ec.SECP256R1()), x509.Name([]), datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    (folder / "cert.pem").write_bytes(made.public_bytes(pem))


def sign_in(person: str) -> dict[str, str]:
    """The cookies of a session of theirs, and of the token that forms carry."""
    from django.conf import settings
    from django.middleware.csrf import CSRF_SECRET_LENGTH
    from django.test import Client
    from django.utils.crypto import get_random_string

    from recipients.models import User

    cookies = {TOKEN: get_random_string(CSRF_SECRET_LENGTH)}
    if person != "nobody":
        client = Client()
        client.force_login(User.objects.get(username=person))
        cookies[SESSION] = client.cookies[settings.SESSION_COOKIE_NAME].value
    return cookies


def get(address: str, cookies: dict[str, str]) -> tuple[int, str]:
    """Status and page; 0 if nothing answers."""
    trusting = ssl._create_unverified_context()  # noqa: S323 - our own certificate, on loopback
    try:
        connection = HTTPSConnection(HOST, PORT, timeout=20, context=trusting)
        connection.request("GET", address, headers={"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())})
        response = connection.getresponse()
        return response.status, response.read().decode(errors="replace")
    except (OSError, HTTPException):
        return 0, ""


class Answer(NamedTuple):
    status: str
    verb: str
    address: str

    @property
    def page(self) -> str:
        return self.address.split("?")[0]


def answers() -> list[Answer]:
    """All so far."""
    return [Answer(*line.split(" ", 2)) for line in (KEPT / "access.log").read_text(errors="replace").splitlines() if line.count(" ") > 1]


def starts(person: str, method: str, cookies: dict[str, str]) -> list[str]:
    """Where a walk begins: the same in every run, elsewhere for everybody. That of forms begins where there are some."""
    pages = sorted(set(addresses(person)))
    random.Random(person + method).shuffle(pages)  # noqa: S311
    chosen = pages if method == "get" else (page for page in pages if _has_form(page, cookies))
    return list(islice(chosen, STARTS[method]))


def _has_form(page: str, cookies: dict[str, str]) -> bool:
    """One that may be sent, beside the sign-out on every page."""
    forms = re.findall(r"<form[^>]*method=\"post\".*?</form>", get(page, cookies)[1], re.DOTALL | re.IGNORECASE)
    return any("submit" in form and "logout/" not in form and "sign-out/" not in form for form in forms)


def addresses(person: str) -> Iterator[str]:
    """Every page whose address takes nothing, or numbers of rows that are there; links lead to the others."""
    from django.apps import apps
    from django.urls import get_resolver

    from notices.models import Notice
    from tests.test_conventions import fill, routes

    models = {f"{model._meta.app_label}/{model._meta.model_name}": model for model in apps.get_models()}
    newest = Notice.objects.order_by("status", "-pk").distinct("status")
    notices = [*newest.values_list("pk", flat=True), *newest.filter(created_by__username=person).values_list("pk", flat=True)]
    known = {"notice_id": notices, "label": ["notices.notice"], "slug": ["publish", "withdraw", "trash", "approve", "reject", "schedule"]}
    for route, parameters in routes(get_resolver(), "/"):
        model = models.get("/".join(route.split("/")[2:4]), Notice)
        ends = [model._default_manager.order_by(order).values_list("pk", flat=True).first() for order in ("pk", "-pk")]
        rows = notices if model is Notice else [pk for pk in ends if pk is not None]
        if set(parameters) <= {"object_id", *known}:
            yield from fill(route, parameters, {"object_id": rows} | known)
