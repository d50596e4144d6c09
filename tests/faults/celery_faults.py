"""Faults of workers, clocks and brokers as they are in production: real Celery, and the broker that each test is given."""

import os
import signal
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from django.db import Error, connection

from audit.seals.epochs import start_epoch
from audit.seals.sealing import seal
from backoffice.clock import now as database_now
from notices.models import Delivery, Notice
from notices.services import NoticeService
from notices.services.sending.claims import LEASE
from tests.clock import pass_time
from tests.faults.conftest import ENDED, PEOPLE
from tests.faults.dumps import Dump
from tests.makers import make_draft
from tests.waiting import eventually

SWEEPS = 90  # seconds: two sweeps, and what a loaded machine needs for them
MIDDLE = PEOPLE // 2
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def all_ended() -> bool:
    return not Delivery.objects.exclude(state__in=ENDED).exists()


def wait_for_the_end() -> None:
    eventually(all_ended, seconds=SWEEPS, about=lambda: str(Counter(Delivery.objects.values_list("state", flat=True))))


def all_wait_for_an_epoch() -> bool:
    """Also while the database is not there, or not yet all of it."""
    try:
        waiting = Delivery.objects.to_do()
        return waiting.exists() and not waiting.exclude(reason__startswith="Waits until an administrator starts a new epoch.").exists()
    except Error:
        connection.close()
        return False


def at_mail(server, number: int, act: Callable[[], None]) -> None:
    """Do this once, when that many mails were accepted."""
    done: list[int] = []

    def script(moment: str, mail: int) -> None:
        if (moment, mail) == ("answered", number) and not done:
            done.append(mail)
            act()

    server.script = script


class CeleryFaults:
    """Each broker's tests inherit these, and give the fixtures `crew` and `empty_the_broker`."""

    def test_worker_and_children_are_killed(self, crew, draft, server, accounts, run):
        first = crew.worker()
        crew.beat()
        at_mail(server, MIDDLE, first.kill)
        publish(draft)
        eventually(lambda: len(server.accepted) >= MIDDLE, seconds=SWEEPS)
        crew.worker()
        pass_time(LEASE)
        wait_for_the_end()
        assert_at_most_in_doubt(accounts(), 1)

    def test_a_child_is_killed(self, crew, draft, server, accounts, run):
        worker = crew.worker()
        crew.beat()
        at_mail(server, MIDDLE, lambda: [os.kill(pid, signal.SIGKILL) for pid in worker.children()])
        publish(draft)
        eventually(lambda: len(server.accepted) >= MIDDLE, seconds=SWEEPS)
        pass_time(LEASE)
        wait_for_the_end()
        assert_at_most_in_doubt(accounts(), 1)

    def test_a_worker_is_asked_to_stop(self, crew, draft, server, accounts, run):
        """It ends the mail that it has begun and hands back the rest: nothing is in doubt."""
        first = crew.worker()
        crew.beat()
        at_mail(server, MIDDLE, lambda: os.kill(first.pid, signal.SIGTERM))
        publish(draft)
        eventually(lambda: len(server.accepted) >= MIDDLE, seconds=SWEEPS)
        first.stop()
        crew.worker()
        wait_for_the_end()
        assert_at_most_in_doubt(accounts(), 0)

    def test_the_broker_is_emptied_and_restarted(self, crew, draft, empty_the_broker, server, accounts, run):
        crew.worker()
        crew.beat()
        at_mail(server, MIDDLE, empty_the_broker)
        publish(draft)
        wait_for_the_end()
        assert_at_most_in_doubt(accounts(), 0)

    def test_two_beats(self, crew, draft, accounts, run):
        crew.worker()
        crew.beat()
        crew.beat()
        publish(draft)
        wait_for_the_end()
        assert_at_most_in_doubt(accounts(), 0)

    def test_a_worker_whose_clock_is_an_hour_off(self, crew, draft, accounts, run):
        crew.worker(before=("faketime", "-f", "+1h"))
        crew.beat()
        publish(draft)
        wait_for_the_end()
        assert_at_most_in_doubt(accounts(), 0)

    def test_an_older_dump_is_restored_under_them(self, crew, draft, grace, server, accounts, tmp_path, run):
        """What had left since the dump leaves again, once a person says so, and not before."""
        crew.worker()
        crew.beat()
        dumps: list[Dump] = []
        at_mail(server, MIDDLE, lambda: dumps.append(Dump(tmp_path / "dump")))
        publish(draft)
        wait_for_the_end()
        seal()
        dumps[0].restore_anew()
        pass_time(LEASE)  # of the claim that stands in it
        eventually(all_wait_for_an_epoch, seconds=SWEEPS)
        assert len(server.accepted) == PEOPLE
        start_epoch(reason="The disk failed", actor=grace)
        wait_for_the_end()
        again = len(server.accepted) - PEOPLE
        assert set(server.accepted[PEOPLE:]) <= set(server.accepted[MIDDLE:PEOPLE])
        assert again >= PEOPLE - MIDDLE - 1  # of one the dump may know that it was about to leave
        assert_at_most_in_doubt(accounts(sent_again=again), 1)

    def test_no_clock_for_an_hour(self, crew, draft, alice, readers, server, accounts, settings, run):
        """Nothing happens that nobody hints at. Then all is made good, but for what its author would not expect any more."""
        crew.worker()
        soon, late = (make_draft(title, author=alice, people=tuple(readers)) for title in ("Soon", "Late"))
        NoticeService.schedule(soon.pk, database_now() + HOUR, actor=alice)
        NoticeService.schedule(late.pk, database_now() + MINUTE, actor=alice)
        draft.publish()  # the state alone, and no hint
        pass_time(HOUR + settings.PUBLISH_GRACE / 4)
        assert (server.accepted, Notice.objects.get(pk=soon.pk).status) == ([], "scheduled")
        crew.beat()
        eventually(lambda: Notice.objects.get(pk=soon.pk).is_published, seconds=SWEEPS)
        eventually(lambda: len(server.accepted) == 2 * PEOPLE, seconds=SWEEPS)
        wait_for_the_end()
        assert accounts() == {"sent": 2 * PEOPLE}
        assert list(Notice.objects.missed_publication()) == [late]


def publish(draft: Notice) -> None:
    """The state alone, without a hint: the sweep has to find it."""
    NoticeService.publish(draft.pk, actor=draft.created_by)


def assert_at_most_in_doubt(states: Counter, number: int) -> None:
    assert states["unknown"] <= number
    assert states["sent"] + states["unknown"] == PEOPLE
