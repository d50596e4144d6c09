"""The Seals page, and the verifications that it starts in the background."""

from datetime import timedelta
from http import HTTPStatus

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.attribution import acting
from audit.models import AccessRecord, Epoch, Verification
from audit.seals import anchors, running, standing
from audit.seals.running import SILENT, TELL, ask, run
from tests.audit.sealing import HISTORY, sealed, tamper, triggers_off

pytestmark = pytest.mark.django_db(transaction=True)
State = Verification.State


@pytest.fixture
def sent(monkeypatch) -> list[int]:
    """The verifications that were given to the worker; none runs by itself."""
    ids: list[int] = []
    monkeypatch.setattr("audit.tasks.verify.delay", ids.append)
    return ids


@pytest.fixture
def compliance(client, carol):
    client.force_login(carol)
    return client


@pytest.fixture
def administrator(grace):
    client = Client()
    client.force_login(grace)
    return client


def address(name: str = "") -> str:
    return reverse(f"admin:audit_seals{name and '_'}{name}")


def text(client, name: str = "", **query: object) -> str:
    response = client.get(address(name), query)
    assert response.status_code == HTTPStatus.OK
    return response.content.decode()


def restore_an_older_copy() -> None:
    """The newest seal is gone, and its anchor is not."""
    with triggers_off("audit_seal"), triggers_off("audit_sealpart") as cursor:
        cursor.execute("DELETE FROM audit_sealpart WHERE seal_id = (SELECT max(number) FROM audit_seal)")
        cursor.execute("DELETE FROM audit_seal WHERE number = (SELECT max(number) FROM audit_seal)")


# -- asking, running, telling --


def test_only_who_may_see_seals_has_them_verified(sent, alice, carol):
    with pytest.raises(PermissionDenied):
        ask(alice)
    assert sent == []
    assert ask(carol).pk in sent


def test_a_verification_that_is_asked_for_tells_what_it_found(sent, carol):
    made = sealed("a")
    asked = ask(carol)
    assert (asked.state, asked.user) == (State.WAITING, carol)
    assert run(asked.pk) >= made.rows
    asked.refresh_from_db()
    assert (asked.state, asked.is_over) == (State.INTACT, True)
    assert asked.sentences[0].endswith("in seals 1 to 1 are exactly as they were sealed.")
    record = AccessRecord.objects.get()
    assert (record.kind, record.page, record.user) == ("verify", "seals", carol)


def test_one_that_is_under_way_is_joined(sent, carol, grace):
    first = ask(carol)
    assert ask(grace) == first
    Verification.objects.update(state=State.RUNNING)
    assert ask(grace) == first
    assert sent == [first.pk]


def test_a_message_that_comes_twice_runs_once(sent, carol):
    sealed("a")
    asked = ask(carol)
    assert run(asked.pk) > 0
    assert run(asked.pk) == 0
    assert AccessRecord.objects.count() == 1


def test_a_run_tells_how_far_it_is(sent, carol, monkeypatch):
    sealed("a")
    sealed("b")
    told = []
    monkeypatch.setattr(running, "TELL", 0)
    monkeypatch.setattr(running, "_end", lambda *_: told.append(Verification.objects.get()))
    asked = ask(carol)
    run(asked.pk)
    assert 0 < told[0].rows_done <= told[0].rows_expected
    assert told[0].beat_at > asked.beat_at
    assert TELL >= 1  # no more writes than a person can follow


def test_a_run_that_breaks_off_says_so(sent, carol, monkeypatch):
    def broken(**_: object) -> None:
        raise OSError

    monkeypatch.setattr(running, "verify", broken)
    asked = ask(carol)
    with pytest.raises(OSError):  # noqa: PT011 - for the log of the worker
        run(asked.pk)
    asked.refresh_from_db()
    assert (asked.state, asked.sentences) == (
        State.FAILED,
        ["The verification could not run to its end. The log of the worker says why."],
    )


@pytest.mark.parametrize("state", [State.WAITING, State.RUNNING])
def test_what_a_dead_worker_left_is_given_up_and_asked_anew(sent, carol, state):
    dead = ask(carol)
    Verification.objects.update(state=state, beat_at=timezone.now() - SILENT - timedelta(seconds=1))
    anew = ask(carol)
    dead.refresh_from_db()
    assert (dead.state, anew.state) == (State.FAILED, State.WAITING)
    assert "worker" in dead.sentences[0]
    assert run(dead.pk) == 0  # its message may still come
    assert sent == [dead.pk, anew.pk]


def test_a_worker_that_still_shows_life_is_waited_for(sent, carol):
    asked = ask(carol)
    Verification.objects.update(state=State.RUNNING, beat_at=timezone.now() - SILENT + timedelta(seconds=5))
    assert ask(carol) == asked


# -- the page --


def test_only_who_may_see_seals_sees_the_page(client, alice, carol, grace):
    for person, allowed in ((alice, False), (carol, True), (grace, True)):
        client.force_login(person)
        assert client.get(address()).status_code == (HTTPStatus.OK if allowed else HTTPStatus.FORBIDDEN), person
        assert client.get(address("verifications")).status_code == (HTTPStatus.OK if allowed else HTTPStatus.FORBIDDEN), person
        assert client.post(address("verify")).status_code == (HTTPStatus.FOUND if allowed else HTTPStatus.FORBIDDEN), person
        assert (address() in client.get("/admin/").content.decode()) is allowed, person


def test_before_the_first_seal_the_page_says_so(compliance, monkeypatch):
    monkeypatch.setattr(standing, "LATE", timedelta(days=1))  # what `migrate` wrote is as old as the test database
    page = text(compliance)
    assert "Nothing is wrong, but not all is proven." in page
    assert "Nothing is sealed yet." in page
    assert "Nobody has verified the seals yet." in page


def test_all_is_well_when_it_was_sealed_anchored_and_verified(compliance, carol, sent):
    head = sealed("a")
    run(ask(carol).pk)
    page = text(compliance)
    assert "All is well." in page
    assert head.digest.hex() in page
    assert head.key_id in page
    assert str(anchors.path()) in page
    assert "It agrees: seal 1 is the newest in both." in page
    assert "None so far: the database has been the same since the first seal." in page


def test_looking_is_noted_and_polling_is_not(compliance, carol, sent):
    text(compliance)
    ask(carol)
    text(compliance, "verifications")
    assert [(record.kind, record.page, record.user) for record in AccessRecord.objects.all()] == [("view", "seals", carol)]
    run(sent[0])
    text(compliance, "verifications")  # the result is evidence
    assert AccessRecord.objects.filter(kind="view").count() == 2


def test_verify_now_names_the_first_seal_that_differs(compliance, sent):
    sealed("a")
    sealed("b")
    tamper(f"UPDATE {HISTORY} SET name = 'forged' WHERE code = 'b'")
    assert compliance.post(address("verify")).status_code == HTTPStatus.FOUND
    assert "Waiting for a worker since" in text(compliance)
    assert 'hx-trigger="every 2s"' in text(compliance, "verifications")
    run(sent[0])
    result = text(compliance, "verifications")
    assert "hx-trigger" not in result
    assert "The trail was tampered with." in result
    assert "Seal 2: row" in result
    assert "found that the trail was tampered with." in text(compliance)  # the top of the page, too


def test_verify_now_is_no_get(compliance, sent):
    assert compliance.get(address("verify")).status_code == HTTPStatus.FOUND
    assert (sent, Verification.objects.count()) == ([], 0)


def test_verify_now_needs_the_token_of_the_page(carol):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(carol)
    assert strict.post(address("verify")).status_code == HTTPStatus.FORBIDDEN


def test_a_worker_that_does_not_run_is_said_without_changing_anything(compliance, carol, sent):
    ask(carol)
    Verification.objects.update(beat_at=timezone.now() - SILENT - timedelta(seconds=1))
    page = text(compliance, "verifications")
    assert "No sign of life since" in page
    assert "Verify now" in page
    assert Verification.objects.get().state == State.WAITING


def test_the_last_ten_verifications_are_listed_with_who_and_what(compliance, carol):
    for number in range(12):
        Verification.objects.create(user=carol, state=State.INTACT, sentences=[f"<b>number {number}"])
    page = text(compliance)
    assert [number for number in range(12) if f"&lt;b&gt;number {number}<" in page] == list(range(2, 12))
    assert "<b>number" not in page


def test_seals_are_paged_from_the_newest(compliance, monkeypatch):
    monkeypatch.setattr("audit.pages.seals.PER_PAGE", 2)
    for name in "abc":
        sealed(name)
    shown = compliance.get(address()).context
    assert ([seal.number for seal in shown["seals"]], shown["older"]) == ([3, 2], 2)
    shown = compliance.get(address(), {"before": 2}).context
    assert ([seal.number for seal in shown["seals"]], shown["older"]) == ([1], None)
    for nonsense in ("x", "-1", "9" * 40, "²"):
        assert compliance.get(address(), {"before": nonsense}).context["is_newest"]


def test_the_page_takes_the_same_queries_for_few_and_many(compliance, carol):
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            text(compliance)
        return len(captured)

    sealed("a")
    text(compliance)
    before = queries()
    for name in "bcd":
        sealed(name)
        Verification.objects.create(user=carol, state=State.INTACT, sentences=["Fine."])
        with acting(carol, reason="Test"):
            number = Epoch.objects.count() + 1
            Epoch.objects.create(number=number, started_at=timezone.now(), user=carol, reason="Test", history_stamp=number)
    assert queries() == before


def test_disabled_triggers_are_at_the_top_of_the_page(compliance):
    sealed("a")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE recipients_recipient DISABLE TRIGGER audit_update")
    try:
        assert "The trigger audit_update on recipients_recipient is disabled." in text(compliance)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE recipients_recipient ENABLE TRIGGER audit_update")


def test_a_lost_anchor_is_said(compliance):
    sealed("a")
    anchors.path().unlink()
    assert "There is no anchor: a cut-off end would not show." in text(compliance)


def test_an_anchor_that_cannot_be_read_is_said(compliance, administrator, settings, tmp_path):
    sealed("a")
    settings.AUDIT_ANCHOR_FILE = str(tmp_path)  # a folder
    assert "The anchor cannot be read:" in text(compliance)
    for method in (administrator.get, administrator.post):
        assert method(address("start_epoch")).status_code == HTTPStatus.FOUND
    assert not Epoch.objects.exists()


# -- a new epoch --


def test_while_sending_is_off_the_page_says_why_and_offers_administrators_to_go_on(compliance, administrator):
    sealed("a")
    assert address("start_epoch") not in text(administrator)
    sealed("b")
    restore_an_older_copy()
    for client, may in ((compliance, False), (administrator, True)):
        page = text(client)
        assert "Nothing is sealed and no mail is sent. An older copy of the database was restored" in page
        assert (address("start_epoch") in page) is may
    assert compliance.get(address("start_epoch")).status_code == HTTPStatus.FORBIDDEN
    assert compliance.post(address("start_epoch"), {"reason": "Please"}).status_code == HTTPStatus.FORBIDDEN
    assert not Epoch.objects.exists()


def test_an_epoch_needs_a_reason_and_a_confirmation(administrator, grace):
    sealed("a")
    sealed("b")
    restore_an_older_copy()
    assert "What was sealed later than seal 1 is given up" in text(administrator, "start_epoch")
    refused = administrator.post(address("start_epoch"), {"reason": " "})
    assert (refused.status_code, Epoch.objects.count()) == (HTTPStatus.CONFLICT, 0)
    assert "Say why: the reason stays in the trail." in refused.content.decode()
    assert administrator.post(address("start_epoch"), {"reason": "Disk <failure>"}).status_code == HTTPStatus.FOUND
    assert Epoch.objects.get().user == grace
    page = text(administrator)
    assert "Disk &lt;failure&gt;" in page
    assert "which was given up when epoch 1 began." in page
    assert "Epoch 1 has begun. Sealing and sending go on." in page


def test_an_epoch_that_is_not_needed_is_refused_in_a_sentence(administrator):
    sealed("a")
    assert administrator.get(address("start_epoch")).status_code == HTTPStatus.FOUND
    refused = administrator.post(address("start_epoch"), {"reason": "Why not"})
    assert refused.status_code == HTTPStatus.CONFLICT
    assert "there is no need for a new epoch" in refused.content.decode()
