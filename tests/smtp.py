"""Real mail servers on this machine: a good one, and one that breaks off where it is told to."""

import socket
import threading
from contextlib import suppress
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def mailers(port: int) -> dict[str, Any]:
    """The value of MAILERS that leads to this port."""
    options = {"host": "127.0.0.1", "port": port, "timeout": 5}
    return {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}}


class Mailbox:
    """Keeps what arrives. `answers` maps a recipient to the reply that refuses it; `after_text` answers every text."""

    def __init__(self) -> None:
        self.raw: list[bytes] = []
        self.recipients: list[str] = []
        self.answers: dict[str, str] = {}
        self.after_text = "250 Kept"
        self.connections = 0

    @property
    def messages(self) -> list[EmailMessage]:
        return [message_from_bytes(raw, policy=policy.default) for raw in self.raw]

    def to(self, address: str) -> list[EmailMessage]:
        """Our mails have one recipient each."""
        return [message for recipient, message in zip(self.recipients, self.messages, strict=True) if recipient == address]

    async def handle_EHLO(self, server, session, envelope, hostname, responses):  # noqa: N802 - aiosmtpd calls it so
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd calls it so
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd calls it so
        if self.after_text.startswith("250"):
            self.raw.append(envelope.original_content)
            self.recipients += envelope.rcpt_tos
        return self.after_text


class MailServer(Controller):
    """The mailbox behind a port of its own."""

    def __init__(self) -> None:
        super().__init__(Mailbox(), hostname="127.0.0.1", port=free_port())

    def factory(self) -> SMTP:
        return SMTP(self.handler, hostname="mail.test", decode_data=False)


class RudeServer:
    """Says what SMTP says, but once: it hangs up at `at`, one of “EHLO”, “MAIL”, “RCPT”, “DATA” and “text”.

    `answers` says what it answers, once, at each of these instead of the usual.
    """

    def __init__(self, at: str = "", *, answers: dict[str, str] | None = None, pipelining: bool = False) -> None:
        self.at, self.answers, self.pipelining = at, answers or {}, pipelining
        self.texts: list[bytes] = []  # of each mail that it got whole, whatever it said to it
        self.connections = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            with connection, connection.makefile("rb") as lines:
                connection.sendall(b"220 mail.test\r\n")
                self._talk(connection, lines)
                # Closing with something unread would take back what was answered.
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_WR)
                    lines.read()

    def _talk(self, connection: socket.socket, lines: Any) -> None:
        usual = {"EHLO": "250-mail.test\r\n250 PIPELINING" if self.pipelining else "250 mail.test", "DATA": "354 Go on"}
        for line in lines:
            word = line.split(b" ")[0].strip().decode().upper()
            if self._answer(connection, word, usual.get(word, "250 OK")).startswith("354"):
                word = "text"
                self._take_text(lines)
                self._answer(connection, word, "250 Kept")
            if word == self.at:
                self.at = ""
                return

    def _take_text(self, lines: Any) -> None:
        text = []
        while (line := lines.readline()) not in {b".\r\n", b""}:
            text.append(line)
        if text:
            self.texts.append(b"".join(text))

    def _answer(self, connection: socket.socket, word: str, usual: str) -> str:
        answer = self.answers.pop(word, "" if word == self.at else usual)
        if answer:
            connection.sendall(answer.encode() + b"\r\n")
        return answer
