"""PostgreSQL's disk is full while mails leave: nothing is lost or sent twice, and with room again everything ends by itself."""

from collections import Counter

import pytest
from django.db import Error, connection

from notices.models import Delivery, Notice
from notices.services import DeliveryService, NoticeService
from notices.services.sending import working
from tests.faults.conftest import PEOPLE, Process, answers
from tests.faults.disk import FILLED, Disk
from tests.faults.test_database import on_disk, work_on
from tests.makers import make_draft
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)
MIDDLE = PEOPLE // 2
FULL = "could not extend file"


@pytest.fixture
def disk(notice, postgres):
    disk = Disk(postgres)
    disk.make_large(notice.pk)
    yield disk
    disk.has_room()
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {FILLED} RESET (autovacuum_enabled)")


def test_full_when_it_is_published_it_is_not_and_later_it_is(notice, readers, alice, disk, mend, accounts, run):
    draft = make_draft(author=alice, people=tuple(readers))
    disk.is_full(notice.pk)
    with pytest.raises(Error, match=FULL):
        NoticeService.publish(draft.pk, actor=alice)
    assert Notice.objects.get(pk=draft.pk).status == "draft"
    disk.has_room()
    assert not Delivery.objects.filter(notice=draft).exists()
    NoticeService.publish(draft.pk, actor=alice)
    mend()
    assert accounts() == {"sent": 2 * PEOPLE}


def test_full_before_mails_are_claimed_none_leaves(notice, server, disk, mend, accounts, run):
    disk.is_full(notice.pk)
    for _ in range(3):
        with pytest.raises(Error, match=FULL):
            DeliveryService.deliver(notice.pk)
    assert server.accepted == []
    disk.has_room()
    mend()
    assert accounts() == {"sent": PEOPLE}


@pytest.fixture
def filling_up(notice, server, settings, disk):
    """Once half of the mails have left there is no room any more. The worker waits for the answer while it is filled."""
    settings.MAILERS["default"]["OPTIONS"]["timeout"] = 30

    def script(moment: str, number: int) -> None:
        if (moment, number) == ("answered", MIDDLE):
            disk.is_full(notice.pk)

    server.script = script
    return disk


def test_full_while_mails_leave_the_worker_waits_for_room_and_reports(notice, filling_up, mend, accounts, run):
    worker = Process(lambda: DeliveryService.deliver(notice.pk))
    eventually(lambda: Delivery.objects.filter(state="claimed").exists())
    assert worker.ends(3) is None  # it goes on asking
    filling_up.has_room()
    assert worker.ends() == 0
    mend()
    assert accounts() == {"sent": PEOPLE}


def test_full_for_longer_than_a_worker_waits_one_mail_is_in_doubt(notice, monkeypatch, filling_up, mend, accounts, run):
    """How far it was is written already, and needs no room."""
    monkeypatch.setattr(working, "REPORT_FOR", 1)
    with pytest.raises(Error, match=FULL):
        DeliveryService.deliver(notice.pk)
    filling_up.has_room()
    assert Counter(Delivery.objects.values_list("state", flat=True)) == {"claimed": PEOPLE}
    mend()
    assert accounts() == {"sent": PEOPLE - 1, "unknown": 1}


def test_the_disk_of_the_log_is_full_and_postgresql_ends(notice, server, postgres, mend, accounts, run):
    """It cannot go on without its log. Somebody makes room and starts it again."""
    on_disk()
    disk = Disk(postgres)

    def script(moment: str, number: int) -> None:
        if (moment, number) == ("answered", MIDDLE):
            disk.ends_at(0)

    server.script = script
    worker = Process(lambda: work_on(notice.pk))
    eventually(lambda: len(server.accepted) >= MIDDLE)
    eventually(lambda: not postgres.is_running(), seconds=60)
    postgres.start()
    assert worker.ends() == 0
    eventually(answers, seconds=60)
    mend()
    assert accounts() == {"sent": PEOPLE}
