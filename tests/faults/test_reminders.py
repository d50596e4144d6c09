"""Reminder mails leave as all mails do: whoever dies, nobody is reminded twice, and nobody is forgotten."""

import os
import signal
from datetime import time, timedelta

import pytest
from django.db.models import F

from backoffice.clock import today
from notices.models import Delivery, Notice, Reminder, ReminderMail
from notices.services import DeliveryService, ReminderService
from notices.services.reminding import hours
from notices.services.sending.claims import LEASE
from tests.clock import pass_time
from tests.faults.conftest import PEOPLE, Process, sweep
from tests.faults.smtp import willing
from tests.notices.test_races import together
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)
MIDDLE = PEOPLE // 2
MOMENTS = ("connect", "RCPT", "part", "text", "answered")


@pytest.fixture
def told(notice, server, settings, monkeypatch) -> Notice:
    """Everyone was told a month ago, and is to acknowledge tomorrow."""
    settings.WORKING_HOURS = (time.min, time.max)
    monkeypatch.setattr(hours, "FIRST_DAY_OFF", 7)
    DeliveryService.deliver(notice.pk)
    Delivery.objects.update(changed_at=F("changed_at") - timedelta(days=30))
    Notice.objects.update(requires_acknowledgement=True, due_date=today() + timedelta(days=1), remind_before=[1])
    return notice


def remind() -> None:
    ReminderService.note()
    ReminderService.gather()
    while ReminderService.send():
        pass


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_in_the_dialogue(told, server, accounts, moment, run):
    ReminderService.note()
    ReminderService.gather()
    begun = len(server.accepted)
    workers: list[Process] = []

    def script(at: str, number: int) -> None:
        if at == moment and number in {begun + MIDDLE, 0}:
            eventually(lambda: workers)
            os.kill(workers[0].pid, signal.SIGKILL)

    server.script = script
    workers.append(Process(ReminderService.send))
    assert workers[0].ends() == -signal.SIGKILL

    server.script = willing
    pass_time(LEASE + timedelta(seconds=1))
    sweep()
    remind()
    states = accounts(model=ReminderMail)
    assert states["sent"] + states["unknown"] == PEOPLE
    assert states["unknown"] <= 1


def test_two_clocks_and_two_workers_at_once(told, accounts, run):
    together(*[remind] * 4)
    remind()
    assert accounts(model=ReminderMail) == {"sent": PEOPLE}
    assert Reminder.objects.count() == PEOPLE


def test_killed_while_noting_and_while_gathering(told, accounts, run):
    from notices.services.reminding import noting  # noqa: PLC0415 - the one test that breaks into it

    run_statement = noting._run

    def die_after(statement: str):
        def act() -> None:
            def dies(sql, given):
                count = run_statement(sql, given)
                if sql == getattr(noting.statements, statement):
                    os.kill(os.getpid(), signal.SIGKILL)
                return count

            noting._run = dies
            remind()

        return act

    for statement in ("NOTE", "DROP", "OPEN_MAILS", "PUT_INTO_MAILS"):
        assert Process(die_after(statement)).ends() == -signal.SIGKILL
        assert not ReminderMail.objects.exists()
        if statement == "NOTE":
            assert not Reminder.objects.exists()
            ReminderService.note()
    remind()
    assert accounts(model=ReminderMail) == {"sent": PEOPLE}
