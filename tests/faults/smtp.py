"""A mail server on this machine that does what a script says, at any moment of the dialogue, and remembers what it accepted.

A script gets the moment and the number of the mail (from 1, over all connections) and returns None for the usual answer,
an answer, or one of DROP, HANG and DRIP. It may also do something: kill a worker, withdraw a notice.
"""

import re
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

DROP, HANG, DRIP = "drop", "hang", "drip"
# In this order. “part” is when the text has begun, “text” when all of it came and before it is answered.
MOMENTS = ("connect", "EHLO", "MAIL", "RCPT", "DATA", "part", "text", "answered")
Script = Callable[[str, int], str | None]
USUAL = {
    "connect": "220 mail.test",
    "EHLO": "250-mail.test\r\n250 PIPELINING",
    "DATA": "354 Go on",
    "text": "250 Kept",
    "QUIT": "221 Bye",
}


def willing(moment: str, number: int) -> str | None:
    return None


class ScriptedServer:
    def __init__(self, script: Script = willing, *, pipelining: bool = True) -> None:
        self.script, self.pipelining = script, pipelining
        self.accepted: list[str] = []  # Message-IDs, of every mail whose text came whole and was not refused
        self.connections = 0
        self._mails = 0
        self._lock = threading.Lock()
        self._open = True
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def stop(self) -> None:
        self._open = False
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, suppress(OSError, _HungUp):
            _Talk(self, connection).run()

    def next_mail(self) -> int:
        with self._lock:
            self._mails += 1
            return self._mails

    def keep(self, text: bytes) -> None:
        found = re.search(rb"^message-id: *(<[^>]+>)", text, re.IGNORECASE | re.MULTILINE)
        with self._lock:
            self.accepted.append(found[1].decode() if found else "")

    @property
    def is_open(self) -> bool:
        return self._open


class _HungUp(Exception):  # noqa: N818 - the script said so
    pass


class _Talk:
    def __init__(self, server: ScriptedServer, connection: socket.socket) -> None:
        self._server, self._connection = server, connection
        self._lines: Any = connection.makefile("rb")
        self._number = 0

    def run(self) -> None:
        self._at("connect")
        for line in self._lines:
            word = line.split(b" ")[0].strip().decode().upper()
            if word == "MAIL":
                self._number = self._server.next_mail()
            if self._at(word).startswith("354"):
                self._take_text()
            if word == "QUIT":
                return

    def _take_text(self) -> None:
        text = [self._lines.readline()]
        self._at("part", answers=False)
        while text[-1] not in {b".\r\n", b""}:
            text.append(self._lines.readline())
        if text[-1] != b".\r\n":  # it broke off, so there is nothing to keep
            return
        said = self._server.script("text", self._number)
        if said in {None, DROP, HANG, DRIP} or said.startswith("2"):  # whoever drops it now may have kept it
            self._server.keep(b"".join(text))
        self._do(said or USUAL["text"])
        self._at("answered", answers=False)

    def _at(self, moment: str, *, answers: bool = True) -> str:
        said = self._server.script(moment, self._number)
        usual = "250 mail.test" if moment == "EHLO" and not self._server.pipelining else USUAL.get(moment, "250 OK")
        if said is None:
            said = usual if answers else ""
        self._do(said)
        return said

    def _do(self, said: str) -> None:
        if said == DROP:
            raise _HungUp
        if said == HANG:
            self._wait()
        elif said == DRIP:
            for byte in b"250-" + b"." * 4000:
                self._connection.sendall(bytes([byte]))
                time.sleep(0.02)
        elif said:
            self._connection.sendall(said.encode() + b"\r\n")

    def _wait(self) -> None:
        """Until the other side has had enough."""
        self._connection.settimeout(0.1)
        while self._server.is_open:
            try:
                if not self._connection.recv(4096):
                    raise _HungUp
            except TimeoutError:
                continue
