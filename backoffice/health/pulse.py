"""The pulse of a worker: a step of Celery's consumer, so that it beats only while the worker is connected to the queue."""

import logging
from typing import Any

from celery import bootsteps
from celery.worker import state
from django.db.utils import Error as DatabaseProblem

from backoffice.health import heartbeats
from backoffice.health.bounded import impatient_database
from backoffice.health.findings import in_words

TIMEOUT = 2000  # milliseconds for a statement: with Redis and RabbitMQ this is the thread that hands out tasks
logger = logging.getLogger(__name__)


class Pulse(bootsteps.StartStopStep):
    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, consumer: Any, **kwargs: Any) -> None:
        self._timer: Any = None
        super().__init__(consumer, **kwargs)

    def start(self, consumer: Any) -> None:
        self._beat(consumer)
        self._timer = consumer.timer.call_repeatedly(heartbeats.INTERVAL, self._beat, (consumer,), priority=10)

    def stop(self, consumer: Any) -> None:
        """The connection to the queue was lost, or the worker stops; it may still have tasks to finish."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def shutdown(self, consumer: Any) -> None:
        self.stop(consumer)
        self._tell(lambda: heartbeats.worker_leaves(consumer.hostname))

    def _beat(self, consumer: Any) -> None:
        processes = getattr(consumer.pool, "num_processes", None) or 1
        self._tell(lambda: heartbeats.worker_lives(consumer.hostname, processes=processes, busy=len(state.active_requests)))

    @staticmethod
    def _tell(what: Any) -> None:
        try:
            with impatient_database(TIMEOUT):
                what()
        except DatabaseProblem as error:
            logger.warning("No sign of life could be given: %s", in_words(error))
