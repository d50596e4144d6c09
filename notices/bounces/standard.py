"""Reports in the standard form (RFC 3464): one group of fields for each recipient; and which mail a report is about."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from notices.bounces.fields import Headers, Part, moment
from notices.bounces.kinds import code_of
from notices.bounces.reports import MailId, mail_ids, one_line

LONGEST_SAID = 2000
ENCODED = re.compile(r"\+([0-9A-F]{2})")  # xtext, RFC 3461
RECIPIENTS = ("final-recipient", "original-recipient", "x-actual-recipient")
ID_HEADERS = ("original-message-id", "x-original-message-id", "in-reply-to", "references")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a mail at one address. `action` is one of RFC 3464's."""

    action: str
    code: str
    diagnostic: str
    recipients: frozenset[str]
    at: datetime | None


def standard_reports(parts: list[Part], headers: Headers) -> list[Outcome] | None:
    """None: the message has no report in the standard form."""
    status = [part for part in parts if part.content_type.endswith("delivery-status")]
    if not status:
        return None
    date = moment(headers.first("date"))
    return [outcome for part in status for block in part.blocks for outcome in _outcome(block, date)]


def _outcome(block: Headers, date: datetime | None) -> Iterator[Outcome]:
    """Of a group of fields about a recipient; the first group is about the message, and is none."""
    diagnostic = one_line(" ".join(_after_type(value) for value in block.all("diagnostic-code"))[:LONGEST_SAID])
    action = block.first("action").lower().split(maxsplit=1)[:1]
    code = code_of(block.first("status"), diagnostic)
    if action or code:
        at = moment(block.first("last-attempt-date")) or date
        yield Outcome(action[0].strip(";,(") if action else "failed", code, diagnostic, frozenset(_recipients(block)), at)


def _recipients(block: Headers) -> Iterator[str]:
    for name in RECIPIENTS:
        for value in block.all(name):
            if "@" in (address := normalised(_after_type(value))):
                yield address
                yield ENCODED.sub(lambda found: chr(int(found[1], 16)), _after_type(value)).strip("<> ").lower()


def normalised(address: str) -> str:
    return address.strip().strip("<>").strip().lower()


def _after_type(value: str) -> str:
    """`rfc822; bob@example.org` and `smtp; 550 No such user` say of which kind they are."""
    kind, found, rest = value.partition(";")
    return rest.strip() if found and " " not in kind.strip() else value.strip()


def original_ids(parts: list[Part], headers: Headers) -> set[MailId]:
    """The Message-IDs of ours that a report is about: of what it returns, else of what it answers, else in its text."""
    attached = [part.attached for part in parts if part.attached is not None]
    places = (
        [value for inside in attached for value in inside.all("message-id")],
        [value for name in ID_HEADERS for value in headers.all(name)],
        [block.first(name) for part in parts for block in part.blocks for name in ID_HEADERS],
        [part.text for part in parts],
    )
    return next((ids for values in places if (ids := set().union(*map(mail_ids, values)))), set())
