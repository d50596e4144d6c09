"""The processes in the background: do they live, and do they come round to what waits."""

from collections.abc import Iterator

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice.health import heartbeats
from backoffice.health.findings import CLOCK, WORKER, Finding, Group, Level, since
from backoffice.health.registry import check

WAITING = """
    SELECT count(*), min(asked_at), clock_timestamp() FROM backoffice_job
    WHERE attempts = 0 AND asked_at < clock_timestamp() - interval '2 minutes'
"""


@check("workers", Group.WORK, on_card=True)
def workers() -> Iterator[Finding]:
    lives = heartbeats.workers()
    silent = [life for life in lives if life.is_silent]
    if len(silent) == len(lives):
        last = max(lives, key=lambda life: life.at, default=None)
        text = (
            _("No worker has given a sign of life %(since)s: no mail leaves, and nothing is imported or published by itself.")
            % {"since": since(last.at, last.now)}
            if last
            else _("There is no worker: no mail leaves, and nothing is imported or published by itself.")
        )
        yield Finding(text, _("Start one: %(command)s") % {"command": WORKER})
        return
    for life in silent:
        told = {"node": life.node, "process": life.process, "since": since(life.at, life.now)}
        yield Finding(
            _("The worker %(node)s (process %(process)s) has been silent %(since)s. Others do its work.") % told,
            _("Start it again, and look for why it ended in its log. If it is gone for good, this passes after a day."),
            Level.NOTE,
        )


@check("clock", Group.WORK, on_card=True)
def clock() -> Iterator[Finding]:
    life = heartbeats.clock()
    living = [worker for worker in heartbeats.workers() if not worker.is_silent]
    if life is not None and not life.is_silent:
        return
    if not any(worker.has_listened_for_long for worker in living):
        return  # nobody was there who could have heard the clock
    told = {"since": since(life.at, life.now) if life else _("yet"), "command": CLOCK, "count": sum(worker.processes for worker in living)}
    if all(worker.busy >= worker.processes for worker in living):
        yield Finding(
            _("The clock was not heard %(since)s, because all %(count)s processes of the workers are busy with long work.") % told,
            _("Wait for some minutes. If it lasts, run more workers, or more processes each (--concurrency)."),
            Level.NOTE,
        )
        return
    yield Finding(
        _("The clock has not ticked %(since)s: nothing is published on its date, and nothing that was lost is mended.") % told,
        _("Start it: %(command)s. If it runs, the queue loses its messages: look at the broker and at both logs.") % told,
    )


@check("long work", Group.WORK, on_card=True)
def long_work() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        count, oldest, now = cursor.fetchone()
    if count:
        text = ngettext(
            "%(count)s import or export waits for a worker %(since)s.",
            "%(count)s imports and exports wait for a worker, one %(since)s.",
            count,
        )
        yield Finding(
            text % {"count": count, "since": since(oldest, now)},
            _("They are taken up by themselves as soon as a worker is free. If it lasts, run more workers."),
        )
