"""Clock and workers say in the database that they live, and what is said of those that do not."""

import os
import signal
from datetime import timedelta

import pytest
from django.db import connection

from backoffice.celery import app
from backoffice.health import heartbeats
from backoffice.models import Heartbeat, Job
from backoffice.tasks import tick
from tests.backoffice.health.conftest import WORKER
from tests.waiting import eventually


def passed(**time: int) -> None:
    """So much time goes by, in which nobody gives a sign of life."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE backoffice_heartbeat SET at = at - %(time)s, began_at = began_at - %(time)s", {"time": timedelta(**time)})


def works(node: str = "celery@here", *, since: timedelta = timedelta(minutes=5), busy: int = 0) -> None:
    """A worker that has been there for a while, and lives."""
    heartbeats.worker_lives(node, processes=2, busy=busy)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE backoffice_heartbeat SET began_at = clock_timestamp() - %s WHERE node = %s", [since, node])


@pytest.mark.django_db(transaction=True)
class TestRealWorkers:
    """Celery's own, in a process of its own."""

    def test_one_says_that_it_lives_hears_the_clock_and_leaves_in_good_order(self, start):
        process = start(WORKER)
        (life,) = eventually(heartbeats.workers, seconds=40)
        assert (life.node[:7], life.process, life.processes) == ("celery@", str(process.pid), 1)

        tick.delay()
        eventually(heartbeats.clock)

        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)
        assert heartbeats.workers() == []

    def test_one_that_was_killed_is_missed_until_another_takes_its_place(self, start, doctor):
        process = start(WORKER)
        eventually(heartbeats.workers, seconds=40)
        assert doctor().of("workers") == []
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=20)

        passed(minutes=2)
        ((level, sentence),) = doctor().of("workers")
        assert level == "problem"
        assert sentence.startswith("No worker has given a sign of life since ")
        assert "(2 minutes): no mail leaves" in sentence
        assert "Start one: celery -A backoffice worker" in sentence

        after = start(WORKER)
        eventually(lambda: Heartbeat.objects.filter(name__endswith=f" {after.pid}").exists(), seconds=40)
        assert doctor().of("workers") == []
        assert [life.process for life in heartbeats.workers()] == [str(after.pid)]  # nothing is left of the dead one with the same name


@pytest.mark.usefixtures("db")
class TestWorkers:
    def test_without_any_nothing_is_done(self, doctor):
        assert doctor().of("workers")[0][1].startswith("There is no worker: no mail leaves")

    def test_one_of_several_that_fell_silent_is_only_told(self, doctor):
        heartbeats.worker_lives("celery@there", processes=2, busy=0)
        passed(minutes=3)
        works()
        ((level, sentence),) = doctor().of("workers")
        assert level == "note"
        assert sentence.startswith(f"The worker celery@there (process {os.getpid()}) has been silent since ")

    def test_what_has_been_gone_for_a_day_is_forgotten(self):
        heartbeats.worker_lives("celery@there", processes=2, busy=0)
        passed(hours=23)
        works()
        assert len(heartbeats.workers()) == 2
        passed(hours=2)
        works()
        assert [life.node for life in heartbeats.workers()] == ["celery@here"]

    def test_two_of_one_name_that_both_live_are_two(self):
        works()
        Heartbeat.objects.update(name="worker celery@here 1")
        works()
        assert len(heartbeats.workers()) == 2


@pytest.mark.usefixtures("db")
class TestTheClock:
    def test_its_task_says_that_it_ticks(self, doctor):
        works()
        assert [level for level, _sentence in doctor().of("clock")] == ["problem"]
        app.tasks["backoffice.tick"].apply(throw=True)
        assert doctor().of("clock") == []

    def test_when_it_fell_silent_it_is_missed(self, doctor):
        tick()
        passed(minutes=3)
        works()
        ((level, sentence),) = doctor().of("clock")
        assert level == "problem"
        assert sentence.startswith("The clock has not ticked since ")
        assert "Start it: celery -A backoffice beat" in sentence

    def test_it_is_not_blamed_while_every_worker_is_busy(self, doctor):
        tick()
        passed(minutes=3)
        works(busy=2)
        ((level, sentence),) = doctor().of("clock")
        assert level == "note"
        assert "because all 2 processes of the workers are busy" in sentence

    def test_it_is_not_missed_before_anybody_could_have_heard_it(self, doctor):
        works(since=timedelta(seconds=90))
        assert doctor().of("clock") == []


@pytest.mark.usefixtures("db")
def test_long_work_that_nobody_takes_up_is_told(doctor):
    Job.objects.create(kind="imports.read", object_id=1)
    assert doctor().of("long work") == []
    with connection.cursor() as cursor:
        cursor.execute("UPDATE backoffice_job SET asked_at = clock_timestamp() - interval '5 minutes'")
    assert doctor().of("long work")[0][1].startswith("1 import or export waits for a worker since ")
    Job.objects.update(attempts=1)
    assert doctor().of("long work") == []
