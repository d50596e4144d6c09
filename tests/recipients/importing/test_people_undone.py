"""Files of people with their entries: what others do meanwhile, and the way back."""

from datetime import date

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from backoffice.permissions import Role
from recipients.models import Import, Recipient, RoleAssignment, User
from recipients.services import ImportService, PersonService
from recipients.services.imports.people import People
from recipients.services.imports.registry import kind_of
from recipients.signin.models import Session
from tests.makers import make_group, make_person, make_recipient
from tests.recipients.importing.conftest import ZOE, carry_out, entries, read, take_back


class TestWhatOthersDoMeanwhile:
    @pytest.mark.parametrize(
        "meanwhile",
        [
            lambda ann, sec: User.objects.filter(pk=ann.pk).update(last_name="Other"),
            lambda ann, sec: RoleAssignment.objects.create(user=ann, recipient=sec, role="Lead"),
            lambda ann, sec: RoleAssignment.objects.filter(user=ann).update(ends_on=date(2030, 1, 1)),
            lambda ann, sec: Recipient.objects.filter(pk=sec.pk).update(is_active=False),
            lambda ann, sec: make_person("zed", email="ZOE@example.org"),
            lambda ann, sec: make_person("zed", employee_number="00050"),
            lambda ann, sec: make_person("zoe@example.org", email="z@example.org"),
        ],
    )
    def test_it_is_compared_again_and_nothing_is_written(self, people, ann, sec, meanwhile):
        batch = people(f"{ZOE},,,", "00042,,,Married,,,,SEC,Lead,,", "00042,,,Married,,,,SEC,,,2027-01-01")
        meanwhile(ann, sec)
        people_before = set(User.objects.values_list("pk", "last_name"))
        assert carry_out(batch).state == Import.State.READING
        assert set(User.objects.values_list("pk", "last_name")) == people_before
        assert read(batch).state == Import.State.CHECKED


class TestTakingBack:
    @pytest.fixture
    def done(self, people, ann, sec, hr) -> Import:
        """Zoë has come, to Security; Ann has a new name, a last day there, and an entry in HR."""
        return carry_out(people(f"{ZOE}SEC,,,", "00042,,,Married,,,no,SEC,,,2027-01-01", "00042,,,Married,,,no,HR,,,"))

    def left(self, batch: Import) -> list[tuple]:
        return [(row["person_id"], row["recipient_id"], row["what"]) for row in kind_of(batch).left_rows(batch, most=10)]

    def test_joiners_become_inactive_and_all_else_is_as_it_was(self, done, ann):
        assert kind_of(done).reverse_numbers(done) == {"closed": 1, "taken_away": 2, "changed_back": 2, "left": 0}
        batch = take_back(done)
        assert (batch.state, batch.summary["undone"], batch.summary["left"]) == (Import.State.UNDONE, 5, 0)
        zoe = User.objects.get(employee_number="00050")
        assert (zoe.is_active, entries(zoe)) == (False, set())
        ann.refresh_from_db()
        assert (ann.last_name, ann.is_active, entries(ann)) == ("Tester", True, {("SEC", "Member", None, None)})

    def test_the_page_says_so_first(self, done, frank, client):
        client.force_login(frank)
        page = client.get(reverse("admin:recipients_import_undo", args=[done.pk])).content.decode()
        assert "1 account that it made becomes inactive." in page
        assert "2 that it made are taken away." in page

    def test_what_was_changed_since_is_left(self, done, ann, sec, client, frank):
        User.objects.filter(pk=ann.pk).update(last_name="Again")
        RoleAssignment.objects.filter(user=ann, recipient=sec).update(ends_on=date(2028, 1, 1))
        assert self.left(done) == [(ann.pk, None, "changed"), (ann.pk, sec.pk, "changed")]
        client.force_login(frank)
        page = client.get(reverse("admin:recipients_import_undo", args=[done.pk])).content.decode()
        assert "Security" in page
        batch = take_back(done)
        assert batch.summary["left"] == 2
        ann.refresh_from_db()
        assert (ann.last_name, ann.is_active, entries(ann)) == ("Again", False, {("SEC", "Member", None, date(2028, 1, 1))})

    @pytest.mark.parametrize(
        "use",
        [
            lambda zoe: Client().force_login(zoe),
            lambda zoe: make_group(people=(zoe,)),
            lambda zoe: make_recipient(members=(zoe,)),
            lambda zoe: zoe.groups.add(Group.objects.get(name=Role.READER)),
            lambda zoe: zoe.roleassignment_set.update(role="Lead"),
        ],
    )
    def test_an_account_that_is_in_use_stays_open(self, done, use):
        zoe = User.objects.get(employee_number="00050")
        use(zoe)
        assert (zoe.pk, None, "used") in self.left(done)
        take_back(done)
        zoe.refresh_from_db()
        assert zoe.is_active

    def test_use_is_seen_even_when_it_begins_while_the_undo_is_planned(self, done, frank, monkeypatch):
        ImportService.undo(done.pk, actor=frank)
        lock = People.lock

        def lock_after_somebody_signed_in(batch, actor):
            Client().force_login(User.objects.get(employee_number="00050"))
            return lock(batch, actor)

        monkeypatch.setattr(People, "lock", staticmethod(lock_after_somebody_signed_in))
        ImportService.revert(done.pk)
        assert User.objects.get(employee_number="00050").is_active

    def test_an_account_that_was_changed_since_stays_open(self, done):
        User.objects.filter(employee_number="00050").update(job_title="Head of planning")
        take_back(done)
        assert User.objects.get(employee_number="00050").is_active

    def test_what_somebody_else_has_by_now_is_not_taken_from_them(self, people, ann):
        batch = carry_out(people("00042,a.new@example.org,,,,,,,,,"))
        make_person("namesake", email="ann@example.org")
        assert take_back(batch).summary["left"] == 1
        assert User.objects.get(employee_number="00042").email == "a.new@example.org"

    def test_whoever_was_erased_stays_closed(self, people, ann, frank):
        batch = carry_out(people("00042,,,,,,no,,,,"))
        PersonService.anonymise(ann.pk, actor=make_person("olivia", role=Role.ADMINISTRATOR), reason="Asked for")
        assert take_back(batch).summary["left"] == 1
        ann.refresh_from_db()
        assert not ann.is_active

    def test_those_who_come_back_are_signed_out_when_that_is_taken_back(self, people, ann):
        User.objects.filter(pk=ann.pk).update(is_active=False)
        batch = carry_out(people("00042,,,,,,yes,,,,"))
        ann.refresh_from_db()
        Client().force_login(ann)
        take_back(batch)
        ann.refresh_from_db()
        assert not ann.is_active
        assert not Session.objects.filter(person=ann).exists()

    def test_nobody_closes_their_own_account_by_taking_back(self, people, frank):
        boss, olivia = make_person("boss", role=Role.ADMINISTRATOR, is_active=False), make_person("olivia", role=Role.ADMINISTRATOR)
        batch = carry_out(people(",boss@example.org,,,,,yes,,,,", actor=olivia))
        boss.refresh_from_db()
        assert take_back(batch, actor=boss).state == Import.State.DONE
        assert take_back(batch, actor=olivia).state == Import.State.UNDONE

    def test_it_takes_the_rights_that_importing_takes(self, done, ann, frank):
        ann.groups.add(Group.objects.get(name=Role.AUTHOR))
        batch = take_back(done, actor=frank)
        assert batch.state == Import.State.DONE
        assert "may not change all" in batch.problem["message"]
        batch = take_back(done, actor=make_person("olivia", role=Role.ADMINISTRATOR))
        assert batch.state == Import.State.UNDONE
