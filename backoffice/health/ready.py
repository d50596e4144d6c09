"""Whether this process can serve now, found out within a second however much hangs."""

import logging
from dataclasses import dataclass
from threading import Lock, Thread
from time import monotonic

from backoffice.health.bounded import impatient_database
from backoffice.health.checks.broker import load_driver
from backoffice.health.checks.database import migrations_on_disk
from backoffice.health.registry import Check, checks, look

LIMIT = 1.0  # seconds for all checks together: they are made at the same time
KEPT = 1.0  # seconds for which an answer holds, so that being asked often costs nothing
OK, FAILED, NO_ANSWER = "ok", "failed", "no answer"
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Readiness:
    answers: dict[str, str]  # by the name of the check

    @property
    def is_ready(self) -> bool:
        return all(answer == OK for answer in self.answers.values())


class Looker:
    """Carries out checks in a thread of its own. As long as one hangs, no second one is started beside it."""

    def __init__(self, *one_after_another: Check) -> None:
        self.checks = one_after_another
        self._thread: Thread | None = None
        self._answers: dict[str, str] = {}

    def begin(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._answers = {}
            self._thread = Thread(target=self._look, args=[self._answers], name="readyz", daemon=True)
            self._thread.start()

    def answers_by(self, deadline: float) -> dict[str, str]:
        if self._thread is not None:
            self._thread.join(max(0.0, deadline - monotonic()))
        told = dict(self._answers)
        return {one.name: told.get(one.name, NO_ANSWER) for one in self.checks}

    def _look(self, answers: dict[str, str]) -> None:
        with impatient_database(int(LIMIT * 1000)):
            for one in self.checks:
                answers[one.name] = FAILED if look(one) else OK


class Prober:
    """One for a process. Whoever asks while somebody else is being answered gets the same answer."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._lookers: list[Looker] = []
        self._last, self._until = Readiness({}), 0.0

    def ask(self) -> Readiness:
        with self._lock:
            if monotonic() >= self._until:
                before = self._last
                self._last, self._until = self._look(), monotonic() + KEPT
                _log_a_change(before, self._last)
            return self._last

    def _look(self) -> Readiness:
        self._lookers = self._lookers or _lookers()
        deadline = monotonic() + LIMIT
        for looker in self._lookers:
            looker.begin()
        return Readiness({name: answer for looker in self._lookers for name, answer in looker.answers_by(deadline).items()})


def _lookers() -> list[Looker]:
    """Those that ask the database share a connection; each of the others may hang for itself."""
    chosen = [one for one in checks() if one.is_for_ready]
    asking = [one for one in chosen if one.asks_database or one.name == "database"]
    return [Looker(*asking), *(Looker(one) for one in chosen if one not in asking)]


def _log_a_change(before: Readiness, now: Readiness) -> None:
    """Once, not at each probe."""
    if now.is_ready and not before.is_ready and before.answers:
        logger.info("Ready again.")
    elif not now.is_ready and now.answers != before.answers:
        wrong = ", ".join(f"{name}: {answer}" for name, answer in now.answers.items() if answer != OK)
        logger.warning("Not ready. %s. “manage.py doctor” says more.", wrong)


def warm_up() -> None:
    """Read now what the first probe of a process would otherwise spend its second on."""
    migrations_on_disk()
    load_driver()


prober = Prober()
