"""The mail that reminds one person of all that is left to do that day."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from notices.mail.mailer import Mailer
from notices.mail.outcome import Outcome
from notices.mail.template import ID, template
from notices.models import MailState
from notices.rendering import address_of_notice


@dataclass(frozen=True, slots=True)
class Left:
    """One notice that is left to do."""

    notice_id: int
    title: str
    is_to_acknowledge: bool
    due_on: date | None
    is_late: bool

    @property
    def url(self) -> str:
        return address_of_notice(self.notice_id)


type Content = dict[int, tuple[Left, ...]]  # by mail


class ReminderMailer(Mailer):
    """`content` says what each of these mails has to say now; of one that it leaves out, nothing is left to be reminded of."""

    def __init__(self, content: Callable[[Sequence[int]], Content]) -> None:
        super().__init__()
        self._look_up = content
        self._content: Content = {}
        self._texts: dict[tuple[Left, ...], bytes] = {}

    def look_up(self, mail_ids: Sequence[int]) -> None:
        # Most people of a day are reminded of the same. Kept for one claim, lest they fill the memory.
        self._content, self._texts = self._look_up(mail_ids), {}

    def text_of(self, mail_id: int) -> bytes | Outcome:
        left = self._content.get(mail_id)
        if not left:
            return Outcome(MailState.SUPPRESSED, _("Nothing was left to be reminded of."))
        if left not in self._texts:
            self._texts[left] = self._text(left)
        return self._texts[left]

    def _render(self) -> bytes:
        """Of nothing: so that a template which is broken is found before anything is claimed."""
        return self._text(())

    def _text(self, left: tuple[Left, ...]) -> bytes:
        context = {"heading": _heading(left), "left": left, "organisation": settings.ORGANISATION_NAME}
        return template(self.sender, f"reminder-{ID.decode()}", _subject(left), "notices/mail/reminder", context)


def _subject(left: Sequence[Left]) -> str:
    if len(left) == 1:
        return _("Reminder: %(title)s") % {"title": left[0].title}
    return _("Reminder: %(count)d notices wait for you") % {"count": len(left)}


def _heading(left: Sequence[Left]) -> str:
    return ngettext("%(count)d notice waits for you", "%(count)d notices wait for you", len(left)) % {"count": len(left)}
