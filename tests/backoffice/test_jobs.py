"""Long work: alone, its progress seen by others, stopped when asked, and found when lost."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from backoffice import jobs
from backoffice.jobs import Busy, Stopped, ask_for, ask_to_stop, lost, progress_of, running
from backoffice.models import Job

pytestmark = pytest.mark.django_db(transaction=True)
KIND = "counting"


@pytest.fixture(autouse=True)
def _asked(transactional_db):
    ask_for(KIND, 1)


@pytest.fixture(autouse=True)
def _every_telling(monkeypatch):
    monkeypatch.setattr(jobs, "INTERVAL", 0)


def test_one_worker_at_a_time_and_the_next_when_it_is_gone():
    with running(KIND, 1), pytest.raises(Busy), running(KIND, 1):
        pass
    with running(KIND, 1) as run:
        assert run.attempt == 2


def test_others_may_work_on_something_else_meanwhile():
    ask_for(KIND, 2)
    with running(KIND, 1), running(KIND, 2) as other:
        assert other.attempt == 1


def test_work_that_nobody_asked_for_or_that_is_finished_is_not_done():
    with running(KIND, 1) as run, transaction.atomic():
        run.finish()
    for number in (1, 7):
        with pytest.raises(Busy), running(KIND, number):
            pass


def test_progress_is_seen_while_the_work_is_not_committed():
    with running(KIND, 1) as run, transaction.atomic():
        run.tell("counting", 250, 1000)
        transaction.set_rollback(True)
    seen = progress_of(KIND, 1)
    assert (seen.phase, seen.percent, seen.is_waiting) == ("counting", 25, False)


def test_time_left_is_told_from_what_the_phase_took_so_far():
    Job.objects.update(done=250, total=1000, phase_at=timezone.now() - timedelta(seconds=10))
    assert progress_of(KIND, 1).seconds_left in range(29, 32)


def test_what_is_asked_to_stop_stops_at_the_next_telling():
    with running(KIND, 1) as run:
        run.tell("counting", 1, 2)
        assert ask_to_stop(KIND, 1)
        with pytest.raises(Stopped):
            run.tell("counting", 2, 2)


def test_a_stop_asked_for_at_the_last_moment_still_stops():
    with running(KIND, 1) as run:
        ask_to_stop(KIND, 1)
        with pytest.raises(Stopped), transaction.atomic():
            run.finish()
    assert Job.objects.exists()


def test_what_is_finished_cannot_be_stopped():
    with running(KIND, 1) as run, transaction.atomic():
        run.finish()
        run.tell("after the end")
    assert not ask_to_stop(KIND, 1)
    assert progress_of(KIND, 1) is None


def test_finishing_counts_only_if_the_transaction_does():
    with running(KIND, 1) as run, transaction.atomic():
        run.finish()
        transaction.set_rollback(True)
    assert Job.objects.exists()


def test_lost_is_what_nobody_is_at_after_a_while():
    assert lost(KIND) == []  # asked for just now
    Job.objects.update(asked_at=timezone.now() - timedelta(minutes=1))
    with running(KIND, 1):
        assert lost(KIND) == []
    assert lost(KIND) == [1]
    assert lost("other") == []
