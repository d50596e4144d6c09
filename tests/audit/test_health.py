"""What the doctor says of the trail: each trouble is made, told, and gone when it is mended as it says."""

from base64 import b64encode
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import connection

from audit.maintenance import maintenance, set_moment
from audit.models import Entry
from audit.seals import keys
from audit.seals.epochs import start_epoch
from audit.seals.verifying import verify
from backoffice.health.registry import checks, look
from tests.audit.sealing import HISTORY, seal_now, sealed, triggers_off, write
from tests.audit.test_epochs import go_back

pytestmark = pytest.mark.django_db(transaction=True)


def told(name: str) -> list[tuple[str, str]]:
    """The level and the sentences of each finding of one check."""
    (one,) = (check for check in checks() if check.name == name)
    return [(finding.level.value, f"{finding.text} {finding.remedy}") for finding in look(one)]


def test_a_restored_copy_holds_everything_until_a_person_starts_an_epoch():
    sealed("a")
    assert told("sending") == []
    go_back(lambda: sealed("b"))
    ((level, sentence),) = told("sending")
    assert level == "problem"
    assert sentence.startswith("Nothing is sealed and no mail is sent. An older copy of the database was restored")
    assert "manage.py start_epoch --reason" in sentence
    start_epoch(reason="Disk failure")
    assert told("sending") == []


def test_an_anchor_that_cannot_be_read_is_told(settings, tmp_path):
    sealed("a")
    settings.AUDIT_ANCHOR_FILE = tmp_path  # a folder
    ((level, sentence),) = told("sending")
    assert (level, sentence[:38]) == ("problem", "The anchor of the seals cannot be read, so"[:38])
    assert f"read AUDIT_ANCHOR_FILE, which is {tmp_path}" in sentence


def test_an_anchor_that_was_lost_is_told():
    sealed("a")
    assert told("anchor") == []
    Path(django_settings.AUDIT_ANCHOR_FILE).unlink()
    ((level, sentence),) = told("anchor")
    assert (level, "There is no anchor: a cut-off end would not show." in sentence) == ("problem", True)


def test_changes_that_wait_for_a_seal_are_told_with_how_long():
    sealed("a")  # what `migrate` wrote is as old as the test database
    assert told("seals") == []
    newest = Entry.objects.latest("pk")
    with maintenance():
        set_moment(newest.at - timedelta(hours=1))
        write("b")
        set_moment(None)
    ((level, sentence),) = told("seals")
    assert level == "problem"
    assert sentence.startswith("Changes wait for a seal since ")
    assert "(1 hour)" in sentence
    seal_now()
    assert told("seals") == []


@pytest.fixture
def _keys_read_anew():
    yield
    keys._key.cache_clear()


@pytest.mark.usefixtures("_keys_read_anew")
class TestTheKey:
    def test_one_that_is_no_key_is_told(self, settings):
        assert told("signing key") == []
        settings.AUDIT_SIGNING_KEY = "short"
        ((level, sentence),) = told("signing key")
        assert (level, sentence[:24]) == ("problem", "Nothing can be sealed: A"[:24])

    def test_one_that_was_changed_without_trusting_the_old_one_is_told(self, settings):
        sealed("a")
        before = keys.public_key()
        settings.AUDIT_SIGNING_KEY = b64encode(b"another key of thirty-two bytes.").decode()
        ((level, sentence),) = told("signing key")
        assert (level, "does not count any more" in sentence) == ("problem", True)
        settings.AUDIT_TRUSTED_KEYS = [before]
        assert told("signing key") == []


class TestTheLastVerification:
    def test_none_is_worth_knowing_and_an_intact_one_is_not(self):
        ((level, sentence),) = told("verification")
        assert (level, sentence[:43]) == ("note", "Nobody has verified the seals yet. Run “manage.py"[:43])
        sealed("a")
        verify()
        assert told("verification") == []

    def test_one_that_found_tampering_is_told(self):
        sealed("a")
        with triggers_off() as cursor:
            cursor.execute(f"UPDATE {HISTORY} SET name = 'b'")
        verify()
        ((level, sentence),) = told("verification")
        assert (level, "found that the trail was tampered with" in sentence) == ("problem", True)


def test_erasing_that_cannot_be_done_is_told(settings):
    assert told("erasing leavers") == []
    settings.ERASE_LEAVERS_AFTER_DAYS = 365
    assert told("erasing leavers") == []
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE doctor_test NOLOGIN")
        cursor.execute("SET ROLE doctor_test")
        try:
            ((level, sentence),) = told("erasing leavers")
        finally:
            cursor.execute("RESET ROLE")
            cursor.execute("DROP ROLE doctor_test")
    assert (level, sentence[:23]) == ("problem", "Nobody's data are erased"[:23])
    assert "GRANT staff_notices_maintenance" in sentence


def test_the_doctor_tells_all_of_it(capsys):
    seal_now()
    with pytest.raises(SystemExit):
        call_command("doctor", no_color=True)
    assert "Trail and seals:\n  · Nobody has verified the seals yet." in capsys.readouterr().out
