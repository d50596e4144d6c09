"""The clock of a process is the database's, whatever the host says."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection, connections

from backoffice import clock

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


def at_the_database() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


@pytest.mark.parametrize("moment", ["2001-01-01T00:00:00Z", "2099-12-31T23:59:59Z"])
def test_a_host_may_be_years_off(moment):
    with time_machine.travel(moment):
        assert abs(clock.now() - at_the_database()) < SECOND
        assert clock.now().tzinfo is UTC


def test_it_costs_no_statement(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert clock.now() <= clock.now()


@pytest.mark.django_db(transaction=True)
def test_each_new_connection_sets_it(monkeypatch):
    monkeypatch.setattr(clock, "_began", clock._began - timedelta(days=1))
    assert at_the_database() - clock.now() > SECOND
    connections.close_all()
    assert abs(at_the_database() - clock.now()) < SECOND


def test_a_process_that_asked_nothing_yet_asks(monkeypatch):
    monkeypatch.setattr(clock, "_began", None)
    assert abs(clock.now() - at_the_database()) < SECOND


def test_a_day_is_the_organisations(settings):
    days = set()
    for zone in ["Pacific/Kiritimati", "Pacific/Pago_Pago"]:  # 25 hours apart
        settings.TIME_ZONE = zone
        days.add(clock.today())
    assert len(days) == 2
