"""The work of one worker: claim, hand over, report, until nothing is due, the server is away or the time is up."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import batched
from time import monotonic, sleep

from django.db import Error, connection
from django.utils.translation import gettext as _

from audit.seals.epochs import why_sending_is_off
from backoffice.stopping import is_stopping
from notices.mail.dialogue import ClaimLost
from notices.mail.mailer import Mailer
from notices.mail.outcome import Outcome, Phase, untried
from notices.models import MailState
from notices.services.sending import claims, servers
from notices.services.sending.claims import BATCH, Claim, Mail, Marks, Scope

logger = logging.getLogger(__name__)

TURN = 60.0  # seconds; then the next notice has its turn
LONGEST_WAIT = 5.0  # seconds for which a worker waits for the server's rate before it does something else
# In a row: the server has enough of everybody, or of this very text.
MANY_BUSY, MANY_REFUSED = 20, 50
WRITTEN_AT_ONCE = 50  # texts in memory
REPORT_FOR = 120.0  # seconds for which a report is tried while the database is away


@dataclass
class Streak:
    """How many mails in a row met the same."""

    state: str = ""
    length: int = 0

    def add(self, outcome: Outcome) -> None:
        if outcome.state == MailState.FAILED and outcome.phase == Phase.RECIPIENT:
            return
        self.length = self.length + 1 if outcome.state == self.state else 1
        self.state = outcome.state


@dataclass
class Work:
    """One worker's turn on mails with one text. `refused` is what a server says to one after the other, for good."""

    scope: Scope
    mailer: Mailer
    until: float = 0
    done: int = 0
    streak: Streak = field(default_factory=Streak)
    refused: str = ""

    def run(self) -> int:
        """Returns how many mails were dealt with."""
        self.until = monotonic() + TURN
        with Marks() as marks:
            while self._goes_on() and (claim := self._claim()):
                _Batch(self, claim, marks).run()
                self._tell_others()
                self.done += len(claim.mails)
        return self.done

    def _goes_on(self) -> bool:
        return not (self.mailer.is_away or self.refused or is_stopping()) and monotonic() < self.until

    def _claim(self) -> Claim | None:
        if why_sending_is_off():  # an older copy may have been restored under this very worker
            return None
        admission = servers.admit(self.mailer.server, BATCH)
        while not admission.mails:
            if not admission.wait or admission.wait > LONGEST_WAIT or not self._goes_on():
                return None
            sleep(admission.wait)
            admission = servers.admit(self.mailer.server, BATCH)
        return claims.claim(self.scope, batch=admission.mails)

    def _tell_others(self) -> None:
        if self.mailer.is_away:
            servers.was_away(self.mailer.server, self.mailer.problem)
        else:
            servers.answered(self.mailer.server)

    def note(self, outcome: Outcome) -> None:
        """Learn from what the server says to one after the other. What it says about a recipient is no reason to stop."""
        self.streak.add(outcome)
        if outcome.state == MailState.FAILED and self.streak.length >= MANY_REFUSED:
            self.refused = outcome.reason
        elif outcome.state == MailState.RETRY and self.streak.length >= MANY_BUSY:
            self.mailer.leave(outcome.reason)

    def why_not_now(self) -> str | None:
        """Why the rest of a claim goes back unsent; None while it goes on."""
        if self.mailer.is_away:
            return self.mailer.problem
        return None if self._goes_on() else ""


class _Batch:
    """The mails of one claim. What interrupts this leaves one of them in doubt at most, and hands back the rest."""

    def __init__(self, work: Work, claim: Claim, marks: Marks) -> None:
        self._work, self._claim, self._marks = work, claim, marks
        self._outcomes: dict[Mail, Outcome] = dict.fromkeys(claim.mails, untried())
        self._unreported: dict[Mail, Outcome] = {}

    def run(self) -> None:
        try:
            self._work.mailer.look_up([mail.id for mail in self._claim.mails])
            for some in batched(enumerate(self._claim.mails, 1), WRITTEN_AT_ONCE):
                # Before one of them is sent: a mail that kills the worker then takes few with it into doubt.
                written = [(position, mail, self._written(mail)) for position, mail in some]
                for position, mail, text in written:
                    self._note(mail, self._outcome(mail, text, position))
        except ClaimLost:
            logger.warning("the rest of claim %s was taken back, or it outlived its lease", self._claim.id)
        finally:
            self._report_in_the_end()

    def _written(self, mail: Mail) -> bytes | Outcome:
        if not mail.is_active:
            return Outcome(MailState.SUPPRESSED, _("No longer active."))
        if not mail.email:
            return Outcome(MailState.SUPPRESSED, _("No e-mail address. The notice is in the inbox."))
        if mail.address_fails:
            return Outcome(MailState.SUPPRESSED, _("Mail to this address comes back. Correct it on the page of the person."))
        return self._work.mailer.write(mail.id, mail.name, mail.email)

    def _outcome(self, mail: Mail, text: bytes | Outcome, position: int) -> Outcome:
        why_not = self._work.why_not_now()
        if why_not is not None:
            return untried(why_not)
        if isinstance(text, Outcome):
            return text
        outcome = self._work.mailer.hand_over(mail.email, text, self._begin(mail, position))
        self._work.note(outcome)
        return outcome

    def _begin(self, mail: Mail, position: int) -> Callable[[], bool]:
        def begin() -> bool:
            self._report_what_is_not_sent()
            if not self._marks.begin(self._claim, position):
                return False
            self._outcomes[mail] = Outcome(MailState.UNKNOWN, _("The worker was stopped while sending. The mail may have arrived."))
            return True

        return begin

    def _note(self, mail: Mail, outcome: Outcome) -> None:
        self._outcomes[mail] = outcome
        if outcome.state != MailState.SENT:
            self._unreported[mail] = outcome

    def _report_what_is_not_sent(self) -> None:
        """Of the mails before the one that begins, all that were not reported count as sent, should this worker die."""
        if self._unreported:
            claims.report(self._claim, self._unreported)
            for mail in self._unreported:
                del self._outcomes[mail]
            self._unreported = {}

    def _report_in_the_end(self) -> None:
        """The database may be away for a moment, and what became of the mails is known only here."""
        give_up_at = monotonic() + REPORT_FOR
        while True:
            try:
                return claims.report(self._claim, self._outcomes, close=True)
            except Error:
                if connection.in_atomic_block or monotonic() > give_up_at:
                    raise
                logger.exception("the report on claim %s is tried again", self._claim.id)
                connection.close()
                sleep(1)


def work(scope: Scope, mailer: Mailer) -> Work:
    """One turn: `done` says how many mails were dealt with, `refused` what the server says to all of them, for good."""
    mailer.compose()  # before anything is claimed: a text that cannot be rendered leaves nothing in doubt
    turn = Work(scope, mailer)
    turn.run()
    return turn
