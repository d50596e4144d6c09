"""The text of a mail, made once with placeholders of pure ASCII; only those are replaced for each person.

Building a message costs far more than sending it.
"""

import re
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from backoffice import clock

TO, ID = b"to-placeholder@example.invalid", b"id-placeholder"
# One line however long the name: a folded header loses its quotes and may begin with an empty line.
ONE_LINE = SMTP.clone(max_line_length=998)
# What needs neither quotes nor encoding, and is short enough for one line.
PLAIN_NAME = re.compile(r"[A-Za-z0-9'-]+( [A-Za-z0-9'-]+){0,9}", re.ASCII)
PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", re.ASCII)


class UnusableAddressError(Exception):
    """The address cannot stand in a header: control characters, no domain, …"""


def template(sender: str, name: str, subject: str, body: str, context: dict[str, Any], *, stop_url: str = "") -> bytes:
    """A message with placeholders for the person, ready to follow DATA. `name` makes its Message-ID; `body` has a text and an HTML form.

    `stop_url`: where one may choose to do without such mails.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = settings.DEFAULT_FROM_EMAIL
    message["To"] = TO.decode()
    message["Message-ID"] = f"<{name}@{sender.rpartition('@')[2]}>"
    message["Subject"] = _one_line(subject)
    message["Date"] = format_datetime(clock.now())
    message["Auto-Submitted"] = "auto-generated"
    if stop_url:
        message["List-Unsubscribe"] = f"<{stop_url}>"
    message.set_content(render_to_string(f"{body}.txt", context), cte="quoted-printable")
    message.add_alternative(render_to_string(f"{body}.html", context), subtype="html", cte="quoted-printable")
    lines = message.as_bytes().split(b"\r\n")
    return b"\r\n".join(b"." + line if line.startswith(b".") else line for line in lines).rstrip(b"\r\n") + b"\r\n.\r\n"


def _one_line(text: str) -> str:
    return "".join(char for char in " ".join(text.split()) if char.isprintable())


def filled_in(template: bytes, mail_id: int, name: str, email: str) -> bytes:
    """The bytes to send after DATA, with the closing dot.

    Raises:
        UnusableAddressError: there is no way to address it.
    """
    try:
        to = _to(_one_line(name), email)
    except (ValueError, MessageError) as error:
        raise UnusableAddressError(email) from error
    # Stable for a mail, so that one which was sent twice is recognised as one.
    # Only the first of each, which is the header: an author may write such words too.
    return template.replace(ID, str(mail_id).encode(), 1).replace(TO, to, 1)


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
