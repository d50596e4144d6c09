"""Reports that are in no standard form: text by a mail server, with our mail or its headers beneath (qmail, older Exim and Sendmail, …)."""

import re

from notices.bounces.fields import Headers, Part, moment
from notices.bounces.kinds import CODE, NO_SUCH_MAILBOX, SMTP, code_of
from notices.bounces.reports import ADDRESS, one_line
from notices.bounces.standard import LONGEST_SAID, Outcome, normalised

DAEMON = re.compile(r"\b(mailer-daemon|mail-daemon|postmaster|maildaemon|mail delivery (sub)?system)\b", re.IGNORECASE)
QMAIL = re.compile(r"^Hi\. This is the ", re.MULTILINE)
# From here on it is our own mail that is read.
RETURNED = re.compile(
    r"^\W{0,40}(below this line is a copy|this is a copy of|original message|the following is a copy|unsent message follows"
    r"|.{0,40}headers of the message|-+ ?transcript of the original)",
    re.IGNORECASE | re.MULTILINE,
)
DELAYED = re.compile(r"\bdelay(ed)?\b|not yet been delivered|warning: could not send|do not need to resend", re.IGNORECASE)
FAILED = re.compile(
    r"undeliver|deliver[^.\n]{0,60}fail|fail[^.\n]{0,60}deliver|could not be delivered|wasn't able to deliver|returned mail"
    r"|returned to sender|permanent error|failure notice",
    re.IGNORECASE,
)
NAMED = re.compile(r"^[ \t]*<?(?P<address>[^\s<>:;,\"]{1,64}@[^\s<>:;,\"]{1,255}?)>?[ \t]*:?[ \t]*$", re.MULTILINE)

LONGEST_LINE, MOST_LINES = 500, 400


def returned_mail(parts: list[Part], headers: Headers) -> list[Outcome] | None:
    """None: no server says here that a mail failed or waits."""
    text = "\n".join(part.text for part in parts if part.text)
    if not _by_a_server(text, headers):
        return None
    said = text[: found.start()] if (found := RETURNED.search(text)) else text
    subject = headers.first("subject")
    line = _telling_line(said)
    failed = bool(line or FAILED.search(subject) or FAILED.search(said))
    delayed = bool(DELAYED.search(subject)) or (not FAILED.search(subject) and bool(DELAYED.search(said)))
    if not failed and not delayed:
        return None
    code = code_of("", line)
    return [Outcome("delayed" if delayed else "failed", code, line, _named(said, headers), moment(headers.first("date")))]


def _by_a_server(text: str, headers: Headers) -> bool:
    return "x-failed-recipients" in headers or bool(DAEMON.search(headers.first("from")) or QMAIL.search(text))


def _telling_line(said: str) -> str:
    """The first line in which the server says why: best one with a code."""
    lines = [one_line(line[:LONGEST_LINE]) for line in said.splitlines()[:MOST_LINES]]
    for telling in (CODE, SMTP, NO_SUCH_MAILBOX):
        for line in lines:
            if telling.search(line):
                return line
    return ""


def _named(said: str, headers: Headers) -> frozenset[str]:
    listed = [address for value in headers.all("x-failed-recipients") for address in ADDRESS.findall(value[:LONGEST_SAID])]
    return frozenset(normalised(address) for address in listed or [found["address"] for found in NAMED.finditer(said)])
