"""Redis and RabbitMQ, as Debian has them: `make faults` runs these."""

import pytest

from tests.faults.celery_faults import CeleryFaults
from tests.faults.workers import Crew, rabbitmq, redis

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=[redis, rabbitmq], ids=["redis", "rabbitmq"])
def broker(request, tmp_path):
    with request.param(tmp_path) as found:
        yield found


@pytest.fixture
def crew(transactional_db, broker, server, tmp_path):
    crew = Crew(broker[0], server.port, tmp_path)
    yield crew
    crew.kill()


@pytest.fixture
def empty_the_broker(broker):
    return broker[1]


class TestOtherBrokers(CeleryFaults):
    pass
