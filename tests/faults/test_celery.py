"""The embedded broker: Celery's queue in the project's own PostgreSQL."""

from collections.abc import Callable

import pytest
from django.db import connection

from tests.faults.celery_faults import CeleryFaults
from tests.faults.conftest import REPEAT
from tests.faults.workers import Crew
from tests.makers import make_draft

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def draft(alice, readers):
    return make_draft(author=alice, people=tuple(readers))


@pytest.fixture
def crew(transactional_db, server, tmp_path):
    crew = Crew("", server.port, tmp_path)
    yield crew
    crew.kill()


@pytest.fixture
def empty_the_broker() -> Callable[[], None]:
    def purge() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pgmq.purge_queue(queue_name) FROM pgmq.list_queues()")
        connection.close()

    return purge


if REPEAT > 1:

    class TestEmbeddedBroker(CeleryFaults):
        pass

else:

    class TestEmbeddedBroker:
        """Of real workers one fault in every run; the others take a minute each."""

        test_worker_and_children_are_killed = CeleryFaults.test_worker_and_children_are_killed
