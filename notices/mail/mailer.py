"""Mails with one text to many people, over a kept connection."""

from collections.abc import Callable
from datetime import date
from email.utils import parseaddr
from types import TracebackType
from typing import Self

from django.conf import settings
from django.utils.translation import gettext as _

from notices.mail.dialogue import Dialogue
from notices.mail.outcome import Outcome
from notices.mail.template import ID, UnusableAddressError, filled_in, template
from notices.models import MailState, Notice
from notices.rendering import notice_url, render


class Mailer:
    """Sends mails about one notice. After `is_away` the server cannot be used for now; `problem` says why."""

    def __init__(self, notice: Notice, *, due_on: date | None = None) -> None:
        """`due_on`: the day by which these people are asked to acknowledge it, if it is not that of the notice."""
        self.notice, self._due_on = notice, due_on or notice.due_date
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

    def _render(self) -> bytes:
        context = notice_context(self.notice) | {"due_on": self._due_on}
        name = f"delivery-{ID.decode()}.{self.notice.pk}.{self.notice.revision}"
        return template(self.sender, name, self.notice.title, "notices/mail/notice", context)

    def write(self, mail_id: int, name: str, email: str) -> bytes | Outcome:
        """The finished mail to one person, or why there cannot be one."""
        try:
            return filled_in(self.compose(), mail_id, name, email)
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


def notice_context(notice: Notice) -> dict[str, object]:
    rendered = render(notice)
    return {
        "notice": notice,
        "due_on": notice.due_date,
        "content_html": rendered.html,
        "content_text": rendered.text,
        "url": notice_url(notice),
        "organisation": settings.ORGANISATION_NAME,
    }
