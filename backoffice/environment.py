"""What the settings do with the environment, in sentences when something is missing."""

import secrets
import zoneinfo
from datetime import time
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

LONGEST_WAIT = 36_500  # days
SMTP_TIMEOUT = 20  # seconds for each step of the dialogue
MAILBOX_PORTS = {"imaps": 993, "imap+tls": 143, "imap": 143}
MAILBOX_EXAMPLE = "It looks like imaps://user:password@host/INBOX, with @, : and / of the password written %40, %3A and %2F."


def require(env: environ.Env, *names: str | tuple[str, ...]) -> None:
    """Refuse to start unless each name, or one of each tuple of names, is set."""
    wanted = [name if isinstance(name, tuple) else (name,) for name in names]
    missing = [" or ".join(group) for group in wanted if not any(env(name, default="") for name in group)]
    if missing:
        msg = f"ENVIRONMENT is “production”, but these are not set: {', '.join(missing)}. See docs/operators.md."
        raise ImproperlyConfigured(msg)


def secret_from(path: Path, name: str) -> str:
    """What the file holds that is named by the variable `name` with _FILE after it."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        msg = f"{name}_FILE cannot be read: {error}. Create the file, or set {name} instead."
        raise ImproperlyConfigured(msg) from error


def days(text: str) -> int:
    """A number of days from ERASE_LEAVERS_AFTER_DAYS; 0 for none."""
    if not text.strip():
        return 0
    if not text.strip().isdecimal() or not 0 < int(text) <= LONGEST_WAIT:
        msg = f"ERASE_LEAVERS_AFTER_DAYS is “{text}”, which is no number of days. Use one such as 365, or leave it out."
        raise ImproperlyConfigured(msg)
    return int(text)


def working_hours(text: str) -> tuple[time, time]:
    """From when until when on a day, as WORKING_HOURS says: “09:00-17:00”."""
    try:
        begin, end = (time.fromisoformat(part.strip()) for part in text.split("-"))
    except ValueError:
        begin = end = time.min
    if begin >= end or begin.tzinfo or end.tzinfo:
        msg = f"WORKING_HOURS is “{text}”, which is no part of a day. Use hours such as 09:00-17:00."
        raise ImproperlyConfigured(msg)
    return begin, end


def time_zone(name: str) -> str:
    """`name`, if there is such a zone."""
    if name not in zoneinfo.available_timezones():
        msg = f"TIME_ZONE is “{name}”, which is no time zone. Use a name such as Europe/London."
        raise ImproperlyConfigured(msg)
    return name


def local_secret_key(folder: Path) -> str:
    """A random key for this machine, made once and kept in `folder`."""
    path = folder / "secret_key"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{secrets.token_hex(4)}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(50), encoding="utf-8")
        try:
            path.hardlink_to(fresh)  # the first of several processes wins, and nobody reads half a key
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text(encoding="utf-8").strip()


def database(url: str) -> dict:
    """Turn DATABASE_URL into Django's DATABASES entry."""
    if not url.startswith(("postgres://", "postgresql://")):
        msg = "DATABASE_URL does not begin with postgres://. PostgreSQL 16 or newer is the only database supported."
        raise ImproperlyConfigured(msg)
    try:
        return environ.Env.db_url_config(url)
    except ValueError as error:
        msg = f"DATABASE_URL cannot be read: {error}. It looks like postgres://user:password@host:5432/name."
        raise ImproperlyConfigured(msg) from error


def mailer(url: str) -> dict:
    """Turn EMAIL_URL (smtp://, smtp+tls://, smtp+ssl://) into Django's MAILERS entry."""
    # What became of a mail is read from the SMTP dialogue, so nothing else will do.
    if not url.startswith(("smtp://", "smtp+tls://", "smtp+ssl://")):
        msg = "EMAIL_URL does not begin with smtp://, smtp+tls:// or smtp+ssl://. Mail is sent by SMTP only."
        raise ImproperlyConfigured(msg)
    parsed = environ.Env.email_url_config(url)
    return {
        "BACKEND": parsed["EMAIL_BACKEND"],
        "OPTIONS": {
            "host": parsed["EMAIL_HOST"],
            "port": parsed["EMAIL_PORT"],  # None: the usual one for the kind of encryption
            "username": parsed["EMAIL_HOST_USER"] or "",
            "password": parsed["EMAIL_HOST_PASSWORD"] or "",
            "use_tls": parsed.get("EMAIL_USE_TLS", False),
            "use_ssl": parsed.get("EMAIL_USE_SSL", False),
            "timeout": SMTP_TIMEOUT,
        },
    }


def bounce_mailbox(url: str) -> dict[str, Any]:
    """Turn BOUNCE_MAILBOX_URL (imaps://, imap+tls:// or imap://) into what connects to it; empty: nothing."""
    if not url.strip():
        return {}
    try:
        parsed = urlsplit(url.strip())
        port = parsed.port
    except ValueError as error:
        msg = f"BOUNCE_MAILBOX_URL cannot be read: {error}. {MAILBOX_EXAMPLE}"
        raise ImproperlyConfigured(msg) from error
    if parsed.scheme not in MAILBOX_PORTS or not parsed.hostname or not parsed.username or not parsed.password:
        msg = f"BOUNCE_MAILBOX_URL names no mailbox. {MAILBOX_EXAMPLE}"
        raise ImproperlyConfigured(msg)
    return {
        "security": parsed.scheme,
        "host": parsed.hostname,
        "port": port or MAILBOX_PORTS[parsed.scheme],
        "user": unquote(parsed.username),
        "password": unquote(parsed.password),
        "folder": unquote(parsed.path.lstrip("/")) or "INBOX",
    }
