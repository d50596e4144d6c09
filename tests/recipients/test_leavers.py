"""After a set time it is erased who a former member of staff was. The evidence stays, and stays provable."""

from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured, PermissionDenied, ValidationError
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from audit.attribution import acting
from audit.models import Entry, Erasure
from audit.seals.findings import Exit
from audit.seals.verifying import verify
from audit.triggers.functions import MAINTENANCE_ROLE
from backoffice.environment import days
from backoffice.permissions import Role
from notices.models import ReadAcknowledgment
from notices.services import NoticeService
from recipients.models import User
from recipients.services import PersonService
from recipients.tasks import erase_leavers
from tests.audit.sealing import seal_now
from tests.makers import make_person, make_published

DAYS = 365
LATER = timedelta(days=DAYS, seconds=1)


@pytest.fixture(autouse=True)
def _after_a_year(settings):
    settings.ERASE_LEAVERS_AFTER_DAYS = DAYS


def leave(person: User, *, actor: User) -> User:
    person.is_active = False
    return PersonService.save_changes(person, actor=actor)


@pytest.fixture
def leaver(alice, grace):
    person = make_person("zelda", role=Role.APPROVER, employee_number="4711")
    NoticeService.acknowledge(make_published(author=alice, people=(person,), requires_acknowledgement=True), person)
    return leave(person, actor=grace)


def name_of(person: User) -> str:
    return User.objects.get(pk=person.pk).username


def test_nobody_is_erased_before_the_time_and_everybody_after_it(leaver):
    just_before = timezone.now() + timedelta(days=DAYS) - timedelta(seconds=1)
    assert PersonService.erase_leavers(now=just_before - timedelta(minutes=1)) == 0
    assert name_of(leaver) == "zelda"
    assert PersonService.erase_leavers(now=timezone.now() + LATER) == 1
    assert name_of(leaver) == f"left-{leaver.pk}"


def test_unset_it_never_happens(settings, leaver):
    settings.ERASE_LEAVERS_AFTER_DAYS = 0
    assert PersonService.erase_leavers(now=timezone.now() + 100 * LATER) == 0
    assert name_of(leaver) == "zelda"


def test_twice_is_harmless(leaver):
    later = timezone.now() + LATER
    assert [PersonService.erase_leavers(now=later) for _run in range(2)] == [1, 0]
    assert Erasure.objects.count() == 1


def test_it_counts_from_the_last_time_the_account_was_closed_by_whichever_door(leaver, grace):
    closed = timezone.now()
    User.objects.filter(pk=leaver.pk).update(is_active=True)  # past every service
    User.objects.filter(pk=leaver.pk).update(is_active=False)
    assert not User.objects.left_before(closed).exists()
    assert list(User.objects.left_before(timezone.now())) == [leaver]
    leaver.refresh_from_db()
    leaver.is_active = True
    PersonService.save_changes(leaver, actor=grace)
    assert not User.objects.left_before(timezone.now() + LATER).exists()


def test_a_change_after_leaving_does_not_begin_the_time_anew(leaver, grace):
    closed = timezone.now()
    leaver.job_title = "Baker"
    PersonService.save_changes(leaver, actor=grace)
    assert list(User.objects.left_before(closed)) == [leaver]


def test_who_is_on_hold_or_a_superuser_or_active_stays(leaver, grace, dave):
    root = make_person("root", staff=True, is_superuser=True, is_active=False)
    leaver.on_hold = True
    PersonService.save_changes(leaver, actor=grace)
    assert PersonService.erase_leavers(now=timezone.now() + LATER) == 0
    assert (name_of(leaver), name_of(root), name_of(dave)) == ("zelda", "root", "dave")

    leaver.on_hold = False
    PersonService.save_changes(leaver, actor=grace)
    assert PersonService.erase_leavers(now=timezone.now() + LATER) == 1


def test_a_hold_is_for_those_who_may_erase_and_stops_them_too(leaver, grace, frank):
    reader = leave(make_person("reader"), actor=grace)
    reader.on_hold = True
    with pytest.raises(PermissionDenied):
        PersonService.save_changes(reader, actor=frank)
    PersonService.save_changes(reader, actor=grace)
    with pytest.raises(ValidationError, match="on hold"):
        PersonService.anonymise(reader.pk, actor=grace, reason="Request")


def test_a_hold_that_is_posted_by_who_does_not_see_it_changes_nothing(client, frank, grace):
    person = make_person("reader")
    for actor, held in ((frank, False), (grace, True)):
        client.force_login(actor)
        page = client.get(reverse("admin:recipients_user_change", args=[person.pk]))
        initial = page.context["adminform"].form.initial
        data = {name: value for name, value in initial.items() if value and not isinstance(value, list)}
        data |= {"on_hold": "on", "is_active": "on"}
        data |= {f"roleassignment_set-{name}": 0 for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
        answer = client.post(reverse("admin:recipients_user_change", args=[person.pk]), data)
        assert answer.status_code == 302
        assert User.objects.get(pk=person.pk).on_hold is held


def test_their_roles_go_too_and_what_they_did_stays_by_the_systems_own_hand(leaver):
    entries = Entry.objects.filter(user=leaver).count()
    PersonService.erase_leavers(now=timezone.now() + LATER)

    former = User.objects.get(pk=leaver.pk)
    assert not former.is_staff
    assert not former.groups.exists()
    assert ReadAcknowledgment.objects.acknowledged().get().user == former
    assert Entry.objects.filter(user=leaver).count() == entries > 0
    erasure = Erasure.objects.get()
    assert (erasure.user, erasure.object_id) == (None, leaver.pk)
    assert erasure.reason == "The account was closed for more than 365 days."
    newest = Entry.objects.order_by("-id").first()
    assert (newest.user, newest.reason) == (None, erasure.reason)


def test_a_run_takes_no_more_than_its_share_and_the_next_goes_on(grace):
    for _number in range(5):
        leave(make_person(), actor=grace)
    later = timezone.now() + LATER
    assert [PersonService.erase_leavers(now=later, most=2) for _run in range(4)] == [2, 2, 1, 0]


def test_the_clock_starts_it_once_a_day(leaver):
    (entry,) = [entry for entry in django_settings.CELERY_BEAT_SCHEDULE.values() if entry["task"] == "recipients.erase_leavers"]
    assert entry["schedule"].hour == {2}
    assert erase_leavers() == 0  # nobody's time has come


def test_without_the_maintenance_role_nobody_is_erased_and_the_log_says_so(settings, leaver, caplog, monkeypatch):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE ROLE plain_sign_in")
        cursor.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO plain_sign_in")
        cursor.execute("GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO plain_sign_in")
        cursor.execute("SET LOCAL ROLE plain_sign_in")
        with pytest.raises(ImproperlyConfigured, match=MAINTENANCE_ROLE):
            PersonService.erase_leavers(now=timezone.now() + LATER)
        cursor.execute("RESET ROLE")
        transaction.set_rollback(True)
    assert name_of(leaver) == "zelda"


@pytest.mark.django_db(transaction=True)
def test_the_seals_over_everything_stay_valid(leaver, grace):
    with acting(grace):
        User.objects.filter(pk=leaver.pk).update(job_title="Baker")
    seal_now()
    assert PersonService.erase_leavers(now=timezone.now() + LATER) == 1
    seal_now()
    assert verify().code == Exit.INTACT


@pytest.mark.parametrize(("text", "number"), [("", 0), (" ", 0), ("365", 365), ("36500", 36_500)])
def test_the_setting_is_a_number_of_days(text, number):
    assert days(text) == number


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "a year", "36501", "٣٦٥٠٠٠"])
def test_anything_else_is_refused_by_name(text):
    with pytest.raises(ImproperlyConfigured, match="ERASE_LEAVERS_AFTER_DAYS"):
        days(text)
