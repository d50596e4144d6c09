"""Mails about one notice: rendered once, filled in per person, sent over a kept connection.

Building a message costs far more than sending it, so the message is built once with
placeholders of pure ASCII and only those are replaced for each person.
"""

import smtplib
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from types import TracebackType
from typing import Self

from django.conf import settings
from django.core.mail import mailers
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from notices.models import Delivery, Notice
from notices.rendering import notice_url, render

State = Delivery.State
TO, ID = b"to-placeholder@example.invalid", b"id-placeholder"
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

    def send(self, delivery_id: int, name: str, email: str) -> Outcome:
        """Send one mail and say what became of it. Raises nothing that a mail server can cause."""
        try:
            data = self._message(delivery_id, name, email)
        except ValueError:
            return Outcome(State.FAILED, _("“%(email)s” is not a usable e-mail address.") % {"email": email})
        smtp = self._connect()
        if smtp is None:
            return Outcome(State.WAITING, self.problem)
        return self._hand_over(smtp, email, data)

    def _hand_over(self, smtp: smtplib.SMTP, email: str, data: bytes) -> Outcome:
        """The SMTP dialogue step by step: what failed before the text was sent can safely be repeated."""
        text_sent = False
        try:
            for reply in (lambda: smtp.mail(self.sender), lambda: smtp.rcpt(email), lambda: smtp.docmd("DATA")):
                code, answer = reply()
                if code >= 400:
                    smtp.rset()
                    return _refusal(code, answer)
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
        return Outcome(State.SENT) if code < 400 else _refusal(code, answer)

    def _connect(self) -> smtplib.SMTP | None:
        if self._sent_on_connection >= MESSAGES_PER_CONNECTION:
            self._disconnect()
        if self._backend.connection is None:
            try:
                self._backend.open()
            except MailboxProblem as error:
                self._backend.connection = None
                self.is_away, self.problem = True, _("The mail server cannot be reached: %(error)s") % {"error": error}
                return None
            self._backend.connection.ehlo_or_helo_if_needed()
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
            ValueError: the address cannot stand in a header (control characters, no domain, …).
        """
        if self._template is None:
            self._template = _template(self.notice, self.sender)
        address = Address(_one_line(name), addr_spec=email)
        if not email.isascii() or not address.domain:
            raise ValueError(email)
        header = EmailMessage(policy=SMTP)
        header["To"] = address
        to = header.as_bytes().split(b": ", 1)[1].rstrip()
        # Stable for a delivery, so that a mail which was sent twice is recognised as one.
        return self._template.replace(TO, to).replace(ID, str(delivery_id).encode())


def _template(notice: Notice, sender: str) -> bytes:
    rendered = render(notice)
    context = {
        "notice": notice,
        "content_html": rendered.html,
        "content_text": rendered.text,
        "url": notice_url(notice),
        "organisation": settings.ORGANISATION_NAME,
    }
    message = EmailMessage(policy=SMTP)
    message["From"] = settings.DEFAULT_FROM_EMAIL
    message["To"] = TO.decode()
    message["Subject"] = _one_line(notice.title)
    message["Date"] = format_datetime(timezone.now())
    message["Message-ID"] = f"<delivery-{ID.decode()}.{notice.pk}.{notice.revision}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(render_to_string("notices/mail/notice.txt", context), cte="quoted-printable")
    message.add_alternative(render_to_string("notices/mail/notice.html", context), subtype="html", cte="quoted-printable")
    lines = message.as_bytes().split(b"\r\n")
    return b"\r\n".join(b"." + line if line.startswith(b".") else line for line in lines).rstrip(b"\r\n") + b"\r\n.\r\n"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _refusal(code: int, answer: bytes) -> Outcome:
    said = f"{code} {answer.decode('utf-8', 'replace')}"
    if code >= 500:
        return Outcome(State.FAILED, _("The mail server refused it: %(said)s") % {"said": said})
    return Outcome(State.WAITING, _("The mail server asked to try later: %(said)s") % {"said": said})
