"""Real mail servers on this machine: a good one, and one that breaks off where it is told to."""

import socket
import threading
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
    """Says what SMTP says and hangs up instead of answering `at`: “EHLO”, “MAIL”, “RCPT”, “DATA” or “text”."""

    def __init__(self, at: str, *, answer: bytes = b"") -> None:
        self.at, self.answer = at, answer
        self.texts = 0
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
            with connection, connection.makefile("rb") as lines:
                self._talk(connection, lines)

    def _talk(self, connection: socket.socket, lines: Any) -> None:
        connection.sendall(b"220 mail.test\r\n")
        for line in lines:
            word = line.split(b" ")[0].strip().decode().upper()
            if word == self.at:
                connection.sendall(self.answer)
                return
            connection.sendall(b"354 Go on\r\n" if word == "DATA" else b"250 OK\r\n")
            if word == "DATA":
                while lines.readline() not in {b".\r\n", b""}:
                    pass
                self.texts += 1
                if self.at == "text":
                    return
                connection.sendall(b"250 Kept\r\n")
