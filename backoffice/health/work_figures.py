"""The numbers of what works in the background."""

from collections import defaultdict
from collections.abc import Iterator

from django.db import connection

from backoffice.health import heartbeats
from backoffice.health.figures import Figure, figures

JOBS = """
    SELECT kind, attempts > 0, count(*), extract(epoch FROM clock_timestamp() - min(asked_at))::float8
    FROM backoffice_job GROUP BY 1, 2
"""


@figures
def of_processes() -> Iterator[Figure]:
    lives = heartbeats.all_lives()
    clock = [life.age.total_seconds() for life in lives if life.name == heartbeats.CLOCK]
    if clock:
        yield Figure.of("clock_age_seconds", "Since the clock was last heard by a worker.", clock[0])
    workers = [life for life in lives if life.name != heartbeats.CLOCK]
    living = [life for life in workers if not life.is_silent]
    ages: dict[tuple[str, ...], float] = {(life.node, life.process): life.age.total_seconds() for life in workers}
    yield Figure("worker_age_seconds", "Since a worker last gave a sign of life.", ages, ("node", "process"))
    yield Figure.of("workers", "Workers that live.", len(living))
    yield Figure.of("worker_processes", "Tasks that the living workers can do at once.", sum(life.processes for life in living))
    yield Figure.of("worker_processes_busy", "Tasks that the living workers do.", sum(life.busy for life in living))


@figures
def of_long_work() -> Iterator[Figure]:
    counts: dict[tuple[str, ...], float] = defaultdict(float)
    oldest = 0.0
    with connection.cursor() as cursor:
        cursor.execute(JOBS)
        for kind, is_taken_up, count, age in cursor.fetchall():
            counts[kind, "running" if is_taken_up else "waiting"] += count
            oldest = oldest if is_taken_up else max(oldest, age)
    yield Figure("jobs", "Imports, exports and other long work that is not finished.", dict(counts), ("kind", "state"))
    yield Figure.of("job_oldest_waiting_seconds", "For how long the oldest long work has waited for a worker.", oldest)
