"""What a report comes down to, whichever way it came in."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

LONGEST_DIAGNOSTIC = 500
# As `notices.mail` and `notices.approval_mail` make them. Numbers that fit the columns of the database.
OURS = re.compile(
    r"(?P<kind>delivery|approval|reminder)-(?P<numbers>\d{1,18}(?:\.\d{1,9}){0,2})@(?P<domain>[A-Za-z0-9.-]{1,253})", re.ASCII
)
ADDRESS = re.compile(r"[^\s<>()\[\],;:\"'@]+@[^\s<>()\[\],;:\"'@]+")


class Kind(StrEnum):
    """As `Bounce.Kind` stores them."""

    HARD = "hard"
    SOFT = "soft"
    DELAYED = "delayed"


@dataclass(frozen=True, slots=True)
class MailId:
    """What a Message-ID of ours says: the kind of mail, its row, and what else has to fit that row."""

    kind: str
    numbers: tuple[int, ...]
    domain: str


@dataclass(frozen=True, slots=True)
class Report:
    """One mail and what became of it. `recipients`: all addresses that the report gives for it, in small letters; it may name nobody."""

    mail: MailId
    kind: Kind
    code: str = ""
    diagnostic: str = ""
    recipients: frozenset[str] = frozenset()
    at: datetime | None = None


class What(StrEnum):
    """What a message in the mailbox is."""

    REPORT = "report"  # about the delivery of something
    AUTO_REPLY = "auto_reply"  # out of office, and receipts that somebody read or got a mail
    OTHER = "other"  # a person wrote it, or nothing can be made of it


@dataclass(frozen=True, slots=True)
class Reading:
    """A message, read. A report about mails that are not ours has no `reports`."""

    what: What
    reports: tuple[Report, ...] = ()


def mail_ids(text: str) -> set[MailId]:
    """Every Message-ID of ours in a text."""
    return {
        MailId(found["kind"], tuple(int(number) for number in found["numbers"].split(".")), found["domain"].lower().rstrip("."))
        for found in OURS.finditer(text)
    }


def without_addresses(text: str) -> str:
    """One line of what a server said, as it is kept: addresses are nobody's business but the account's."""
    return ADDRESS.sub("…", one_line(text[: 4 * LONGEST_DIAGNOSTIC]))[:LONGEST_DIAGNOSTIC]


def one_line(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
