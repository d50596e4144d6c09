"""What became of one attempt to send a mail, and when to try again."""

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from django.utils.translation import gettext as _

from notices.models import MailState

PATIENCE = timedelta(days=2)  # as long as mail servers themselves keep trying
REFUSED, REFUSED_FOR_GOOD, CLOSING_DOWN = 400, 500, 421  # what a server answers (RFC 5321, 4.2)


class Trouble(Enum):
    """Why a mail has to be tried again, as the first pause, which doubles with each attempt, and the longest."""

    BUSY = (timedelta(seconds=30), timedelta(hours=1))
    BROKE_OFF = (timedelta(seconds=5), timedelta(hours=1))
    GREYLISTED = (timedelta(minutes=5), timedelta(hours=1))
    MAILBOX_FULL = (timedelta(minutes=30), timedelta(hours=6))

    def pause(self, attempts: int) -> timedelta:
        first, longest = self.value
        return min(first * 2 ** min(attempts - 1, 10), longest)

    def spent(self, attempts: int) -> timedelta:
        """How long one has been trying when this many attempts failed in this way."""
        return sum((self.pause(attempt) for attempt in range(1, attempts)), timedelta(0))


class Phase(Enum):
    """Where in the dialogue it ended."""

    CONNECTION = "connection"
    SENDER = "MAIL"
    RECIPIENT = "RCPT"
    DATA = "DATA"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The mail's new state and, in plain words, why. `trouble` says when a `retry` is due."""

    state: str
    reason: str = ""
    trouble: Trouble = Trouble.BUSY
    phase: Phase = Phase.TEXT
    was_tried: bool = True

    def as_row(self, attempts: int) -> tuple[str, str, int, timedelta]:
        """State, reason, attempts to take back, and the pause (before jitter) of a mail that was attempted this often."""
        if not self.was_tried:
            return (MailState.RETRY if attempts > 1 else MailState.WAITING), self.reason, 1, timedelta(0)
        if self.state != MailState.RETRY:
            return self.state, self.reason, 0, timedelta(0)
        if self.trouble.spent(attempts) >= PATIENCE:
            reason = _("Given up after %(count)d attempts. %(reason)s") % {"count": attempts, "reason": self.reason}
            return MailState.FAILED, reason, 0, timedelta(0)
        return self.state, self.reason, 0, self.trouble.pause(attempts)


SENT = Outcome(MailState.SENT)


def untried(reason: str = "") -> Outcome:
    """It never came to the text, for a reason that is none of this mail's: it goes back as it was."""
    return Outcome(MailState.WAITING, reason, was_tried=False)


def refusal(code: int, answer: bytes, phase: Phase) -> Outcome:
    """What a server's answer of 400 and above means for the mail."""
    said = f"{code} {answer.decode('utf-8', 'replace')}"
    if code >= REFUSED_FOR_GOOD:
        return Outcome(MailState.FAILED, _("The mail server refused it: %(said)s") % {"said": said}, phase=phase)
    return Outcome(MailState.RETRY, _("The mail server asked to try later: %(said)s") % {"said": said}, _trouble(said.lower()), phase)


def _trouble(said: str) -> Trouble:
    if "4.2.2" in said or "full" in said or "quota" in said:
        return Trouble.MAILBOX_FULL
    if "4.7." in said or "grey" in said or "gray" in said:
        return Trouble.GREYLISTED
    return Trouble.BUSY
