"""A mail that left, and what comes back of it."""

from email.utils import parseaddr

import pytest
from django.conf import settings

from notices.models import Delivery, Notice
from recipients.models import User
from tests.makers import make_published
from tests.notices.bounces.test_reading import sample


@pytest.fixture
def sent(alice, dave) -> Delivery:
    """One mail to Dave, which the mail server took."""
    return send(make_published(author=alice, people=(dave,)), dave)


def send(notice: Notice, person: User) -> Delivery:
    """As if a worker had sent it."""
    delivery = Delivery.objects.get(notice=notice, person=person)
    delivery.state, delivery.attempts = Delivery.State.SENT, 1
    delivery.save(update_fields=["state", "attempts"])
    return delivery


def id_of(delivery: Delivery) -> str:
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    return f"delivery-{delivery.pk}.{delivery.notice_id}.{delivery.revision}@{domain}"


def report(name: str, delivery: Delivery, *, address: str = "dave@example.org", note: str = "") -> bytes:
    """A sample, about this mail. `note` makes it another report about the same."""
    raw = sample(name).replace(b"delivery-101.7.1@example.org", id_of(delivery).encode())
    return raw.replace(b"dave@example.org", address.encode()) + note.encode()
