"""`may` and `visible` cannot disagree, whatever was granted to whom, and whichever way it comes."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext
from guardian.shortcuts import assign_perm
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.access_review.verbs import codename_of, verbs_of
from backoffice.permissions import ask_together, may, may_everywhere, may_somewhere, visible
from notices.models import Category, Notice
from recipients.models import Recipient, RecipientGroup, RoleAssignment, User
from tests.makers import make_category, make_draft, make_group, make_person, make_recipient

pytestmark = pytest.mark.django_db

# Every model on whose objects something can be granted, and one of those that share a table for it.
MODELS = (Notice, Recipient, RecipientGroup, RoleAssignment, Category)
RIGHTS = [(model, verb) for model in MODELS for verb in verbs_of(model)]
GRANTS = st.lists(st.tuples(st.sampled_from(RIGHTS), st.integers(0, 1)), max_size=6)
EVERYWHERE = st.lists(st.sampled_from(RIGHTS), max_size=2)
CHOICES = {
    "active": st.sampled_from([True, True, True, False]),
    "superuser": st.sampled_from([False, False, False, True]),
    "has_the_role": st.booleans(),
    "given": EVERYWHERE,
    "granted": GRANTS,
    "of_the_role": EVERYWHERE,
    "granted_to_the_role": GRANTS,
    "own_department": st.booleans(),
}


def permission(model, verb):
    return Permission.objects.get(content_type__app_label=model._meta.app_label, codename=codename_of(verb, model))


def give(holder, grants, objects):
    for (model, verb), number in grants:
        assign_perm(permission(model, verb), holder, objects[model][number])


@pytest.fixture
def objects(alice):
    """Two of each kind. The first notice and the first entry belong to the first recipient, the second entry to the second."""
    recipients = [make_recipient("Facilities", members=(alice,)), make_recipient("Payroll", members=(alice,))]
    return {
        Notice: [make_draft(author=alice), make_draft(author=alice)],
        Recipient: recipients,
        RecipientGroup: [make_group(), make_group()],
        RoleAssignment: list(RoleAssignment.objects.order_by("recipient__name")),
        Category: [make_category(), make_category()],
    }


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=st.fixed_dictionaries(CHOICES))
def test_may_and_visible_agree_for_every_verb_of_every_object(objects, wanted):
    Group.objects.filter(name="Night desk").delete()
    role = Group.objects.create(name="Night desk")
    role.permissions.set(permission(*right) for right in wanted["of_the_role"])
    give(role, wanted["granted_to_the_role"], objects)
    person = make_person(is_active=wanted["active"], is_superuser=wanted["superuser"])
    person.user_permissions.set(permission(*right) for right in wanted["given"])
    give(person, wanted["granted"], objects)
    if wanted["has_the_role"]:
        person.groups.add(role)
    Notice.objects.filter(pk=objects[Notice][0].pk).update(department=objects[Recipient][0] if wanted["own_department"] else None)

    person = User.objects.get(pk=person.pk)  # without what it remembers of its rights
    for model in MODELS:
        stored = list(model.objects.filter(pk__in=[obj.pk for obj in objects[model]]))
        asked_together = list(model.objects.filter(pk__in=[obj.pk for obj in objects[model]]))
        ask_together(person, asked_together)
        for verb in verbs_of(model):
            seen = set(visible(person, verb, model.objects.all()).values_list("pk", flat=True))
            for alone, together in zip(stored, asked_together, strict=True):
                assert may(person, verb, alone) == may(person, verb, together) == (alone.pk in seen)
            if seen:
                assert may_somewhere(person, verb, model)
            if may_everywhere(person, verb, model):
                assert seen >= {obj.pk for obj in stored}


class TestADepartment:
    @pytest.fixture
    def department(self):
        return make_recipient("Facilities")

    @pytest.fixture
    def own(self, alice, department):
        return make_draft("Lift out of order", author=alice, department=department)

    @pytest.fixture
    def others(self, alice):
        return [make_draft(author=alice), make_draft(author=alice, department=make_recipient("Payroll"))]

    @pytest.mark.parametrize("grant_to", ["person", "role"])
    @pytest.mark.parametrize(
        ("right", "allowed"),
        [
            ("author", {"view", "change", "delete", "restore", "restore_version", "export"}),
            ("publish", {"view", "publish"}),
            ("view", set()),
            ("address", set()),
        ],
    )
    def test_a_right_on_it_carries_rights_on_its_notices_alone(self, bob, department, own, others, right, allowed, grant_to):
        grantee = bob
        if grant_to == "role":
            grantee = Group.objects.create(name="Caretakers")
            bob.groups.add(grantee)
        assign_perm(f"{right}_recipient", grantee, department)
        assert {verb for verb in verbs_of(Notice) if may(bob, verb, own)} == allowed
        for verb in verbs_of(Notice):
            assert list(visible(bob, verb, Notice.objects.all())) == ([own] if verb in allowed else [])
            assert not any(may(bob, verb, other) for other in others)

    def test_its_author_may_send_to_it_and_add_notices_for_it(self, bob, department, others):
        assert not may_somewhere(User.objects.get(pk=bob.pk), "add", Notice)
        assign_perm("author_recipient", bob, department)
        assert may_somewhere(bob, "add", Notice)
        assert may_somewhere(bob, "view", Notice)  # the list is there before its first notice
        assert may(bob, "add", Notice(department=department))
        assert not may(bob, "add", Notice())
        assert not may(bob, "add", Notice(department=others[1].department))
        assert not may(bob, "add", Notice(department_id=2**31 - 1))
        assert may(bob, "address", department)
        assert not may(bob, "address", others[1].department)

    def test_what_is_stored_decides_and_not_what_a_form_made_of_it(self, bob, department, others):
        assign_perm("author_recipient", bob, department)
        others[0].department = department
        assert not may(bob, "change", others[0])

    def test_a_right_on_all_departments_carries_rights_on_all_their_notices(self, bob, own, others):
        bob.user_permissions.add(permission(Recipient, "author"))
        assert set(visible(bob, "change", Notice.objects.all())) == {own, others[1]}
        assert may(bob, "change", own)
        assert not may(bob, "change", others[0])


class TestAPageOfObjects:
    @pytest.fixture
    def facilities(self, bob):
        facilities = make_recipient("Facilities")
        assign_perm("author_recipient", bob, facilities)
        return facilities

    def cost(self, alice, bob, facilities, count):
        notices = [make_draft(author=alice, department=facilities if number % 2 else None) for number in range(count)]
        person = User.objects.get(pk=bob.pk)
        ContentType.objects.get_for_model(Notice), ContentType.objects.get_for_model(Recipient)  # kept by Django
        ask_together(person, notices)
        with CaptureQueriesContext(connection) as captured:
            answers = [[may(person, verb, notice) for verb in ("view", "change", "publish")] for notice in notices]
        assert answers == [[number % 2 == 1, number % 2 == 1, False] for number in range(count)]
        return len(captured)

    def test_a_hundred_rows_cost_as_many_queries_as_two(self, alice, bob, facilities):
        assert self.cost(alice, bob, facilities, 2) == self.cost(alice, bob, facilities, 100) == 3  # all grants; two verbs

    def test_an_answer_is_of_one_person_and_of_this_reading_alone(self, alice, bob, facilities):
        notice = make_draft(author=alice)
        ask_together(bob, [notice])
        assert not may(bob, "change", notice)
        assert may(alice, "change", notice)
        assign_perm("change_notice", bob, notice)
        assert may(bob, "change", Notice.objects.get(pk=notice.pk))
