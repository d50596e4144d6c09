"""Events as providers post them to a webhook: a JSON array, one object, or one object a line."""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from notices.bounces.kinds import code_of, kind_of
from notices.bounces.reports import Kind, Report, mail_ids, one_line

# What we call it, and what some providers do.
NAMES = {
    "message_id": ("message_id", "message-id", "messageid", "smtp-id", "smtp_id"),
    "recipient": ("recipient", "email", "to", "rcpt"),
    "action": ("action", "event", "type", "recordtype"),
    "status": ("status", "code", "status_code"),
    "diagnostic": ("diagnostic", "reason", "description", "details", "response"),
    "at": ("at", "timestamp", "time", "date", "bouncedat"),
}
FAILED = frozenset({"failed", "failure", "bounce", "bounced", "dropped", "rejected", "undelivered"})
ALWAYS_HARD = frozenset({"hard_bounce", "hardbounce", "hard-bounce", "permanent_failure"})
ALWAYS_SOFT = frozenset({"soft_bounce", "softbounce", "soft-bounce", "temporary_failure", "blocked"})
DELAYED = frozenset({"delayed", "deferred", "delivery_delayed"})
MILLISECONDS = 10**11  # a moment that large is not in seconds


def read_events(text: str) -> Iterator[tuple[Report | None, str]]:
    """For each event the report and its digest. None: it says of no mail of ours that it failed or waits.

    Raises:
        ValueError: this is no JSON; the message says where.
    """
    for event in _objects(text):
        report = _report({str(name).lower(): value for name, value in event.items()}) if isinstance(event, dict) else None
        yield report, hashlib.sha256(repr(report).encode()).hexdigest() if report else ""


def _objects(text: str) -> list[Any]:
    try:
        found = _parsed(text)
    except ValueError:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 2 and text.strip():  # noqa: PLR2004 - one line is what was tried just now
            raise
        return [_line(number, line) for number, line in enumerate(lines, 1)]
    return found if isinstance(found, list) else [found]


def _line(number: int, line: str) -> Any:
    try:
        return _parsed(line)
    except ValueError as error:
        msg = f"line {number}: {error}"
        raise ValueError(msg) from error


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError as error:
        msg = "it is nested too deeply"
        raise ValueError(msg) from error


def _report(event: dict[str, Any]) -> Report | None:
    ids = mail_ids(_value(event, "message_id"))
    diagnostic = one_line(_value(event, "diagnostic")[:2000])
    code = code_of(_value(event, "status"), diagnostic)
    kind = _kind(_value(event, "action").strip().lower().replace(" ", "_"), code, diagnostic)
    if kind is None or len(ids) != 1:
        return None
    recipient = _value(event, "recipient").strip().strip("<>").lower()
    return Report(ids.pop(), kind, code, diagnostic, frozenset({recipient} if recipient else ()), _moment(_value(event, "at")))


def _kind(action: str, code: str, diagnostic: str) -> Kind | None:
    if action in DELAYED:
        return Kind.DELAYED
    if action in ALWAYS_HARD:
        return Kind.HARD
    if action in ALWAYS_SOFT:
        return Kind.SOFT
    if action in FAILED or (not action and code[:1] in {"4", "5"}):
        return kind_of("failed", code, diagnostic)
    return None


def _value(event: dict[str, Any], name: str) -> str:
    values = (event.get(alias) for alias in NAMES[name])
    return next((str(value) for value in values if isinstance(value, str | int | float) and value != ""), "")


def _moment(text: str) -> datetime | None:
    """ISO 8601, or seconds or milliseconds since 1970."""
    try:
        seconds = float(text)
        return datetime.fromtimestamp(seconds / 1000 if seconds > MILLISECONDS else seconds, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
