"""What the tests of deliveries share."""

from datetime import timedelta

from notices.mail.outcome import Outcome
from notices.models import Delivery
from notices.repositories import NoticeRepository
from notices.services import DeliveryService
from notices.services.sending.claims import settle
from recipients.models import User

State = Delivery.State
SECOND = timedelta(seconds=1)
LATER = Outcome(State.RETRY, "Busy")


def mend() -> None:
    settle([Delivery])
    DeliveryService.mend()


def people(count: int):
    return User.objects.bulk_create(User(username=f"reader{n}", email=f"reader{n}@example.org") for n in range(count))


def states(notice) -> dict[str, int]:
    """How many deliveries are in which state, once the balance was found to add up."""
    figures = NoticeRepository.figures(notice)
    assert figures["expected"] == sum(figures[state] for state in State.values)
    assert figures["expected"] == Delivery.objects.of_revision(notice).count()
    return {state: figures[state] for state in State.values if figures[state]}
