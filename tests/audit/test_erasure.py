"""Erasing who a former member of staff was: the trail and its seals stay whole."""

from itertools import pairwise

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.urls import reverse

from audit.attribution import acting
from audit.models import Entry, Erasure
from audit.triggers.functions import MAINTENANCE_ROLE
from audit.triggers.recording import commitment_sql, history_of
from notices.models import ReadAcknowledgment
from notices.services import NoticeService
from recipients.models import User
from recipients.services import PersonService
from tests.makers import make_person, make_published

HISTORY = history_of(User)
REASON = "Request of 3 May"


@pytest.fixture
def leaver(alice, frank):
    """Someone who read a notice, changed their name, and left."""
    person = make_person("zelda", employee_number="4711", job_title="Baker")
    NoticeService.acknowledge(make_published(author=alice, people=(person,), requires_acknowledgement=True), person)
    with acting(frank):
        person.last_name = "Married"
        person.save()
        person.is_active = False
        person.save()
    return person


def words_of(person) -> str:
    """All that the tables of people say about them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(h::text, ' ') FROM recipients_historicaluser h WHERE id = %s", [person.pk])
        history = cursor.fetchone()[0]
        cursor.execute("SELECT u::text FROM recipients_user u WHERE id = %s", [person.pk])
        return history + cursor.fetchone()[0]


def commitments(person) -> list[tuple[bytes, bool | None]]:
    """What the seals cover of each version, and whether it still agrees with the values (None: it cannot be said)."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT h.history_commitment, h.history_commitment = {commitment_sql('h', HISTORY)} FROM recipients_historicaluser h "
            "WHERE id = %s ORDER BY history_id",
            [person.pk],
        )
        return [(bytes(digest), agrees) for digest, agrees in cursor.fetchall()]


def test_every_version_forgets_who_it_was_and_keeps_the_rest(grace, leaver):
    assert all(word in words_of(leaver) for word in ("zelda", "Married", "4711", "Baker"))
    before = commitments(leaver)

    PersonService.anonymise(leaver.pk, actor=grace, reason=REASON)

    assert not any(word.lower() in words_of(leaver).lower() for word in ("zelda", "Tester", "Married", "4711", "Baker"))
    assert [digest for digest, _agrees in commitments(leaver)][: len(before)] == [digest for digest, _agrees in before]
    assert {agrees for _digest, agrees in before} == {True}
    assert {agrees for _digest, agrees in commitments(leaver)} == {None}
    assert not HISTORY.objects.filter(id=leaver.pk).exclude(history_salt=None).exists()


def test_what_the_person_did_stays(grace, leaver):
    entries = Entry.objects.filter(user=leaver).count()
    former = PersonService.anonymise(leaver.pk, actor=grace, reason=REASON)
    assert ReadAcknowledgment.objects.acknowledged().get(user=leaver).user == former
    assert Entry.objects.filter(user=leaver).count() == entries > 0
    assert str(former) == f"Former member of staff {leaver.pk}"
    assert not former.has_usable_password()


def test_versions_can_still_be_compared(grace, leaver):
    PersonService.anonymise(leaver.pk, actor=grace, reason=REASON)
    versions = list(User.history.filter(id=leaver.pk).order_by("history_id"))
    changed = [{change.field for change in new.diff_against(old).changes} for old, new in pairwise(versions)]
    assert {"is_active"} in changed


def test_that_it_was_erased_stays_on_record(grace, leaver):
    versions = leaver.history.count()
    PersonService.anonymise(leaver.pk, actor=grace, reason=REASON)
    erasure = Erasure.objects.get()
    assert (erasure.model, erasure.object_id, erasure.user, erasure.reason) == ("recipients.user", leaver.pk, grace, REASON)
    assert erasure.rows == versions + 1  # the change of the account is a version too


def test_erasing_twice_is_harmless(grace, leaver):
    PersonService.anonymise(leaver.pk, actor=grace, reason=REASON)
    PersonService.anonymise(leaver.pk, actor=grace, reason="Asked again")
    assert Erasure.objects.count() == 2


def test_only_administrators_erase(grace, alice, frank, carol, erin, leaver):
    for actor in (alice, frank, carol, erin):
        with pytest.raises(PermissionDenied):
            PersonService.anonymise(leaver.pk, actor=actor, reason=REASON)
    assert "zelda" in words_of(leaver)
    PersonService.anonymise(leaver.pk, actor=grace, reason=REASON)


def test_to_erase_somebody_is_to_change_the_account_too(bob, leaver):
    bob.user_permissions.add(Permission.objects.get(codename="anonymise_user"))
    with pytest.raises(PermissionDenied):
        PersonService.anonymise(leaver.pk, actor=User.objects.get(pk=bob.pk), reason=REASON)
    bob.user_permissions.add(Permission.objects.get(codename="change_user"))
    PersonService.anonymise(leaver.pk, actor=User.objects.get(pk=bob.pk), reason=REASON)


def test_only_who_left_is_erased_and_only_with_a_reason(grace, dave, leaver):
    with pytest.raises(ValidationError, match="is active"):
        PersonService.anonymise(dave.pk, actor=grace, reason=REASON)
    with pytest.raises(ValidationError, match="on what ground"):
        PersonService.anonymise(leaver.pk, actor=grace, reason=" ")
    leaver.is_staff = True
    leaver.save()
    with pytest.raises(ValidationError, match="still holds roles"):
        PersonService.anonymise(leaver.pk, actor=grace, reason=REASON)
    assert not Erasure.objects.exists()


def test_without_the_maintenance_role_nothing_is_erased_and_the_way_out_is_said(grace, leaver):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE ROLE plain_sign_in")
        cursor.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO plain_sign_in")
        cursor.execute("GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO plain_sign_in")
        cursor.execute("SET LOCAL ROLE plain_sign_in")
        with pytest.raises(ValidationError, match=f"Nothing was erased.*{MAINTENANCE_ROLE}"):
            PersonService.anonymise(leaver.pk, actor=grace, reason=REASON)
        cursor.execute("RESET ROLE")
        transaction.set_rollback(True)
    assert "zelda" in words_of(leaver)


def test_the_page_says_what_goes_and_what_stays(client, grace, carol, leaver):
    url = reverse("admin:recipients_user_anonymise", args=[leaver.pk])
    client.force_login(carol)
    assert client.get(url).status_code == client.post(url, {"reason": REASON}).status_code == 403
    client.force_login(grace)
    assert url in client.get(reverse("admin:recipients_user_change", args=[leaver.pk])).content.decode()
    page = client.get(url).content.decode()
    assert f"all {leaver.history.count()} versions" in page
    assert "cannot be undone" in page
    assert "zelda" in words_of(leaver)  # asking changes nothing

    assert client.post(url, {"reason": ""}).status_code == 409
    assert client.post(url, {"reason": REASON}).status_code == 302
    assert "zelda" not in words_of(leaver)
    assert url not in client.get(reverse("admin:recipients_user_change", args=[leaver.pk])).content.decode()
