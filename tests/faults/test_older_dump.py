"""A dump from before is restored under a running system: what it takes for owed may have left, so a person decides first."""

from collections import Counter

import pytest

from audit.seals import counters
from audit.seals.epochs import position, start_epoch, why_sending_is_off
from notices.models import Delivery
from notices.services import DeliveryService
from notices.services.sending import working
from tests.audit.sealing import seal_now, sealed
from tests.clock import pass_time
from tests.faults.conftest import PEOPLE, sweep
from tests.faults.dumps import Dump
from tests.notices.test_races import together

pytestmark = pytest.mark.django_db(transaction=True)
BATCH = PEOPLE // 4
WAITS = "Waits until an administrator starts a new epoch. An older copy of the database was restored"


@pytest.fixture(autouse=True)
def _patient(settings, server, monkeypatch):
    """A worker waits while a dump is taken or restored between two of its mails."""
    settings.MAILERS["default"]["OPTIONS"]["timeout"] = 60
    monkeypatch.setattr(working, "BATCH", BATCH)


@pytest.fixture
def nothing_leaves(server):
    def check() -> None:
        """Not in three leases, and everyone who waits is told why."""
        accepted = list(server.accepted)
        for _ in range(3):
            pass_time(working.claims.LEASE)
            sweep()
        assert server.accepted == accepted
        reasons = Delivery.objects.to_do().values_list("reason", flat=True)
        assert reasons
        assert all(reason.startswith(WAITS) for reason in reasons)

    return check


def sent_twice(server) -> set[str]:
    return {message_id for message_id, times in Counter(server.accepted).items() if times > 1}


def test_restored_between_two_mails_of_a_worker(notice, grace, server, nothing_leaves, mend, accounts, tmp_path, run):
    """It goes on to no further batch, although nobody told it."""
    sealed("before")
    dumps: list[Dump] = []
    then = {
        BATCH: lambda: dumps.append(Dump(tmp_path / "dump")),
        2 * BATCH: lambda: together(lambda: sealed("after")),
        2 * BATCH + 1: lambda: together(dumps[0].restore_in_place),
    }

    def script(moment: str, number: int) -> None:
        if moment == "answered" and number in then:
            then[number]()

    server.script = script
    DeliveryService.deliver(notice.pk)
    assert len(server.accepted) < PEOPLE
    since_the_dump = set(server.accepted[BATCH:])
    nothing_leaves()

    start_epoch(reason="The disk failed", actor=grace)
    mend()
    again = sent_twice(server)
    # Of one mail the dump may know that it was about to leave.
    assert again <= since_the_dump
    assert len(again) >= len(since_the_dump) - 1
    states = accounts(sent_again=len(again))
    assert states["sent"] + states["unknown"] == PEOPLE


def test_restored_though_nothing_but_mails_happened_since(notice, grace, server, nothing_leaves, mend, accounts, tmp_path, run):
    """Mails leave no row of the trail, so there is no seal that the copy does not have."""
    sealed("before")
    dump = Dump(tmp_path / "dump")
    DeliveryService.deliver(notice.pk)
    assert seal_now() is None
    assert why_sending_is_off() == ""
    dump.restore_in_place()
    nothing_leaves()

    start_epoch(reason="The disk failed", actor=grace)
    mend()
    assert len(sent_twice(server)) == PEOPLE
    assert accounts(sent_again=PEOPLE) == {"sent": PEOPLE}


def test_restored_a_second_time_it_is_recognised_again(notice, grace, server, nothing_leaves, mend, accounts, tmp_path, run):
    """Although nothing was sealed in the first epoch, and somebody died over half a line."""
    dump = Dump(tmp_path / "dump")
    DeliveryService.deliver(notice.pk)
    for _ in range(2):
        counters.note(position().epoch)  # as each minute, whether there is anything to seal or not
        with counters.path().open("a") as file:
            file.write('{"epoch": 0, "rea')
        dump.restore_in_place()
        nothing_leaves()
        start_epoch(reason="The disk failed", actor=grace)
        assert why_sending_is_off() == ""
        mend()
    assert accounts(sent_again=2 * PEOPLE) == {"sent": PEOPLE}
