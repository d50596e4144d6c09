"""SMTP, step by step, and never for longer than a mail may take.

Whatever fails before the last byte of the text left can be repeated; afterwards the server may have the mail.
"""

import smtplib
from collections.abc import Callable
from time import monotonic
from typing import Any

from django.core.mail.backends.smtp import EmailBackend
from django.utils.translation import gettext as _

from notices.mail.outcome import CLOSING_DOWN, REFUSED, SENT, Outcome, Phase, Trouble, refusal
from notices.models import MailState

GO_ON = 354
MESSAGES_PER_CONNECTION = 500  # many servers close a connection that sends more
# Seconds for connecting, and for handing over one mail. A server that drips a byte a second never times out otherwise.
LONGEST = 60.0
MailboxProblem = (smtplib.SMTPException, OSError)


class ClaimLost(Exception):  # noqa: N818 - not a failure
    """The mail is not ours any more; nothing of it left."""


class _Lines:
    """What `smtplib` reads its answers from: a file that ends at a deadline, however slowly the lines come."""

    def __init__(self, smtp: "_InTime") -> None:
        self._smtp, self._sock, self._buffer = smtp, smtp.sock, b""

    def readline(self, limit: int) -> bytes:
        while b"\n" not in self._buffer and len(self._buffer) < limit:
            self._sock.settimeout(self._smtp.seconds_left())
            received = self._sock.recv(4096)
            if not received:
                break
            self._buffer += received
        line, newline, rest = self._buffer[:limit].partition(b"\n")
        self._buffer = rest + self._buffer[limit:]
        return line + newline

    def close(self) -> None:
        self._buffer = b""


class _InTime:
    """Every answer and every send within the time that is left."""

    file: Any
    sock: Any
    timeout: float | None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.begin_turn()
        super().__init__(*args, **kwargs)

    def begin_turn(self) -> None:
        self._deadline = monotonic() + LONGEST

    def seconds_left(self) -> float:
        left = self._deadline - monotonic()
        if left <= 0:
            raise TimeoutError(_("it takes too long"))
        return min(left, self.timeout or LONGEST)

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:  # a fresh connection, or one that was just encrypted
            self.file = _Lines(self)
        return super().getreply()

    def send(self, text: Any) -> None:
        if self.sock is not None:
            self.sock.settimeout(self.seconds_left())
        super().send(text)


class _Plain(_InTime, smtplib.SMTP):
    pass


class _Encrypted(_InTime, smtplib.SMTP_SSL):
    pass


class _Backend(EmailBackend):
    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _Encrypted if self.use_ssl else _Plain


class Dialogue:
    """A kept connection to one mail server. After `is_away` it cannot be used for now; `problem` says why."""

    def __init__(self, options: dict[str, Any], sender: str) -> None:
        self._backend: Any = _Backend(alias="default", **options)
        self._sender = sender
        self._sent_on_connection = 0
        self.is_away, self.problem = False, ""

    @property
    def server(self) -> str:
        return f"{self._backend.host}:{self._backend.port}"

    def hand_over(self, email: str, data: bytes, begin: Callable[[], bool]) -> Outcome:
        """Send one prepared text. `begin` is asked just before it leaves. Raises nothing that a mail server can cause.

        Raises:
            ClaimLost: `begin` said no.
        """
        smtp = self._connect()
        if smtp is None:
            return Outcome(MailState.RETRY, self.problem, Trouble.BROKE_OFF, Phase.CONNECTION)
        smtp.begin_turn()
        try:
            announce = _announce_at_once if smtp.has_extn("pipelining") else _announce
            refused = announce(smtp, self._sender, email)
        except MailboxProblem as error:
            return self._broke_off(error)
        if refused:
            return self._refused(smtp, *refused)
        return self._send_text(smtp, data, begin)

    def _send_text(self, smtp: Any, data: bytes, begin: Callable[[], bool]) -> Outcome:
        begun = text_left = False
        try:
            begun = begin()
            if not begun:
                raise ClaimLost
            smtp.send(data)
            text_left = True
            code, answer = smtp.getreply()
        except MailboxProblem as error:
            if not text_left:  # the dot at its end did not leave, so nobody has it
                return self._broke_off(error)
            self.close()
            return Outcome(MailState.UNKNOWN, _("The mail server broke off after the text was sent. The mail may have arrived."))
        finally:
            if not begun:  # it waits for a text that will not come
                self._drop()
        self._sent_on_connection += 1
        return SENT if code < REFUSED else self._refused(smtp, code, answer, Phase.TEXT)

    def _refused(self, smtp: Any, code: int, answer: bytes, phase: Phase) -> Outcome:
        """A server may hang up after a refusal; the refusal counts all the same."""
        outcome = refusal(code, answer, phase)
        if code == CLOSING_DOWN:
            self.is_away, self.problem = True, outcome.reason
            self.close()
            return outcome
        try:
            smtp.rset()
        except MailboxProblem:
            self.close()
        return outcome

    def _broke_off(self, error: Exception) -> Outcome:
        self.close()
        self.is_away, self.problem = True, _("The mail server broke off: %(error)s") % {"error": error}
        return Outcome(MailState.RETRY, self.problem, Trouble.BROKE_OFF, Phase.CONNECTION)

    def leave(self, problem: str) -> None:
        """Treat it as away: it asks one after the other to come later."""
        self.is_away, self.problem = True, problem

    def _connect(self) -> Any:
        if self._sent_on_connection >= MESSAGES_PER_CONNECTION:
            self.close()
        if self._backend.connection is None:
            try:
                self._backend.open()
                self._backend.connection.ehlo_or_helo_if_needed()
            except MailboxProblem as error:
                self._drop()
                self.is_away, self.problem = True, _("The mail server cannot be reached: %(error)s") % {"error": error}
                return None
        return self._backend.connection

    def close(self) -> None:
        """Say goodbye, if there is somebody to hear it."""
        self._sent_on_connection = 0
        if self._backend.connection is not None:
            try:
                self._backend.connection.begin_turn()
                self._backend.close()
            except MailboxProblem:
                self._drop()

    def _drop(self) -> None:
        self._sent_on_connection = 0
        if self._backend.connection is not None:
            self._backend.connection.close()
            self._backend.connection = None


STEPS = (Phase.SENDER, Phase.RECIPIENT, Phase.DATA)
Refusal = tuple[int, bytes, Phase] | None


def _announce(smtp: Any, sender: str, email: str) -> Refusal:
    """Say who writes to whom; the server's refusal, or None when it waits for the text."""
    say = (lambda: smtp.mail(sender), lambda: smtp.rcpt(email), lambda: smtp.docmd("DATA"))
    for phase, ask in zip(STEPS, say, strict=True):
        code, answer = ask()
        if code >= REFUSED:
            return code, answer, phase
    return None


def _announce_at_once(smtp: Any, sender: str, email: str) -> Refusal:
    """The same in one journey instead of three, for a server that offers PIPELINING (RFC 2920)."""
    smtp.send(f"MAIL FROM:{smtplib.quoteaddr(sender)}\r\nRCPT TO:{smtplib.quoteaddr(email)}\r\nDATA\r\n")
    refused: Refusal = None
    try:
        for phase in STEPS:
            code, answer = smtp.getreply()
            if code >= REFUSED:
                refused = refused or (code, answer, phase)
            elif code == GO_ON and refused:  # it waits for a text to nobody
                smtp.send(".\r\n")
                smtp.getreply()
    except MailboxProblem:
        if refused is None:
            raise
        smtp.close()  # it said why before it broke off
    return refused
