"""Files of people with their entries: joiners, movers and leavers."""

from datetime import date

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse
from guardian.shortcuts import assign_perm, remove_perm

from backoffice.permissions import Role
from recipients.imports.examples import example
from recipients.models import Import, Recipient, RoleAssignment, User
from recipients.services import ImportService
from recipients.services.access import may_change_person, people_changeable_by
from recipients.signin.models import Session
from tests.makers import make_person, make_recipient
from tests.recipients.importing.conftest import PEOPLE, ZOE, carry_out, csv, entries, numbers, read, told


class TestJoining:
    @pytest.mark.parametrize("mode", ["add", "update"])
    def test_a_joiner_gets_an_account_that_opens_an_inbox_alone_and_every_entry(self, people, sec, hr, mode):
        batch = people(f"{ZOE}SEC,,2026-12-01,", f"{ZOE}HR,Lead,,2027-01-31", mode=mode)
        assert numbers(batch) == [3, 0, 0, 0, 0]
        assert carry_out(batch).state == Import.State.DONE
        zoe = User.objects.get(employee_number="00050")
        assert (zoe.username, zoe.email, str(zoe), zoe.job_title) == ("zoe@example.org", "Zoe@example.org", "Zoë Okafor", "Planner")
        assert (zoe.is_active, zoe.is_staff, zoe.is_superuser, zoe.groups.exists()) == (True, False, False, False)
        assert entries(zoe) == {("SEC", "Member", date(2026, 12, 1), None), ("HR", "Lead", None, date(2027, 1, 31))}

    def test_nobody_has_the_password_of_a_new_account_and_no_two_share_it(self, people, db):
        carry_out(people(f"{ZOE},,,", "00051,,Ned,,,,,,,,"))
        made = User.objects.filter(employee_number__in=["00050", "00051"])
        assert not any(person.has_usable_password() for person in made)
        assert len(set(made.values_list("password", flat=True))) == 2

    @pytest.mark.parametrize(
        ("row", "username"),
        [
            ("00051,,Ned,,,,,,,,", "00051"),
            ("00051,N@example.org,Ned,,,ned.n,,,,,", "ned.n"),
            ("00051,n'o@example.org,Ned,,,,,,,,", "00051"),
        ],
    )
    def test_a_username_is_what_the_file_says_or_the_address_or_the_number(self, people, db, row, username):
        carry_out(people(row))
        assert User.objects.get(employee_number="00051").username == username

    def test_the_preview_says_who_would_come_and_what_they_would_belong_to(self, people, sec, frank, client):
        batch = people(f"{ZOE}SEC,,2026-12-01,")
        person, entry = batch.rows.order_by("number")
        assert (person.outcome, person.recipient, person.after["first_name"]) == ("new", None, "Zoë")
        assert (entry.outcome, entry.person, entry.recipient) == ("new", None, sec)
        assert entry.after == {"username": "zoe@example.org", "role": "Member", "starts_on": "2026-12-01"}
        client.force_login(frank)
        page = client.get(reverse("admin:recipients_import_change", args=[batch.pk])).content.decode()
        assert "Add 2 people and entries" in page
        assert "2026-12-01" in page

    def test_new_people_are_found_in_the_plan_by_their_names(self, people, db, frank, client):
        batch = people(f"{ZOE},,,", "00051,,Ned,,,,,,,,")
        client.force_login(frank)
        page = client.get(reverse("admin:recipients_import_rows", args=[batch.pk]), {"q": "okafor"}).content.decode()
        assert "00050" in page
        assert "00051" not in page

    def test_a_person_on_several_rows_is_one_and_a_row_without_an_entry_is_repeated(self, people, db):
        assert numbers(people(f"{ZOE},,,", f"{ZOE},,,")) == [1, 0, 0, 1, 0]

    def test_the_example_can_be_imported_by_the_page_that_offers_it(self, upload, frank, client):
        client.force_login(frank)
        page = client.get(reverse("admin:recipients_import_add"), {"kind": "people"})
        assert "No for whoever has left" in page.content.decode()
        for code in ("TEAM-NIGHTS-LEEDS", "SITE-LEEDS", "DEPT-FACILITIES"):
            make_recipient(code=code)
        batch = carry_out(upload(*example("people").decode("utf-8-sig").splitlines(), kind="people"))
        assert numbers(batch) == [5, 0, 0, 0, 0]
        assert set(User.objects.filter(employee_number__startswith="E").values_list("username", "is_active")) == {
            ("grace.okafor", True),
            ("amir.hussain", False),
        }


class TestMoving:
    def test_a_mover_gets_new_data_and_days_and_keeps_what_the_file_does_not_say(self, people, ann, sec, hr):
        batch = people("00042,,,Married,,,,SEC,,,2026-11-30", "00042,,,Married,,,,HR,,2026-12-01,")
        row = batch.rows.get(outcome="changed", recipient=None)
        assert (row.before, row.after) == ({"last_name": "Tester"}, {"last_name": "Married"})
        row = batch.rows.get(outcome="changed", recipient=sec)
        assert (row.before, row.after) == ({"role": "Member", "ends_on": None}, {"role": "Member", "ends_on": "2026-11-30"})
        carry_out(batch)
        ann.refresh_from_db()
        assert (ann.first_name, ann.last_name, ann.email, ann.is_active) == ("Ann", "Married", "ann@example.org", True)
        assert entries(ann) == {("SEC", "Member", None, date(2026, 11, 30)), ("HR", "Member", date(2026, 12, 1), None)}

    def test_adding_leaves_whoever_and_whatever_is_there(self, people, ann, sec, hr):
        batch = carry_out(
            people("00042,new@example.org,,Married,,,no,SEC,,,2026-11-30", "00042,new@example.org,,Married,,,no,HR,,,", mode="add")
        )
        assert numbers(batch) == [1, 0, 2, 0, 0]
        ann.refresh_from_db()
        assert (ann.email, ann.last_name, ann.is_active) == ("ann@example.org", "Tester", True)
        assert entries(ann) == {("SEC", "Member", None, None), ("HR", "Member", None, None)}

    @pytest.mark.parametrize("row", ["00042,,,New", ",ANN@example.org,,New", "00042,ann@example.org,,New", "9,a@example.org,,New,,ann"])
    def test_a_person_is_found_by_number_or_address_or_else_by_username(self, people, ann, row):
        carry_out(people(row + "," * (PEOPLE.count(",") - row.count(","))))
        assert User.objects.get(last_name="New") == ann

    def test_an_address_and_a_number_can_change_where_the_other_stays(self, people, ann, ben):
        carry_out(people("00042,a.new@example.org,,,,,,,,,", "90043,ben@example.org,,,,,,,,,"))
        assert set(User.objects.filter(pk__in=[ann.pk, ben.pk]).values_list("employee_number", "email")) == {
            ("00042", "a.new@example.org"),
            ("90043", "ben@example.org"),
        }

    def test_the_capitals_of_an_address_are_no_change(self, people, ann):
        assert numbers(people("00042,ANN@Example.org,,,,,,,,,")) == [0, 0, 1, 0, 0]

    def test_what_is_there_is_found_unchanged(self, people, ann, ben, sec, hr):
        """Also an entry to a recipient that is inactive by now, a closed account, and a role that is empty."""
        RoleAssignment.objects.create(user=ben, recipient=hr, role="Lead", starts_on=date(2026, 1, 1), ends_on=date(2026, 2, 1))
        RoleAssignment.objects.create(user=ben, recipient=sec, role="")
        Recipient.objects.filter(pk=hr.pk).update(is_active=False)
        User.objects.filter(pk=ben.pk).update(is_active=False)
        batch = people(
            "00042,ann@example.org,Ann,Tester,,ann,yes,SEC,Member,,",
            "00043,ben@example.org,Ben,Tester,,ben,no,HR,Lead,2026-01-01,2026-02-01",
            "00043,ben@example.org,Ben,Tester,,ben,no,SEC,,,",
        )
        assert numbers(batch) == [0, 0, 5, 0, 0]


class TestLeaving:
    @pytest.fixture
    def signed_in(self, ann) -> Client:
        client = Client()
        client.force_login(ann)
        return client

    def test_a_leaver_can_no_longer_sign_in_and_is_signed_out(self, people, ann, signed_in):
        carry_out(people("00042,,,,,,no,,,,"))
        ann.refresh_from_db()
        assert not ann.is_active
        assert not Session.objects.filter(person=ann).exists()

    def test_whoever_stays_stays_signed_in(self, people, ann, signed_in):
        carry_out(people("00042,,,Married,,,yes,,,,"))
        assert Session.objects.filter(person=ann).exists()

    def test_whoever_comes_back_is_active_again(self, people, ann):
        User.objects.filter(pk=ann.pk).update(is_active=False)
        carry_out(people("00042,,,,,,yes,,,,"))
        ann.refresh_from_db()
        assert ann.is_active


class TestWhatIsWrong:
    @pytest.mark.parametrize(
        ("row", "column", "code"),
        [
            ("00042,ben@example.org,,,,,,,,,", "E-mail", "two_people"),
            ("00050,,,,Planner,,,,,,", "First name", "nameless"),
            (",n'o@example.org,Ned,,,,,,,,", "E-mail", "unfit_username"),
            ("00050,,Ned,,,ben,,,,,", None, None),  # whom the username names, as neither of the others names anybody
            ("00042,,,,,ben,,,,,", "Username", "taken_username"),
            ("00050,,,,,,,XX,,,", "Recipient code", "unknown_recipient"),
            ("00042,,,,,,,OLD,,,", "Recipient code", "inactive_recipient"),
            ("00042,,,,,,,SEC,,,2020-01-01", "Until", "order"),
            ("00042,,,,,,,SEC,,2099-01-01,", "From", "order"),
            ("00042,,,,,,,SEC,,2026-02-30,", "From", "date"),
        ],
    )
    def test_it_is_told_in_its_cell_and_the_row_is_set_aside(self, people, ann, ben, sec, row, column, code):
        make_recipient("Old", code="OLD", is_active=False)
        RoleAssignment.objects.filter(user=ann).update(starts_on=date(2026, 1, 1), ends_on=date(2027, 1, 1))
        expected = [(2, column, code)] if code else []
        if code == "unknown_recipient":
            expected.insert(0, (2, "First name", "nameless"))
        batch = people(row)
        assert told(batch) == expected
        assert batch.rows.exists() is not bool(code)

    @pytest.mark.parametrize(
        ("row", "column", "code"),
        [
            ("00043,,New,Name,,,,,,,", "Employee number", "taken_number"),
            (",BEN@example.org,New,Name,,,,,,,", "E-mail", "taken_email"),
            ("00050,,New,Name,,ben,,,,,", "Username", "taken_username"),
        ],
    )
    def test_what_somebody_has_whom_one_may_not_see_is_taken(self, people, ben, row, column, code):
        adder = make_person("kim", staff=True)
        adder.user_permissions.set(Permission.objects.filter(codename__in=["add_import", "view_import", "add_user"]))
        assert told(people(row, actor=adder)) == [(2, column, code)]

    def test_two_people_of_one_file_cannot_get_the_same(self, people, db, ann):
        batch = people("00050,x@example.org,New,,,,,,,,", "00051,,Other,,,x@example.org,,,,,", "00052,,Third,,,,,,,,")
        assert told(batch) == [(3, "Username", "taken_username")]
        assert batch.summary["new"] == 2

    def test_nor_can_one_that_mends_give_somebody_what_another_gets(self, people, ann, frank):
        batch = people("00050,x@example.org,New,,,,,,,,", "00060,,,,,,maybe,,,,")
        batch = read(
            ImportService.mend(batch.pk, csv(PEOPLE, "00051,x@example.org,Other,,,,,,,,", "00050,ann@example.org,,,,,,,,,"), actor=frank)
        )
        assert told(batch) == [(2, "E-mail", "taken_email"), (3, "Employee number", "taken_number")]

    def test_two_ways_to_name_one_person_must_not_contradict(self, people, ann, sec):
        batch = people("00042,,,One,,,,SEC,,,2027-01-01", ",ann@example.org,,Two,,,,SEC,,,2028-01-01")
        assert told(batch) == [(3, "Last name", "conflict"), (3, "Until", "conflict")]
        assert batch.rows.get(recipient=None).after == {"last_name": "One"}

    def test_nothing_of_a_row_that_is_set_aside_counts(self, people, ann, sec):
        batch = carry_out(people("00042,,,,,,,SEC,Lead,,", ",ann@example.org,,Other,,,,XX,,,"), sets_aside=True)
        assert told(batch) == [(3, "Recipient code", "unknown_recipient")]
        ann.refresh_from_db()
        assert ann.last_name == "Tester"
        assert ("SEC", "Lead", None, None) in entries(ann)


class TestRights:
    """Importing asks what the form of a person and the entries of a recipient ask."""

    @pytest.fixture
    def olivia(self, db) -> User:
        return make_person("olivia", role=Role.ADMINISTRATOR)

    @pytest.fixture(params=["staff", "role", "permission"])
    def holder(self, request, ben) -> User:
        """Ben, who holds some right."""
        if request.param == "staff":
            User.objects.filter(pk=ben.pk).update(is_staff=True)
        elif request.param == "role":
            ben.groups.add(Group.objects.get(name=Role.AUTHOR))
        else:
            ben.user_permissions.add(Permission.objects.get(codename="add_notice"))
        return ben

    TAKE_OVER = "00043,attacker@example.org,,,,,,,,,"

    def test_the_address_of_whoever_holds_rights_is_changed_by_administrators_alone(self, people, holder, frank, olivia):
        assert told(people(self.TAKE_OVER, actor=frank)) == [(2, "E-mail", "may_not_change")]
        carry_out(people(self.TAKE_OVER, actor=olivia))
        holder.refresh_from_db()
        assert holder.email == "attacker@example.org"

    def test_whoever_has_come_to_rights_since_the_preview_is_left_alone(self, people, ben, frank):
        batch = people(self.TAKE_OVER, actor=frank)
        assert told(batch) == []
        ben.groups.add(Group.objects.get(name=Role.AUTHOR))
        assert carry_out(batch).state == Import.State.READING
        assert told(read(batch)) == [(2, "E-mail", "may_not_change")]
        ben.refresh_from_db()
        assert ben.email == "ben@example.org"

    @pytest.mark.parametrize("row", ["9,,,,,ben,,,,,", "00043,,,,,root,,,,,", "00043,,,,,,no,,,,"])
    def test_nor_is_any_other_way_into_or_out_of_it_open(self, people, holder, frank, row):
        told_codes = [code for _line, _column, code in told(people(row, actor=frank))]
        assert told_codes == ["may_not_change"]

    def test_what_changes_nothing_of_them_is_no_problem(self, people, holder, frank, sec):
        batch = carry_out(people("00043,ben@example.org,Ben,,,,yes,SEC,,,", actor=frank))
        assert numbers(batch) == [1, 0, 1, 0, 0]

    def test_superusers_are_changed_by_superusers(self, people, ben, olivia):
        root = make_person("root", staff=True, is_superuser=True)
        User.objects.filter(pk=ben.pk).update(is_superuser=True)
        assert told(people(self.TAKE_OVER, actor=olivia)) == [(2, "E-mail", "may_not_change")]
        assert carry_out(people(self.TAKE_OVER, actor=root)).state == Import.State.DONE

    def test_nobody_closes_their_own_account(self, people, olivia):
        assert told(people(",olivia@example.org,,,,,no,,,,", actor=olivia)) == [(2, "Active", "own_account")]
        carry_out(people(",olivia@example.org,,Renamed,,,yes,,,,", actor=olivia))
        olivia.refresh_from_db()
        assert (olivia.is_active, olivia.last_name) == (True, "Renamed")

    @pytest.mark.parametrize("codename", ["", "add_user"])
    def test_new_people_take_the_right_to_add_people(self, people, codename, db):
        clerk = make_person("clerk", staff=True)
        rights = ["add_import", "view_import", "view_user", "change_user", *filter(None, [codename])]
        clerk.user_permissions.set(Permission.objects.filter(codename__in=rights))
        batch = people(f"{ZOE},,,", ",x@example.org,X,,,,,,,,", actor=clerk)
        refused = [(2, "Employee number", "unknown_number"), (3, "E-mail", "unknown_email")]
        assert told(batch) == ([] if codename else refused)

    def test_entries_take_the_right_to_decide_who_belongs_there(self, people, ann, sec, hr):
        keeper = make_person("kim", staff=True)
        keeper.user_permissions.set(Permission.objects.filter(codename__in=["add_import", "view_import", "view_user"]))
        assign_perm("manage_members_recipient", keeper, hr)
        assert told(people("00042,,,,,,,SEC,Lead,,", actor=keeper)) == [(2, "Recipient code", "unknown_recipient")]
        assert carry_out(people("00042,,,,,,,HR,,,", actor=keeper)).state == Import.State.DONE
        batch = people("00042,,,,,,,HR,Lead,,", actor=keeper)
        remove_perm("manage_members_recipient", keeper, hr)
        assign_perm("manage_members_recipient", keeper, sec)
        assert carry_out(batch).state == Import.State.READING
        assert entries(ann) == {("SEC", "Member", None, None), ("HR", "Member", None, None)}

    def test_the_rule_for_many_is_the_rule_for_one(self, holder, ann, frank, olivia):
        root = make_person("root", staff=True, is_superuser=True)
        nobody = make_person("nobody", staff=True)
        for actor in (frank, olivia, root, nobody):
            one_by_one = {person.pk for person in User.objects.all() if may_change_person(actor, person)}
            assert set(people_changeable_by(actor).values_list("pk", flat=True)) == one_by_one
