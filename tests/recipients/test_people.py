from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from backoffice.clock import today
from recipients.models import Recipient, RoleAssignment, User
from tests.makers import make_person, make_recipient

DAY = timedelta(days=1)


def test_an_address_is_one_persons_whatever_its_case_and_may_be_missing(db):
    make_person("anna", email="Anna@example.org")
    with pytest.raises(IntegrityError), transaction.atomic():
        make_person(email="anna@EXAMPLE.org")
    make_person(email="")
    make_person(email="")
    assert User.objects.with_address().count() == 1


def test_an_employee_number_is_one_persons_and_blank_is_none(db):
    make_person(employee_number="4711")
    with pytest.raises(IntegrityError), transaction.atomic():
        make_person(employee_number="4711")
    for _ in range(2):
        person = make_person(employee_number="")
        person.clean()
        person.save()
    assert User.objects.filter(employee_number=None).count() == 2


@pytest.mark.parametrize(("zone", "valid"), [("Europe/London", True), ("", True), ("Mars/Base", False), ("../etc/passwd", False)])
def test_a_time_zone_is_one_that_exists(db, zone, valid):
    person = make_person(time_zone=zone)
    if valid:
        person.full_clean()
    else:
        with pytest.raises(ValidationError, match="is not a time zone"):
            person.full_clean()


def test_a_person_is_called_by_name_or_else_by_account(db):
    assert str(make_person("anna", first_name="Anna", last_name="Field")) == "Anna Field"
    assert str(make_person("anna2", first_name="", last_name="")) == "anna2"


def test_passwords_and_sign_ins_never_enter_history(dave):
    assert not {"password", "last_login"} & {field.name for field in User.history.model._meta.get_fields()}
    dave.last_name = "Field"
    dave.save()
    assert dave.history.first().last_name == "Field"


def test_active_people_are_those_whose_account_is_open(db):
    active = make_person()
    make_person(is_active=False)
    assert list(User.objects.active()) == [active]


class TestAssignments:
    @pytest.mark.parametrize(
        ("starts", "ends", "current"),
        [(None, None, True), (0, 0, True), (-1, -1, False), (1, 1, False), (None, -1, False), (1, None, False), (-1, 1, True)],
    )
    def test_one_is_current_from_its_first_to_its_last_day(self, dave, starts, ends, current):
        days = {name: today() + n * DAY for name, n in (("starts_on", starts), ("ends_on", ends)) if n is not None}
        assignment = RoleAssignment.objects.create(user=dave, recipient=make_recipient(), **days)
        assert RoleAssignment.objects.current().exists() is current
        assert assignment.is_current is current

    def test_another_day_can_be_asked_for(self, dave):
        RoleAssignment.objects.create(user=dave, recipient=make_recipient(), starts_on=today() + 2 * DAY)
        assert not RoleAssignment.objects.current(on=today() + DAY).exists()
        assert RoleAssignment.objects.current(on=today() + 2 * DAY).exists()

    def test_it_counts_only_at_an_active_entity(self, dave):
        RoleAssignment.objects.create(user=dave, recipient=make_recipient(is_active=False))
        assert RoleAssignment.objects.current().exists()
        assert not RoleAssignment.objects.counting().exists()
        assert not Recipient.objects.active().exists()

    def test_until_before_from_is_refused(self, dave):
        assignment = RoleAssignment(user=dave, recipient=make_recipient(), starts_on=today(), ends_on=today() - DAY)
        with pytest.raises(ValidationError, match="“Until” is before “from”"):
            assignment.full_clean()
        with pytest.raises(IntegrityError), transaction.atomic():
            assignment.save()

    def test_the_same_role_twice_is_refused_and_two_roles_are_not(self, dave):
        leeds = make_recipient(members=(dave,))
        with pytest.raises(IntegrityError), transaction.atomic():
            RoleAssignment.objects.create(user=dave, recipient=leeds)
        RoleAssignment.objects.create(user=dave, recipient=leeds, role="First aider")

    def test_the_code_of_an_entity_is_its_own(self, db):
        Recipient.objects.create(code="LDS", name="Leeds")
        with pytest.raises(IntegrityError), transaction.atomic():
            Recipient.objects.create(code="LDS", name="Leeds again")
