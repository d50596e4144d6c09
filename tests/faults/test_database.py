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


def on_disk() -> None:
    """What the test has written so far: the server of the tests does not wait for its disk."""
    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")


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
    on_disk()
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
    on_disk()
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
    on_disk()
    reached, reach = os.pipe()

    def publish() -> None:
        owe = DeliveryService.owe

        def owed_and_then(notice: Notice) -> int:
            count = owe(notice)
            os.write(reach, b".")
            sleep(60)
            return count

        DeliveryService.owe = owed_and_then
        NoticeService.publish(draft.pk, actor=alice)

    worker = Process(publish)
    assert os.read(reached, 1) == b"."
    crash()
    worker.kill()
    os.close(reached), os.close(reach)
    eventually(answers, seconds=60)
    assert (Notice.objects.get().status, Delivery.objects.count()) == ("draft", 0)
    NoticeService.publish(draft.pk, actor=alice)
    mend()
    assert accounts() == {"sent": PEOPLE}
