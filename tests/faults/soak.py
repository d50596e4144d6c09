"""`make soak`: real workers send to many people for half an hour while something breaks every 20 to 40 seconds.

SOAK_MINUTES (30), SOAK_PEOPLE (20,000) and SOAK_SEED (printed) say how long, to how many and which faults. The server
takes its time over each mail, so that there is something to break. At the end all must have ended, and the accounts hold.
"""

# ruff: noqa: T201 - it says what it does

import os
import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

import pytest
from django.db import connection

from notices.exceptions import NoticeError
from notices.models import Delivery, Notice, ReminderMail
from notices.services import NoticeService, ReminderService
from notices.services.sending.claims import LEASE
from recipients.models import User
from tests.clock import pass_time
from tests.faults.celery_faults import all_ended
from tests.faults.conftest import answers, sweep
from tests.faults.smtp import DROP, HANG, willing
from tests.faults.workers import Crew, Started
from tests.makers import make_draft, make_recipient
from tests.waiting import eventually

MINUTES = float(os.environ.get("SOAK_MINUTES", "30"))
MANY = int(os.environ.get("SOAK_PEOPLE", "20000"))
SEED = int(os.environ.get("SOAK_SEED", time.time_ns() % 10**6))
A_MAIL_TAKES = 0.01  # seconds
WORKERS = 2
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(MINUTES * 60 + 1800)]


class Soak:
    """What can break. Each fault mends itself or is mended by the next step."""

    def __init__(self, crew: Crew, server, crash: Callable[[], None], purge: Callable[[], None], actor: User) -> None:
        self.crew, self.server, self.crash, self.purge, self.actor = crew, server, crash, purge, actor
        self.random = random.Random(SEED)  # noqa: S311 - it must be the same again
        self.workers: list[Started] = [crew.worker() for _ in range(WORKERS)]
        self.beat = crew.beat()
        self.happened: Counter[str] = Counter()

    def kill_a_worker(self) -> None:
        self.workers.pop(self.random.randrange(len(self.workers))).kill()
        self.workers.append(self.crew.worker())

    def stop_a_worker(self) -> None:
        self.workers.pop(0).stop()
        self.workers.append(self.crew.worker())

    def kill_the_beat(self) -> None:
        self.beat.kill()
        self.beat = self.crew.beat()

    def crash_the_database(self) -> None:
        self.crash()
        eventually(answers, seconds=60)

    def empty_the_broker(self) -> None:
        self.purge()

    def a_moody_server(self) -> None:
        moods = [None, None, "451 4.3.0 Later", DROP, "421 Closing down", HANG]
        self.server.script = lambda moment, number: slow(moment) or (moods[number % len(moods)] if moment == "text" else None)
        time.sleep(10)
        self.server.script = lambda moment, number: slow(moment)

    def withdraw_and_publish_anew(self) -> None:
        notice = self.random.choice(list(Notice.objects.filter(status="published")))
        NoticeService.withdraw(notice.pk, actor=self.actor, reason="Soak")
        NoticeService.publish(notice.pk, actor=self.actor)

    def people_leave(self) -> None:
        people = list(User.objects.filter(username__startswith="soak", is_active=True).order_by("?").values_list("pk", flat=True)[:20])
        User.objects.filter(pk__in=people).update(is_active=False)

    def have_everyone_reminded(self) -> None:
        """One mail a person a day: the second time most have theirs."""
        notice = self.random.choice(list(Notice.objects.filter(status="published")))
        with suppress(NoticeError):  # nobody was told of it yet, or all are about to be reminded
            ReminderService.remind_outstanding(notice.pk, actor=self.actor)

    FAULTS = (
        *(kill_a_worker, kill_a_worker, stop_a_worker, kill_the_beat, crash_the_database),
        *(empty_the_broker, a_moody_server, withdraw_and_publish_anew, people_leave, have_everyone_reminded),
    )

    def run(self) -> None:
        end = time.monotonic() + MINUTES * 60
        while time.monotonic() < end:
            fault = self.random.choice(self.FAULTS)
            print(f"{time.strftime('%H:%M:%S')} {fault.__name__}: {self.states()}", flush=True)
            fault(self)
            self.happened[fault.__name__] += 1
            time.sleep(self.random.uniform(20, 40))

    @staticmethod
    def states() -> dict[str, int]:
        return dict(Counter(Delivery.objects.values_list("state", flat=True)))


def slow(moment: str) -> None:
    if moment == "text":
        time.sleep(A_MAIL_TAKES)


def test_soak(alice, crew, server, crash, empty_the_broker, accounts, run):
    print(f"\nSOAK_SEED={SEED}, {MANY:,} people, {MINUTES:g} minutes")
    people = User.objects.bulk_create(User(username=f"soak{n}", email=f"soak{n}@example.org") for n in range(MANY))
    site = make_recipient(members=tuple(people[:50]))
    everyone = make_draft("Everyone", author=alice, people=tuple(people))
    server.script = lambda moment, number: slow(moment)
    soak = Soak(crew, server, crash, empty_the_broker, alice)
    NoticeService.publish(everyone.pk, actor=alice)
    NoticeService.publish(make_draft("The site", author=alice, recipients=(site,)).pk, actor=alice)
    soak.run()
    server.script = willing
    crew.kill()
    connection.close()
    for _ in range(50):
        pass_time(LEASE)
        sweep()
        while ReminderService.send():
            pass
        if all_ended() and not ReminderMail.objects.unfinished().exists():
            break
    states = accounts()
    reminded = Counter(ReminderMail.objects.values_list("state", flat=True))
    assert not ReminderMail.objects.unfinished().exists(), reminded
    print(f"{dict(states)}, reminders {dict(reminded)}, mails accepted {len(server.accepted):,}, faults {dict(soak.happened)}")
    assert states["failed"] == 0
