"""`/metrics` for Prometheus, to whoever knows METRICS_TOKEN; without such a token there is no such page.

There are no counts of requests: each web process would have its own, and what joins them (files that processes share) cannot
be had together with figures from the database. The proxy in front counts requests, and knows of those that never came here.
"""

import logging
from collections.abc import Iterator
from secrets import compare_digest

from django.conf import settings
from django.db import connection, transaction
from django.db.utils import Error as DatabaseProblem
from django.http import HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from backoffice.health.checks.broker import QueueMissingError, queue_length
from backoffice.health.figures import Figure, all_figures
from backoffice.health.findings import in_words

PREFIX = "staff_notices_"
PATIENCE = 5  # seconds for one statement; Prometheus waits for ten
logger = logging.getLogger(__name__)


def metrics(request: HttpRequest) -> HttpResponse:
    if not settings.METRICS_TOKEN:
        return HttpResponse("There is no such page.\n", status=404, content_type="text/plain")
    if not _knows_the_token(request):
        answer = HttpResponse("Say “Authorization: Bearer” and METRICS_TOKEN.\n", status=401, content_type="text/plain; charset=utf-8")
        answer.headers["WWW-Authenticate"] = 'Bearer realm="metrics"'
        return answer
    registry = CollectorRegistry()
    registry.register(FromTheDatabase())
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return HttpResponse(encode(registry), content_type=content_type)


def _knows_the_token(request: HttpRequest) -> bool:
    kind, _space, token = request.headers.get("Authorization", "").partition(" ")
    return kind.lower() == "bearer" and compare_digest(token.strip().encode(), settings.METRICS_TOKEN.encode())


class FromTheDatabase(Collector):
    """All figures or, when the database does not answer, only that it does not."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        found: list[Figure] = []
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{PATIENCE}s"])
                found += all_figures()
                found += _of_the_queue()
        except DatabaseProblem as error:
            logger.warning("There are no figures: %s", in_words(error))
            connection.close_if_unusable_or_obsolete()
            found = []
        yield _family(Figure.of("database_up", "1 if the database answers; else there are no other figures.", bool(found)))
        yield from map(_family, found)

    def describe(self) -> list[GaugeMetricFamily]:
        return []


def _of_the_queue() -> Iterator[Figure]:
    try:
        yield Figure.of("queue_length", "Hints that wait in the queue.", queue_length())
        is_up = True
    except DatabaseProblem:
        raise
    except QueueMissingError:
        is_up = False
    except Exception as error:  # noqa: BLE001 - each broker has errors of its own
        logger.warning("The broker does not answer: %s", in_words(error))
        is_up = False
    yield Figure.of("broker_up", "1 if the broker answers.", is_up)


def _family(figure: Figure) -> GaugeMetricFamily:
    family = GaugeMetricFamily(PREFIX + figure.name, figure.help, labels=figure.labels)
    for labels, value in figure.values.items():
        family.add_metric(labels, float(value))
    return family
