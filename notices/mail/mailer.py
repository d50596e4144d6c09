"""Mails with one text to many people, over a kept connection."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from email.utils import parseaddr
from types import TracebackType
from typing import Self

from django.conf import settings
from django.utils.translation import gettext as _

from notices.mail.dialogue import Dialogue
from notices.mail.outcome import Outcome
from notices.mail.template import UnusableAddressError, filled_in
from notices.models import MailState


class Mailer(ABC):
    """Sends mails of one kind. After `is_away` the server cannot be used for now; `problem` says why."""

    def __init__(self) -> None:
        self.sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
        self._dialogue = Dialogue(settings.MAILERS["default"]["OPTIONS"], self.sender)
        self._template: bytes | None = None

    @property
    def is_away(self) -> bool:
        return self._dialogue.is_away

    @property
    def problem(self) -> str:
        return self._dialogue.problem

    @property
    def server(self) -> str:
        """Host and port, which name it to other workers."""
        return self._dialogue.server

    def leave(self, problem: str) -> None:
        """Take the server for away, as it asks one after the other to come later."""
        self._dialogue.leave(problem)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._dialogue.close()

    def compose(self) -> bytes:
        """Render the mail, once; `write` does it when nobody did before."""
        if self._template is None:
            self._template = self._render()
        return self._template

    @abstractmethod
    def _render(self) -> bytes:
        """The text that all of them get, as `notices.mail.template` makes it."""

    def look_up(self, mail_ids: Sequence[int]) -> None:  # noqa: B027 - most have nothing to look up
        """Told of the mails of a claim before they are written: for texts that differ."""

    def text_of(self, mail_id: int) -> bytes | Outcome:
        """The text of one mail before the person is filled in, or why it does not leave."""
        return self.compose()

    def write(self, mail_id: int, name: str, email: str) -> bytes | Outcome:
        """The finished mail to one person, or why there cannot be one."""
        text = self.text_of(mail_id)
        if isinstance(text, Outcome):
            return text
        try:
            return filled_in(text, mail_id, name, email)
        except UnusableAddressError:
            return Outcome(MailState.FAILED, _("“%(email)s” is not a usable e-mail address.") % {"email": email})

    def hand_over(self, email: str, data: bytes, begin: Callable[[], bool] = lambda: True) -> Outcome:
        """Give a finished mail to the server. `begin` is asked just before the text leaves, and may forbid it (`ClaimLost`)."""
        return self._dialogue.hand_over(email, data, begin)

    def send(self, mail_id: int, name: str, email: str) -> Outcome:
        """Write one mail and hand it over. Raises nothing that a mail server can cause."""
        written = self.write(mail_id, name, email)
        return written if isinstance(written, Outcome) else self.hand_over(email, written)


def server_in_use() -> str:
    """Host and port of the mail server that mails are handed to now; empty if they go nowhere, as in tests."""
    options = settings.MAILERS["default"].get("OPTIONS")
    return Dialogue(options, "").server if options else ""
