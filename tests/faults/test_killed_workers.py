"""A worker dies by SIGKILL at each moment: what it sent is not sent again, one mail at most is in doubt, and the rest goes out."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from notices.mail.mailer import Mailer
from notices.models import Claim, Delivery
from notices.services import DeliveryService
from notices.services.sending import claims, working
from notices.services.sending.claims import MOST_CRASHES, Marks
from tests.faults.conftest import PEOPLE, Process, often, sweep
from tests.faults.smtp import MOMENTS
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)
FIRST, MIDDLE, LAST = 1, PEOPLE // 2, PEOPLE
BEFORE_THE_TEXT = {"connect", "EHLO", "MAIL", "RCPT", "DATA"}


def die(*_args, **_kwargs) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def at_call(number: int, then: Callable, otherwise: Callable) -> Callable:
    """A function that does `then` from that call on."""
    calls = []

    def called(*args, **kwargs):
        calls.append(args)
        return (then if len(calls) >= number else otherwise)(*args, **kwargs)

    return called


def killed(notice, owner: type | object, name: str, *, call: int = 1) -> None:
    """A worker died in this function, at that call of it."""

    def act() -> None:
        setattr(owner, name, at_call(call, die, getattr(owner, name)))
        DeliveryService.deliver(notice.pk)

    assert Process(act).ends() == -signal.SIGKILL


@pytest.mark.parametrize("pipelining", often([True], [False]), ids=str)
@pytest.mark.parametrize("mail", often([MIDDLE], [FIRST, LAST]), ids=str)
@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_in_the_dialogue(notice, server, mend, accounts, moment, mail, pipelining, run):
    server.pipelining = pipelining
    workers: list[Process] = []

    def script(at: str, number: int) -> None:
        if at == moment and number in {mail, 0}:  # 0: there is no mail yet
            eventually(lambda: workers)
            os.kill(workers[0].pid, signal.SIGKILL)

    server.script = script
    workers.append(Process(lambda: DeliveryService.deliver(notice.pk)))
    assert workers[0].ends() == -signal.SIGKILL

    mend()
    states = accounts()
    assert sum(states.values()) == states["sent"] + states["unknown"] == PEOPLE
    # Which of two processes is faster decides whether the text had left when the signal came.
    assert states["unknown"] <= (0 if moment in {"connect", "EHLO"} else 1)
    assert moment not in {"part", "text"} or states["unknown"] == 1


@pytest.mark.parametrize(
    ("owner", "name", "call", "unknown"),
    [
        (Mailer, "compose", 1, 0),
        (Mailer, "write", MIDDLE, 0),
        (Marks, "begin", FIRST, 0),
        (Marks, "begin", MIDDLE, 1),  # the one before it began, and nobody said how it ended
        (working._Batch, "_report_in_the_end", 1, 1),
        (claims, "report", 1, 1),
    ],
    ids=["before the claim", "while writing", "before the first text", "between two texts", "before the report", "in the report"],
)
def test_killed_in_its_own_work(notice, mend, accounts, owner, name, call, unknown, run):
    killed(notice, owner, name, call=call)
    mend()
    assert accounts() == {"sent": PEOPLE - unknown} | ({"unknown": unknown} if unknown else {})


def test_a_mail_that_kills_every_worker_is_found_out_and_stops_nobody_else(notice, mend, accounts, run):
    poison = Delivery.objects.order_by("pk")[PEOPLE // 2]
    write = Mailer.write

    def deadly(mailer, mail_id, *args):
        return die() if mail_id == poison.pk else write(mailer, mail_id, *args)

    def act() -> None:
        Mailer.write = deadly
        sweep()

    for _ in range(MOST_CRASHES):
        assert Process(act).ends() == -signal.SIGKILL
        Claim.objects.update(lease_until="2000-01-01T00:00Z")
    mend()
    assert accounts() == {"sent": PEOPLE - 1, "failed": 1}
    poison.refresh_from_db()
    assert poison.reason == "The worker stopped 3 times over this mail. Look at the log before it is sent again."


def test_a_worker_that_slept_through_its_lease_neither_sends_nor_reports(notice, server, mend, accounts, run):
    """Stopped by SIGSTOP in the dialogue, as a virtual machine is that is moved, and woken when others have its mails."""
    workers: list[Process] = []

    def script(at: str, number: int) -> None:
        if (at, number) == ("answered", MIDDLE):
            eventually(lambda: workers)
            os.kill(workers[0].pid, signal.SIGSTOP)

    server.script = script
    workers.append(Process(lambda: DeliveryService.deliver(notice.pk)))
    eventually(lambda: workers and "T (stopped)" in Path(f"/proc/{workers[0].pid}/status").read_text(encoding="ascii"))
    mend()
    os.kill(workers[0].pid, signal.SIGCONT)
    assert workers[0].ends() == 0
    states = accounts()
    assert states["sent"] + states["unknown"] == PEOPLE
    assert states["unknown"] <= 1
