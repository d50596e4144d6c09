"""A change while mails are leaving: nobody gets the old text afterwards but of the mail that was leaving, and the books are in order."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from notices.models import Delivery
from notices.services import DeliveryService
from recipients.models import User
from tests.makers import make_published
from tests.notices.amending.steps import amend, write
from tests.smtp import MailServer, mailers
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)
READERS = 250


@pytest.fixture
def server(settings):
    server = MailServer()
    server.start()
    settings.MAILERS = mailers(server.port)
    yield server
    server.stop()


def deliver_all(notice) -> None:
    """One worker, woken again as long as something is due."""
    try:
        while DeliveryService.is_due(notice.pk):
            DeliveryService.deliver(notice.pk)
    finally:
        connection.close()


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize(("kind", "mails"), [("typo", {1}), ("material", {1, 2}), ("tell", {2})])
def test_of_the_old_text_one_mail_leaves_at_most(server, alice, kind, mails, share):
    readers = User.objects.bulk_create(User(username=f"reader{n}", email=f"reader{n}@example.org") for n in range(READERS))
    notice = make_published(author=alice, people=tuple(readers))
    write(notice, alice)
    with ThreadPoolExecutor(1) as pool:
        worker = pool.submit(deliver_all, notice)
        eventually(lambda: len(server.handler.raw) >= READERS * share)
        amend(notice, kind, alice, people=READERS)
        there = len(server.handler.raw)
        worker.result(60)
        pool.submit(deliver_all, notice).result(60)  # it may have been done before the change was made

    # In the order of arrival.
    is_old = [b"Tuesday" in text and b"This notice was changed" not in text for text in server.handler.raw]
    assert sum(is_old[there:]) <= 1
    assert not any(is_old[there + 1 :])
    assert set(Delivery.objects.values_list("state", flat=True)) <= {"sent", "cancelled"}
    assert Delivery.objects.filter(state="sent").count() == len(server.handler.raw)
    got = {reader.email: server.handler.recipients.count(reader.email) for reader in readers}
    assert set(got.values()) <= mails
    assert len(got) == READERS
