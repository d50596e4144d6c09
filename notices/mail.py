"""Mails about one notice: rendered once, filled in per person, sent over a kept connection.

Building a message costs far more than sending it, so the message is built once with
placeholders of pure ASCII and only those are replaced for each person.
"""

import re
import smtplib
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from types import TracebackType
from typing import Any, Self

from django.conf import settings
from django.core.mail import mailers
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from notices.models import Delivery, Notice
from notices.rendering import notice_url, render

State = Delivery.State
TO, ID = b"to-placeholder@example.invalid", b"id-placeholder"
# One line however long the name: a folded header loses its quotes and may begin with an empty line.
ONE_LINE = SMTP.clone(max_line_length=998)
GO_ON, REFUSED, REFUSED_FOR_GOOD = 354, 400, 500  # what a server answers
# What needs neither quotes nor encoding, and is short enough for one line.
PLAIN_NAME = re.compile(r"[A-Za-z0-9'-]+( [A-Za-z0-9'-]+){0,9}", re.ASCII)
PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", re.ASCII)
MESSAGES_PER_CONNECTION = 500  # many servers close a connection that sends more
MailboxProblem = (smtplib.SMTPException, OSError)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt: the delivery's new state and, in plain words, why."""

    state: str
    reason: str = ""


class Mailer:
    """Sends one notice to many people. After `is_away` the server cannot be reached; `problem` says why."""

    def __init__(self, notice: Notice) -> None:
        self.notice = notice
        self.sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
        self.is_away = False
        self.problem = ""
        self._backend = mailers.create_connection("default")
        self._sent_on_connection = 0
        self._template: bytes | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._disconnect()

    def compose(self) -> bytes:
        """Render the mail, once; `send` does it when nobody did before."""
        if self._template is None:
            self._template = self._render()
        return self._template

    def _render(self) -> bytes:
        return notice_template(self.notice, self.sender)

    def send(self, delivery_id: int, name: str, email: str) -> Outcome:
        """Send one mail and say what became of it. Raises nothing that a mail server can cause."""
        try:
            data = self._message(delivery_id, name, email)
        except (ValueError, MessageError):
            return Outcome(State.FAILED, _("“%(email)s” is not a usable e-mail address.") % {"email": email})
        smtp = self._connect()
        if smtp is None:
            return Outcome(State.WAITING, self.problem)
        return self._hand_over(smtp, email, data)

    def _hand_over(self, smtp: smtplib.SMTP, email: str, data: bytes) -> Outcome:
        """The SMTP dialogue step by step: what failed before the text was sent can safely be repeated."""
        text_sent = False
        try:
            announce = _announce_at_once if smtp.has_extn("pipelining") else _announce
            if refused := announce(smtp, self.sender, email):
                self._begin_anew(smtp)
                return _refusal(*refused)
            text_sent = True
            smtp.send(data)
            code, answer = smtp.getreply()
        except MailboxProblem as error:
            self._disconnect()
            if text_sent:
                return Outcome(State.UNKNOWN, _("The mail server broke off after the text was sent. The mail may have arrived."))
            self.is_away, self.problem = True, _("The mail server broke off: %(error)s") % {"error": error}
            return Outcome(State.WAITING, self.problem)
        self._sent_on_connection += 1
        if code < REFUSED:
            return Outcome(State.SENT)
        self._begin_anew(smtp)
        return _refusal(code, answer)

    def _begin_anew(self, smtp: smtplib.SMTP) -> None:
        """A server may hang up after a refusal; the refusal counts all the same."""
        try:
            smtp.rset()
        except MailboxProblem:
            self._disconnect()

    def _connect(self) -> smtplib.SMTP | None:
        if self._sent_on_connection >= MESSAGES_PER_CONNECTION:
            self._disconnect()
        if self._backend.connection is None:
            try:
                self._backend.open()
                self._backend.connection.ehlo_or_helo_if_needed()
            except MailboxProblem as error:
                self._disconnect()
                self.is_away, self.problem = True, _("The mail server cannot be reached: %(error)s") % {"error": error}
                return None
        return self._backend.connection

    def _disconnect(self) -> None:
        self._sent_on_connection = 0
        if self._backend.connection is not None:
            try:
                self._backend.close()
            except MailboxProblem:
                self._backend.connection = None

    def _message(self, delivery_id: int, name: str, email: str) -> bytes:
        """The bytes to send after DATA, with the closing dot.

        Raises:
            ValueError, MessageError: the address cannot stand in a header (control characters, no domain, …).
        """
        template = self.compose()
        to = _to(_one_line(name), email)
        # Stable for a delivery, so that a mail which was sent twice is recognised as one.
        # Only the first of each, which is the header: an author may write such words too.
        return template.replace(ID, str(delivery_id).encode(), 1).replace(TO, to, 1)


def _to(name: str, email: str) -> bytes:
    """The value of the To header, on one line."""
    if PLAIN_NAME.fullmatch(name) and PLAIN_ADDRESS.fullmatch(email):  # most are; the parser takes as long as the sending
        return f"{name} <{email}>".encode()
    local, _at, domain = email.rpartition("@")
    if not (local and domain and email.isascii()):  # the parser of older Pythons fails on these in ways of its own
        raise ValueError(email)
    address = Address(name, addr_spec=email)
    header = EmailMessage(policy=ONE_LINE)
    header["To"] = address
    return header.as_bytes().removeprefix(b"To:").strip()


def _announce(smtp: smtplib.SMTP, sender: str, email: str) -> tuple[int, bytes] | None:
    """Say who writes to whom; the server's refusal, or None when it waits for the text."""
    for say in (lambda: smtp.mail(sender), lambda: smtp.rcpt(email), lambda: smtp.docmd("DATA")):
        code, answer = say()
        if code >= REFUSED:
            return code, answer
    return None


def _announce_at_once(smtp: smtplib.SMTP, sender: str, email: str) -> tuple[int, bytes] | None:
    """The same in one journey instead of three, for a server that offers PIPELINING (RFC 2920)."""
    smtp.send(f"MAIL FROM:{smtplib.quoteaddr(sender)}\r\nRCPT TO:{smtplib.quoteaddr(email)}\r\nDATA\r\n")
    refused = None
    try:
        for _step in range(3):
            code, answer = smtp.getreply()
            if code >= REFUSED:
                refused = refused or (code, answer)
            elif code == GO_ON and refused:  # it waits for a text to nobody
                smtp.send(".\r\n")
                smtp.getreply()
    except MailboxProblem:
        if refused is None:
            raise
        smtp.close()  # it said why before it broke off
    return refused


def notice_template(notice: Notice, sender: str) -> bytes:
    rendered = render(notice)
    context = {
        "notice": notice,
        "content_html": rendered.html,
        "content_text": rendered.text,
        "url": notice_url(notice),
        "organisation": settings.ORGANISATION_NAME,
    }
    name = f"delivery-{ID.decode()}.{notice.pk}.{notice.revision}"
    return template(sender, name, notice.title, "notices/mail/notice", context)


def template(sender: str, name: str, subject: str, body: str, context: dict[str, Any]) -> bytes:
    """A message with placeholders for the person, ready to follow DATA. `name` makes its Message-ID; `body` has a text and an HTML form."""
    message = EmailMessage(policy=SMTP)
    message["From"] = settings.DEFAULT_FROM_EMAIL
    message["To"] = TO.decode()
    message["Message-ID"] = f"<{name}@{sender.rpartition('@')[2]}>"
    message["Subject"] = _one_line(subject)
    message["Date"] = format_datetime(timezone.now())
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(render_to_string(f"{body}.txt", context), cte="quoted-printable")
    message.add_alternative(render_to_string(f"{body}.html", context), subtype="html", cte="quoted-printable")
    lines = message.as_bytes().split(b"\r\n")
    return b"\r\n".join(b"." + line if line.startswith(b".") else line for line in lines).rstrip(b"\r\n") + b"\r\n.\r\n"


def _one_line(text: str) -> str:
    return "".join(char for char in " ".join(text.split()) if char.isprintable())


def _refusal(code: int, answer: bytes) -> Outcome:
    said = f"{code} {answer.decode('utf-8', 'replace')}"
    if code >= REFUSED_FOR_GOOD:
        return Outcome(State.FAILED, _("The mail server refused it: %(said)s") % {"said": said})
    return Outcome(State.WAITING, _("The mail server asked to try later: %(said)s") % {"said": said})
