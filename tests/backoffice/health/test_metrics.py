"""`/metrics`: figures from the database for whoever knows the token, and for nobody else."""

from datetime import timedelta

import pytest
from django.core.checks import run_checks
from django.db import connection
from django.test.utils import CaptureQueriesContext
from prometheus_client.parser import text_string_to_metric_families

from backoffice.health import heartbeats
from backoffice.models import Job
from backoffice.tasks import tick
from notices.models import Claim, Delivery
from notices.services import DeliveryService
from tests.makers import make_person, make_published
from tests.smtp import free_port

TOKEN = "zq3-Kw9JmTzR4bLs8YpNc3HdEa"  # noqa: S105 - of these tests alone


@pytest.fixture
def scrape(client, settings):
    """The figures, by name and labels; asked for as Prometheus does."""
    settings.METRICS_TOKEN = TOKEN

    def ask() -> dict[str, float]:
        answer = client.get("/metrics", HTTP_HOST="10.0.0.7", headers={"authorization": f"Bearer {TOKEN}"})
        assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
        assert answer["Content-Type"].startswith("text/plain")
        found = {}
        for family in text_string_to_metric_families(answer.content.decode()):
            assert family.documentation
            for sample in family.samples:
                labels = ",".join(sample.labels.values())
                found[sample.name.removeprefix("staff_notices_") + (f"[{labels}]" if labels else "")] = sample.value
        return found

    return ask


def test_without_a_token_there_is_no_such_page(client):
    assert client.get("/metrics", headers={"authorization": "Bearer "}).status_code == 404


@pytest.mark.parametrize("said", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", TOKEN, "Bearer ä"])
def test_strangers_are_told_nothing(client, settings, said):
    settings.METRICS_TOKEN = TOKEN
    answer = client.get("/metrics", headers={"authorization": said} if said else {})
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert b"staff_notices" not in answer.content


def test_a_token_that_can_be_guessed_keeps_production_from_starting(settings):
    settings.PRODUCTION, settings.METRICS_TOKEN = True, "secret"
    assert "backoffice.E009" in {message.id for message in run_checks()}
    settings.METRICS_TOKEN = TOKEN
    assert "backoffice.E009" not in {message.id for message in run_checks()}


@pytest.mark.usefixtures("db")
class TestFigures:
    def test_nothing_happening_is_all_noughts(self, scrape):
        found = scrape()
        assert (found["database_up"], found["broker_up"], found["workers"], found["sending_is_off"]) == (1, 1, 0, 0)
        assert (found["deliveries[waiting]"], found["delivery_oldest_due_seconds"], found["scheduled_notices_late"]) == (0, 0, 0)
        assert "clock_age_seconds" not in found

    def test_mails_by_state(self, scrape, alice):
        people = tuple(make_person() for _number in range(6))
        notice = make_published(author=alice, people=people)
        hour = timedelta(hours=1)
        now = Delivery.objects.get(person=people[0]).next_attempt_at
        held = {DeliveryService.claim(notice, batch=1).mails[0].person_id for _ in range(2)}
        Claim.objects.filter(pk=Claim.objects.latest("pk").pk).update(lease_until=now - hour)
        for person, fields in zip(
            [person for person in people if person.pk not in held],
            (
                {"next_attempt_at": now - hour},
                {"next_attempt_at": now + hour, "reason": "Busy", "attempts": 1, "state": "retry"},
                {"state": "failed", "changed_at": now},
                {"state": "unknown", "changed_at": now},
            ),
            strict=True,
        ):
            Delivery.objects.filter(notice=notice, person=person).update(**fields)

        found = scrape()
        counts = [found[f"deliveries[{state}]"] for state in ("waiting", "retry", "claimed", "unknown")]
        assert counts == [1, 1, 2, 1]
        assert found["deliveries_claimed_too_long"] == 1
        assert found["deliveries_failed_last_day"] == 1
        assert 3600 <= found["delivery_oldest_due_seconds"] < 3700

        Delivery.objects.filter(state="failed").update(changed_at=now - timedelta(hours=25))
        assert scrape()["deliveries_failed_last_day"] == 0

    def test_clock_workers_long_work_and_the_queue(self, scrape):
        before = scrape()["queue_length"]
        tick.delay()
        tick()
        heartbeats.worker_lives("celery@here", processes=2, busy=1)
        Job.objects.create(kind="imports.read", object_id=1)
        Job.objects.create(kind="imports.read", object_id=2, attempts=1)

        found = scrape()
        assert (found["workers"], found["worker_processes"], found["worker_processes_busy"]) == (1, 2, 1)
        assert 0 <= found["clock_age_seconds"] < 60
        assert next(age for name, age in found.items() if name.startswith("worker_age_seconds[celery@here,")) < 60
        assert (found["jobs[imports.read,waiting]"], found["jobs[imports.read,running]"]) == (1, 1)
        assert found["queue_length"] == before + 1

    def test_a_scrape_asks_the_database_fewer_than_ten_times(self, scrape, alice, dave):
        make_published(author=alice, people=(dave,))
        with CaptureQueriesContext(connection) as captured:
            scrape()
        assert len([query for query in captured if "SAVEPOINT" not in query["sql"]]) < 10

    def test_a_broker_that_is_away_is_a_figure(self, scrape, settings):
        settings.CELERY_BROKER_URL = f"amqp://guest:guest@127.0.0.1:{free_port()}//"
        found = scrape()
        assert (found["database_up"], found["broker_up"]) == (1, 0)
        assert "queue_length" not in found

    def test_the_queue_of_a_broker_of_another_kind(self, scrape, settings):
        settings.CELERY_BROKER_URL = "memory://"
        found = scrape()
        assert (found["broker_up"], found["queue_length"]) == (1, 0)


def test_a_database_that_is_away_is_a_figure(scrape, elsewhere):
    elsewhere.stop()
    assert scrape() == {"database_up": 0}
