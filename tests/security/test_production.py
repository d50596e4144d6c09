"""As the production example says it, the product is closed; opened by a setting, it does not start."""

import json
import os
import re
import subprocess
import sys
from contextlib import contextmanager
from urllib.parse import quote

import psycopg
import pytest
from django.conf import settings as django_settings
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.urls import reverse

from backoffice.checks import production_is_closed
from notices.models import Attachment
from tests.makers import PASSWORD, make_published

BROWSER_RULES = (
    "X_FRAME_OPTIONS SECURE_CSP SECURE_REFERRER_POLICY SECURE_SSL_REDIRECT SECURE_PROXY_SSL_HEADER SECURE_HSTS_SECONDS "
    "SECURE_HSTS_INCLUDE_SUBDOMAINS SECURE_HSTS_PRELOAD SECURE_CONTENT_TYPE_NOSNIFF SECURE_CROSS_ORIGIN_OPENER_POLICY "
    "SESSION_COOKIE_SECURE SESSION_COOKIE_HTTPONLY SESSION_COOKIE_SAMESITE SESSION_COOKIE_NAME "
    "CSRF_COOKIE_SECURE CSRF_COOKIE_HTTPONLY CSRF_COOKIE_SAMESITE CSRF_COOKIE_NAME"
)
SHOW = (
    "import json; from django.conf import settings; "
    f"print(json.dumps({{n: getattr(settings, n) for n in {BROWSER_RULES!r}.split()}}, default=str))"
)


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    path = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "backoffice.settings"}
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, env=path | environment, cwd=django_settings.BASE_DIR, capture_output=True, text=True, timeout=110, check=False
    )


@contextmanager
def plain_role():
    """A sign-in to the test database that is no superuser, as docs/operators.md asks for; its address."""
    host, name, superuser = (connection.settings_dict[key] for key in ("HOST", "NAME", "USER"))
    role = f"plain_{name}"
    with psycopg.connect(host=host, dbname=name, user=superuser, autocommit=True) as own:
        own.execute(f'DROP ROLE IF EXISTS "{role}"')
        own.execute(f'CREATE ROLE "{role}" LOGIN')
        own.execute(f'GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{role}"')
        try:
            yield f"postgres://{role}@{quote(host, safe='')}/{name}"
        finally:
            own.execute(f'DROP OWNED BY "{role}"')
            own.execute(f'DROP ROLE "{role}"')


@pytest.mark.usefixtures("db")
def test_the_example_passes_every_check_of_a_deployment(example):
    with plain_role() as url:
        done = run("manage.py", "check", "--deploy", "--fail-level", "WARNING", "--database", "default", **example | {"DATABASE_URL": url})

    assert (done.returncode, done.stdout.strip()) == (0, "System check identified no issues (0 silenced)."), done.stderr


@pytest.mark.usefixtures("db")
def test_opened_in_every_way_it_refuses_and_names_each(example):
    (key,) = [name for name in example if name == "SECRET_KEY_FILE"]
    opened = {name: value for name, value in example.items() if name != key} | {
        "SECRET_KEY": "change-me",
        "DEBUG": "1",
        "ALLOWED_HOSTS": "*",
        "SITE_URL": "http://notices.example.org",
        "CSRF_TRUSTED_ORIGINS": "http://notices.example.org",
    }
    with plain_role() as url:
        done = run("manage.py", "check", **opened | {"DATABASE_URL": url})

    assert done.returncode != 0
    for number in ("E003", "E004", "E005", "E006", "E008"):
        assert f"(backoffice.{number})" in done.stderr
    assert done.stderr.count("HINT: ") == 5


GOOD = {
    "PRODUCTION": True,
    "DEBUG": False,
    "SECRET_KEY": "gQ7v-2kXw9JmTzR4bLs8YpNc3HdEaFu6VxPi1WqKoBtMrZ5yGj0",
    "ALLOWED_HOSTS": ["notices.example.org"],
    "SITE_URL": "https://notices.example.org",
    "CSRF_TRUSTED_ORIGINS": ["https://notices.example.org"],
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
}


@pytest.mark.parametrize(
    ("name", "value", "number"),
    [
        ("SECRET_KEY", "x" * 60, "E003"),
        ("SECRET_KEY", "gQ7v-2kXw9JmTzR4bLs8YpNc3", "E003"),
        ("SECRET_KEY", "django-insecure-gQ7v-2kXw9JmTzR4bLs8YpNc3HdEaFu6VxPi1WqKoBt", "E003"),
        ("DEBUG", True, "E004"),
        ("ALLOWED_HOSTS", [], "E005"),
        ("ALLOWED_HOSTS", ["notices.example.org", "*"], "E005"),
        ("ALLOWED_HOSTS", ["."], "E005"),
        ("SITE_URL", "http://notices.example.org", "E006"),
        ("SESSION_COOKIE_SECURE", False, "E007"),
        ("CSRF_COOKIE_SECURE", False, "E007"),
        ("SESSION_COOKIE_HTTPONLY", False, "E007"),
        ("SESSION_COOKIE_SAMESITE", "None", "E007"),
        ("CSRF_TRUSTED_ORIGINS", ["http://notices.example.org"], "E008"),
        ("CSRF_TRUSTED_ORIGINS", ["https://*.example.org"], "E008"),
    ],
)
def test_one_setting_that_opens_production_is_refused_with_the_way_out(settings, name, value, number):
    for good, its_value in GOOD.items():
        setattr(settings, good, its_value)
    assert production_is_closed() == []

    setattr(settings, name, value)
    (found,) = production_is_closed()

    assert (found.id, found.is_serious()) == (f"backoffice.{number}", True)
    assert found.hint.endswith(".")
    settings.PRODUCTION = False  # on a laptop none of it matters
    assert production_is_closed() == []


@pytest.fixture
def production(settings, example):
    """What the production example makes of every setting that browsers see."""
    done = run("-c", SHOW, **example | {"DATABASE_URL": "postgres://app@db.example.org/notices"})
    assert done.returncode == 0, done.stderr
    for name, value in json.loads(done.stdout).items():
        setattr(settings, name, value)
    settings.SECURE_PROXY_SSL_HEADER = tuple(settings.SECURE_PROXY_SSL_HEADER)
    settings.ALLOWED_HOSTS = [example["ALLOWED_HOSTS"]]
    return {"HTTP_HOST": example["ALLOWED_HOSTS"], "HTTP_X_FORWARDED_PROTO": "https"}


@pytest.fixture
def pages(alice, dave, settings, tmp_path):
    """A page, an attachment and an export of each site, the sign-in, and what is not there; and who may open them."""
    settings.MEDIA_ROOT = tmp_path / "media"
    notice = make_published(author=alice, people=(dave,))
    file = ContentFile(b"who,when", name="x")
    rota = Attachment.objects.create(notice=notice, file=file, name="rota.csv", content_type="text/csv", size=8)
    change = reverse("admin:notices_notice_change", args=[notice.pk])
    return {
        "/sign-in/": None,
        reverse("admin:index"): alice,
        reverse("admin:notices_notice_changelist"): alice,
        change: alice,
        reverse("admin:notices_notice_attachment", args=[notice.pk, rota.pk]): alice,
        reverse("inbox:index"): dave,
        reverse("inbox:notice", args=[notice.pk]): dave,
        reverse("inbox:attachment", args=[notice.pk, rota.pk]): dave,
        "/inbox/nothing-here/": dave,
        "/": dave,
        "/nothing-here/": alice,
    }


def answers(pages, host):
    for address, person in pages.items():
        client = Client(headers={"host": host["HTTP_HOST"], "x-forwarded-proto": "https"})
        if person is not None:
            client.force_login(person)
        answer = client.get(address)
        yield address, person, answer
        if answer.streaming:
            answer.getvalue()  # closes the file


def test_every_answer_of_both_sites_carries_the_rules_for_browsers(production, pages):
    for address, _person, answer in answers(pages, production):
        assert answer.status_code in {200, 302, 404}, address
        assert answer["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload", address
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin", address
        assert answer["X-Content-Type-Options"] == "nosniff", address
        assert answer["Referrer-Policy"] == "same-origin", address
        assert "camera=()" in answer["Permissions-Policy"], address
        assert answer["X-Frame-Options"] == "DENY", address
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"], address
        assert "default-src 'none'" in answer["Content-Security-Policy"], address


def test_nothing_that_somebody_signed_in_was_sent_may_be_kept(production, pages):
    for address, person, answer in answers(pages, production):
        assert {"private", "no-store"} <= set(answer["Cache-Control"].split(", ")), (address, person)


def test_scripts_come_from_us_alone_and_only_unfold_may_evaluate(production, pages):
    for address, _person, answer in answers(pages, production):
        rules = dict(rule.split(" ", 1) for rule in answer["Content-Security-Policy"].split("; ") if " " in rule)
        strict = address.startswith(("/inbox/", "/sign-in/")) and answer.status_code == 200
        if "sandbox" in answer["Content-Security-Policy"]:
            assert "script-src" not in rules, address  # nothing runs at all
            continue
        assert rules["script-src"] == ("'self'" if strict else "'self' 'unsafe-eval'"), address
        assert ("'unsafe-inline'" in rules["style-src"]) is not strict, address


def test_the_cookies_stay_on_https_with_us_and_away_from_scripts(production, dave):
    client = Client(headers={"host": production["HTTP_HOST"], "x-forwarded-proto": "https"})
    form = client.get("/sign-in/")
    signed_in = client.post("/sign-in/", {"username": dave.username, "password": PASSWORD})

    cookies = form.cookies | signed_in.cookies
    assert {"__Host-session", "__Host-csrf"} <= set(cookies)
    for name, cookie in cookies.items():
        assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Lax"), name
        assert (cookie["path"], cookie["domain"]) == ("/", ""), name


def test_by_http_or_another_name_nobody_gets_in(production, dave):
    client = Client(headers={"host": production["HTTP_HOST"]})
    client.force_login(dave)
    assert client.get("/inbox/")["Location"] == f"https://{production['HTTP_HOST']}/inbox/"
    assert Client(headers={"host": "evil.example", "x-forwarded-proto": "https"}).get("/sign-in/").status_code == 400


def test_only_the_pop_up_of_the_back_office_may_be_framed_and_by_us_alone(client, grace):
    client.force_login(grace)
    address = reverse("admin:notices_category_add")
    page, pop_up = client.get(address), client.get(address, {"_popup": "1"})
    assert (page["X-Frame-Options"], pop_up["X-Frame-Options"]) == ("DENY", "SAMEORIGIN")
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in pop_up["Content-Security-Policy"]
    assert client.get(reverse("inbox:index"), {"_popup": "1"})["X-Frame-Options"] == "DENY"
    saved = client.post(f"{address}?_popup=1", {"name": "Facilities", "colour": "gray", "_popup": "1"})
    assert (saved.status_code, saved["X-Frame-Options"]) == (200, "SAMEORIGIN")


def test_no_template_of_ours_holds_a_script_a_handler_or_a_script_address():
    """The policy would stop them; a page that depends on one would be broken."""
    tags = re.compile(r"{%.*?%}|{{.*?}}|{#.*?#}", re.DOTALL)
    inline = re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")[^>]*>|\son[a-z]+\s*=|javascript:", re.IGNORECASE)
    for app in ("audit", "backoffice", "notices", "recipients"):
        for path in (django_settings.BASE_DIR / app).rglob("templates/**/*.html"):
            assert not inline.search(tags.sub("", path.read_text())), path
