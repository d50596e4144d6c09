"""System checks. Each hint is the fix. Those of production run wherever it starts: `check`, `migrate`, the web server."""

import string
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connection

OLDEST_POSTGRES = 16
SHORTEST_KEY, FEWEST_CHARACTERS, SHORTEST_TOKEN = 50, 10, 24
# What people leave standing when they copy an example.
NO_SECRETS = ("change-me", "changeme", "django-insecure", "secret-key", "example")


@register(Tags.database)
def the_database_will_do(*, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    if not databases:
        return []
    connection.ensure_connection()
    if connection.pg_version < OLDEST_POSTGRES * 10_000:
        return [
            Error(
                f"PostgreSQL {connection.pg_version // 10_000} is too old.",
                hint=f"Use PostgreSQL {OLDEST_POSTGRES} or newer.",
                id="backoffice.E001",
            )
        ]
    return _superuser_in_production()


def _superuser_in_production() -> list[CheckMessage]:
    if not settings.PRODUCTION:
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        (is_superuser,) = cursor.fetchone()
    if is_superuser:
        return [
            Error(
                "The application connects as a database superuser.",
                hint="Create a role without SUPERUSER that owns the database, and use it in DATABASE_URL.",
                id="backoffice.E002",
            )
        ]
    return []


@register(Tags.security)
def production_is_closed(**kwargs: Any) -> list[CheckMessage]:
    """What would open it to anybody stops it from starting, however it was configured."""
    if not settings.PRODUCTION:
        return []
    return [Error(message, hint=hint, id=f"backoffice.{number}") for number, wrong, message, hint in RULES if wrong()]


def _weak_key() -> bool:
    key = settings.SECRET_KEY
    return len(key) < SHORTEST_KEY or len(set(key)) < FEWEST_CHARACTERS or any(word in key.lower() for word in NO_SECRETS)


def _open_hosts() -> bool:
    return not settings.ALLOWED_HOSTS or any(not set(host) & {*string.ascii_letters, *string.digits} for host in settings.ALLOWED_HOSTS)


def _insecure_cookies() -> bool:
    secure = settings.SESSION_COOKIE_SECURE and settings.CSRF_COOKIE_SECURE
    hidden = settings.SESSION_COOKIE_HTTPONLY and settings.CSRF_COOKIE_HTTPONLY
    ours = {settings.SESSION_COOKIE_SAMESITE, settings.CSRF_COOKIE_SAMESITE} <= {"Lax", "Strict"}
    return not (secure and hidden and ours)


def _insecure_origins() -> Iterator[str]:
    return (origin for origin in settings.CSRF_TRUSTED_ORIGINS if not origin.startswith("https://") or "*" in origin)


def _weak_metrics_token() -> bool:
    return bool(settings.METRICS_TOKEN) and len(settings.METRICS_TOKEN) < SHORTEST_TOKEN


type Rule = tuple[str, Callable[[], bool], str, str]
RULES: tuple[Rule, ...] = (
    (
        "E003",
        _weak_key,
        "SECRET_KEY can be guessed: it is short, has few different characters, or is an example's.",
        'Make one with python3 -c "import secrets; print(secrets.token_urlsafe(50))", and set SECRET_KEY or SECRET_KEY_FILE.',
    ),
    (
        "E004",
        lambda: settings.DEBUG,
        "DEBUG is on: error pages show settings and source to anybody.",
        "Take DEBUG out of the environment.",
    ),
    (
        "E005",
        _open_hosts,
        "ALLOWED_HOSTS lets any host name in, so that links could lead elsewhere.",
        "Set ALLOWED_HOSTS to the names that people type, with commas between them and no “*”.",
    ),
    (
        "E006",
        lambda: not settings.SITE_URL.startswith("https://"),
        "SITE_URL does not begin with https://: mails would lead people over an open line.",
        "Set SITE_URL to the address that people type, such as https://notices.example.org.",
    ),
    (
        "E007",
        _insecure_cookies,
        "The cookies of the sign-in may leave by http, be read by scripts, or come along from other sites.",
        "Leave the COOKIE settings of backoffice/settings.py as they are.",
    ),
    (
        "E008",
        lambda: any(_insecure_origins()),
        "CSRF_TRUSTED_ORIGINS trusts an address without https, or any address.",
        "Name each origin in full, beginning with https://.",
    ),
    (
        "E009",
        _weak_metrics_token,
        "METRICS_TOKEN can be guessed: it is short, and it is all that keeps strangers from the figures.",
        'Make one with python3 -c "import secrets; print(secrets.token_urlsafe(32))", or leave it out: then there are no metrics.',
    ),
)
