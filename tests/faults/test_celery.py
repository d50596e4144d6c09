"""The embedded broker: Celery's queue in the project's own PostgreSQL."""

import pytest

from tests.faults.celery_faults import CeleryFaults
from tests.faults.conftest import REPEAT

pytestmark = pytest.mark.django_db(transaction=True)


if REPEAT > 1:

    class TestEmbeddedBroker(CeleryFaults):
        pass

else:

    class TestEmbeddedBroker:
        """Of real workers two faults in every run; the others take a minute each."""

        test_worker_and_children_are_killed = CeleryFaults.test_worker_and_children_are_killed
        test_a_child_is_killed = CeleryFaults.test_a_child_is_killed
