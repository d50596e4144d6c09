"""Signing in costs few questions to the database."""

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.recipients.signin.steps import sign_in


def asked(queries: CaptureQueriesContext) -> list[str]:
    """Without the savepoints that only a test has."""
    return [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]


def test_a_good_sign_in_asks_four_times(alice):
    with CaptureQueriesContext(connection) as queries:
        assert sign_in(Client(), "alice").status_code == 302
    # counts of failures, the account and whether it has a phone, the last sign-in, the session
    assert len(asked(queries)) == 4, "\n".join(asked(queries))


def test_an_open_session_asks_twice(dave, client):
    """The session and the account: the limits, the second step and the list of sessions need nothing more."""
    sign_in(client, "dave")
    with CaptureQueriesContext(connection) as queries:
        assert client.get("/").status_code == 302
    assert len(asked(queries)) == 2, "\n".join(asked(queries))
