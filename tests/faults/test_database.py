"""The database dies under the workers: what was committed counts, whether the commit was heard of or not."""

import os
import signal
from time import monotonic, sleep

import pytest
from django.db import Error, connection

from notices.models import Delivery, Notice
from notices.services import DeliveryService, NoticeService
from tests.faults.conftest import PEOPLE, Process, answers
from tests.makers import make_draft
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)
MIDDLE = PEOPLE // 2


def work_on(notice_id: int, *, seconds: float = 30) -> None:
    """A worker whose task fails with the database, and is given the next."""
    end = monotonic() + seconds
    while monotonic() < end:
        try:
            if not DeliveryService.deliver(notice_id):
                return
        except Error:
            connection.close()
            sleep(0.2)


def test_a_crash_while_workers_send_loses_nothing_that_they_know(notice, server, crash, mend, accounts, run):
    crashes = iter([MIDDLE, MIDDLE + 2])
    next_crash = next(crashes)

    def script(moment: str, number: int) -> None:
        nonlocal next_crash
        if (moment, number) == ("answered", next_crash):
            next_crash = next(crashes, 0)
            crash()

    server.script = script
    workers = [Process(lambda: work_on(notice.pk)) for _ in range(2)]
    assert [worker.ends() for worker in workers] == [0, 0]
    eventually(answers, seconds=60)
    mend()
    assert accounts() == {"sent": PEOPLE}


def test_a_crash_that_takes_the_worker_with_it_leaves_in_doubt_what_it_held(notice, server, crash, mend, accounts, run):
    """How far it was had not reached the disk."""
    workers: list[Process] = []

    def script(moment: str, number: int) -> None:
        if (moment, number) == ("answered", MIDDLE):
            eventually(lambda: workers)
            os.kill(workers[0].pid, signal.SIGKILL)
            crash()

    server.script = script
    workers.append(Process(lambda: DeliveryService.deliver(notice.pk)))
    workers[0].ends()
    eventually(answers, seconds=60)
    mend()
    states = accounts()
    assert states == {"unknown": PEOPLE}


def test_a_crash_in_the_middle_of_publishing_publishes_all_or_nothing(alice, readers, crash, mend, accounts, run):
    draft = make_draft(author=alice, people=tuple(readers))

    def publish() -> None:
        owe = DeliveryService.owe

        def owed_and_then(notice: Notice) -> int:
            count = owe(notice)
            sleep(30)
            return count

        DeliveryService.owe = owed_and_then
        NoticeService.publish(draft.pk, actor=alice)

    worker = Process(publish)
    eventually(_sleeps_in_a_transaction)
    crash()
    os.kill(worker.pid, signal.SIGKILL)
    worker.ends()
    eventually(answers, seconds=60)
    assert (Notice.objects.get().status, Delivery.objects.count()) == ("draft", 0)
    NoticeService.publish(draft.pk, actor=alice)
    mend()
    assert accounts() == {"sent": PEOPLE}


def _sleeps_in_a_transaction() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction' AND query LIKE '%notices_delivery%'")
        return cursor.fetchone()[0] > 0
