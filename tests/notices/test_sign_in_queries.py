"""From the sign-in form to the Today page in fewer than ten questions to the database, whoever signs in, with nothing kept from before."""

import pytest
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from notices.models import Delivery, ReadAcknowledgment
from notices.services import NoticeService
from tests.makers import PASSWORD, make_category, make_draft, make_published

MOST = 10  # fewer than


@pytest.fixture
def _a_busy_day(alice, facilities, dave):
    ContentType.objects.get_for_models(*apps.get_models())  # a process asks for each once; tests come in any order
    make_draft("A draft", author=alice, department=facilities)
    NoticeService.submit_for_review(
        make_draft("In review", author=alice, department=facilities, people=(dave,), category=make_category(needs_approval=True)).pk,
        actor=alice,
    )
    late = make_published("On show", author=alice, department=facilities, people=(dave,), requires_acknowledgement=True)
    Delivery.objects.update(state="failed", reason="No such mailbox")
    ReadAcknowledgment.objects.create(notice=late, user=dave, read_at=timezone.now())


def asked(captured) -> int:
    """Tests run in a transaction, so what opens and ends one there is a savepoint here."""
    return sum("SAVEPOINT" not in query["sql"] for query in captured)


@pytest.mark.usefixtures("_a_busy_day")
@pytest.mark.parametrize("name", ["alice", "erin", "carol", "frank", "heidi", "grace"])
@pytest.mark.parametrize("then", [{}, {"next": "/admin/"}])
def test_from_sign_in_to_today_takes_fewer_than_ten_queries(client, request, name, then):
    person = request.getfixturevalue(name)
    cache.clear()
    with CaptureQueriesContext(connection) as captured:
        response = client.post(reverse("login"), {"username": person.username, "password": PASSWORD} | then, follow=True)
    assert response.request["PATH_INFO"] == "/admin/"
    assert response.status_code == 200
    assert asked(captured) < MOST, "\n\n".join(query["sql"] for query in captured)


@pytest.mark.usefixtures("_a_busy_day")
@pytest.mark.parametrize("name", ["alice", "erin", "carol", "frank", "grace"])
def test_what_the_page_asks_for_next_takes_a_few_more(client, request, name):
    client.force_login(request.getfixturevalue(name))
    cache.clear()
    with CaptureQueriesContext(connection) as captured:
        assert client.get(reverse("admin:today_progress")).status_code == (403 if name == "frank" else 200)
    assert asked(captured) < MOST + 3  # what is halted is three questions, and never remembered
