"""What mail servers do to workers: refuse, hang up, drip, hang, change their mind, or are not there."""

from time import monotonic

import pytest

from notices.mail import dialogue
from notices.models import Delivery, MailServer
from notices.services import DeliveryService
from tests.faults.conftest import PEOPLE, often
from tests.faults.smtp import DRIP, DROP, HANG
from tests.smtp import free_port, mailers

pytestmark = pytest.mark.django_db(transaction=True)
MIDDLE = PEOPLE // 2
PIPELINING = pytest.mark.parametrize("pipelining", often([True], [False]), ids=str)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(dialogue, "LONGEST", 0.5)


def at(moment: str, said: str, *, mails: range | None = None):
    """A script that says this at that moment, of these mails or of all."""
    return lambda here, number: said if here == moment and (mails is None or number in mails) else None


ONE = range(MIDDLE, MIDDLE + 1)


@PIPELINING
@pytest.mark.parametrize("moment", ["MAIL", "RCPT", "DATA", "text"])
@pytest.mark.parametrize(("said", "state"), [("451 4.3.0 Later", "retry"), ("554 5.7.1 No", "failed")])
def test_a_refusal_concerns_one_mail(notice, server, mend, accounts, moment, said, state, pipelining, run):
    server.pipelining, server.script = pipelining, at(moment, said, mails=ONE)
    DeliveryService.deliver(notice.pk)
    refused = Delivery.objects.exclude(state="sent").get()
    assert (refused.state, said in refused.reason) == (state, True)
    mend()
    assert accounts() == ({"sent": PEOPLE} if state == "retry" else {"sent": PEOPLE - 1, "failed": 1})


@PIPELINING
@pytest.mark.parametrize("how", [DROP, HANG, DRIP])
@pytest.mark.parametrize("moment", ["connect", "EHLO", "MAIL", "RCPT", "DATA", "part", "text"])
def test_hanging_up_holding_and_dripping(notice, server, mend, accounts, moment, how, pipelining, run):
    """Before the last byte of the text it is sent again, and afterwards it is in doubt; no moment holds a worker for long."""
    server.pipelining = pipelining
    server.script = at(moment, how, mails=range(1) if moment in {"connect", "EHLO"} else ONE)
    began = monotonic()
    DeliveryService.deliver(notice.pk)
    assert monotonic() - began < 4 * dialogue.LONGEST + 2
    mend()
    # A text of this size leaves in one piece, so a server that stops reading in its middle has all of it.
    unknown = int(moment in {"part", "text"})
    assert accounts() == {"sent": PEOPLE - unknown} | ({"unknown": 1} if unknown else {})


def test_a_server_that_is_not_there_costs_one_attempt_at_a_time(notice, server, settings, mend, accounts, run):
    settings.MAILERS = mailers(free_port())
    for _ in range(3):
        DeliveryService.deliver(notice.pk)
    assert sum(Delivery.objects.values_list("attempts", flat=True)) == 1
    assert MailServer.objects.get().failures == 1
    settings.MAILERS = mailers(server.port)
    mend()
    assert accounts() == {"sent": PEOPLE}


def test_one_that_closes_down_in_the_middle_gets_the_rest_later(notice, server, mend, accounts, run):
    server.script = at("RCPT", "421 4.3.2 Closing down", mails=range(MIDDLE, PEOPLE + 1))
    DeliveryService.deliver(notice.pk)
    assert Delivery.objects.filter(state="sent").count() == MIDDLE - 1
    mend()
    assert accounts() == {"sent": PEOPLE}


def test_one_that_changes_its_mind_from_mail_to_mail(notice, server, mend, accounts, run):
    moods = [None, "451 Later", "552 Too much", DROP, None, "421 Bye"]
    server.script = lambda moment, number: moods[number % len(moods)] if moment == "text" else None
    for _ in range(3):
        DeliveryService.deliver(notice.pk)
    mend()
    states = accounts()
    assert sum(states.values()) == states["sent"] + states["failed"] + states["unknown"] == PEOPLE
    assert states["unknown"] > 0
    assert states["failed"] > 0
