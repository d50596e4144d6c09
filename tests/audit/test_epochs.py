"""A database that was restored from an older copy, or moved: nothing is sealed or sent until a person says so."""

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from audit.seals import anchors
from audit.seals.epochs import EpochError, start_epoch, why_sending_is_off
from audit.seals.findings import Exit
from audit.seals.sealing import SealingIsOffError
from audit.seals.verifying import verify
from notices.models import Delivery
from notices.services import NoticeService
from notices.services.delivery import DeliveryService
from tests.audit.sealing import HISTORY, seal_now, sealed, triggers_off
from tests.makers import make_draft

pytestmark = pytest.mark.django_db(transaction=True)


def go_back(change) -> None:
    """The database as it was before `change`: as if an older copy was restored. Its seals and rows since are gone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(to_stamp), 0), coalesce(max(number), 0) FROM audit_seal")
        stamp, number = cursor.fetchone()
    change()
    with triggers_off("audit_seal"), triggers_off("audit_sealpart"), triggers_off("audit_entry"), triggers_off() as cursor:
        for table in (HISTORY, "audit_entry"):
            cursor.execute(f"DELETE FROM {table} WHERE history_stamp >= %s", [stamp])
        cursor.execute("DELETE FROM audit_sealpart WHERE seal_id > %s", [number])
        cursor.execute("DELETE FROM audit_seal WHERE number > %s", [number])


def test_with_a_restored_copy_nothing_is_sealed_until_a_person_starts_an_epoch(grace):
    sealed("a")
    assert why_sending_is_off() == ""
    go_back(lambda: sealed("b"))
    assert "An older copy of the database was restored: it ends at seal 1, and seal 2 was made already." in why_sending_is_off()
    with pytest.raises(SealingIsOffError):
        sealed("c")
    with pytest.raises(EpochError, match="Say why"):
        start_epoch(reason=" ", actor=grace)
    assert start_epoch(reason="Disk failure", actor=grace).number == 1
    assert why_sending_is_off() == ""
    assert seal_now().number == 3
    report = verify()
    assert report.code == Exit.INTACT
    assert "Seals 2 to 2 were given up when epoch 1 began: Disk failure" in report.notes
    with pytest.raises(EpochError, match="no need"):
        start_epoch(reason="Again", actor=grace)


def test_only_administrators_start_an_epoch(carol):
    sealed("a")
    go_back(lambda: sealed("b"))
    with pytest.raises(PermissionDenied):
        start_epoch(reason="Please", actor=carol)


def test_a_dump_loaded_into_another_server_is_recognised():
    sealed("a")
    with triggers_off("audit_seal") as cursor:
        cursor.execute("UPDATE audit_seal SET system_identifier = '1'")
    assert "moved to another server" in why_sending_is_off()


def test_a_database_that_counts_anew_is_recognised():
    sealed("a")
    with triggers_off("audit_seal") as cursor:
        cursor.execute("UPDATE audit_seal SET to_stamp = to_stamp + 1000000")
    assert "counts its transactions anew" in why_sending_is_off()


def test_the_newest_seal_is_mailed(mailbox, settings):
    assert not anchors.mail_newest()
    settings.AUDIT_ANCHOR_MAIL = "compliance@example.org"
    made = sealed("a")
    assert anchors.mail_newest()
    assert made.digest.hex() in mailbox.to("compliance@example.org")[0].get_content()


def test_with_a_restored_copy_mails_wait_and_say_why(alice, dave, mailbox, grace):
    notice = NoticeService.publish(make_draft(author=alice, people=(dave,)).pk, actor=alice)
    sealed("a")
    go_back(lambda: sealed("b"))
    assert DeliveryService.deliver(notice.pk) == 0
    delivery = Delivery.objects.get(notice=notice)
    assert (delivery.state, mailbox.raw) == ("waiting", [])
    assert delivery.reason.startswith("Waits until an administrator starts a new epoch. An older copy of the database was restored")
    start_epoch(reason="Disk failure", actor=grace)
    assert DeliveryService.deliver(notice.pk) == 1
    assert len(mailbox.raw) == 1
