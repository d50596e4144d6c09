"""Tasks of the project itself."""

from celery import shared_task

from backoffice.health import heartbeats


@shared_task(name="backoffice.tick")
def tick() -> int:
    """A sign of life of the clock. That it is carried out says that queue and worker work too."""
    heartbeats.clock_ticked()
    return 1
