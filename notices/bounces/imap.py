"""A mailbox on an IMAP server: what is unread there, and a mark on what was dealt with."""

import imaplib
import re
import ssl
from contextlib import ExitStack, suppress
from types import TracebackType
from typing import Any, Self

TIMEOUT = 20  # seconds for each step of the dialogue
LONGEST = 1_000_000  # bytes of a message that are fetched: more is not read
MailboxProblem = (imaplib.IMAP4.error, OSError)
NUMBERS = re.compile(rb"\d+")


class ImapMailbox:
    """One connection. Messages are fetched without touching them; `settle` marks one as read."""

    def __init__(self, *, security: str, host: str, port: int, user: str, password: str, folder: str) -> None:
        self._security, self._host, self._port = security, host, port
        self._user, self._password, self._folder = user, password, folder

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            self._connection = self._connect()
            undo.callback(self._leave)
            self._connection.login(self._user, self._password)
            _done(self._connection.select(_quoted(self._folder)))
            undo.pop_all()  # it stays open
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._leave()

    def unread(self) -> list[bytes]:
        """Their UIDs, the oldest first."""
        found = _done(self._connection.uid("SEARCH", "UNSEEN"))
        return sorted({uid for line in found if isinstance(line, bytes) for uid in NUMBERS.findall(line)}, key=int)

    def fetch(self, uid: bytes) -> bytes | None:
        """None: it is gone meanwhile."""
        answer = _done(self._connection.uid("FETCH", uid.decode(), f"(BODY.PEEK[]<0.{LONGEST}>)"))
        return next((part[1] for part in answer if isinstance(part, tuple)), None)

    def settle(self, uid: bytes, *, look: bool) -> None:
        """Mark it as read, and with a star if a person should look at it."""
        _done(self._connection.uid("STORE", uid.decode(), "+FLAGS.SILENT", r"(\Seen \Flagged)" if look else r"(\Seen)"))

    def _connect(self) -> imaplib.IMAP4:
        if self._security == "imaps":
            return imaplib.IMAP4_SSL(self._host, self._port, ssl_context=ssl.create_default_context(), timeout=TIMEOUT)
        connection = imaplib.IMAP4(self._host, self._port, timeout=TIMEOUT)
        if self._security == "imap+tls":
            try:
                connection.starttls(ssl.create_default_context())
            except MailboxProblem:
                _hang_up(connection)
                raise
        return connection

    def _leave(self) -> None:
        with suppress(*MailboxProblem):
            self._connection.logout()
        _hang_up(self._connection)


def _hang_up(connection: imaplib.IMAP4) -> None:
    """Also when the server broke off before."""
    with suppress(*MailboxProblem):
        connection.shutdown()


def _done(answer: tuple[str, list[Any]]) -> list[Any]:
    state, data = answer
    if state != "OK":
        raise imaplib.IMAP4.error(str(data))
    return data


def _quoted(folder: str) -> str:
    escaped = folder.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
