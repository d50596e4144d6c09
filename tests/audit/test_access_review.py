"""Who may do what, and through which grant. It agrees with the policy because it asks for the same grants."""

import csv
import io
from functools import partial
from itertools import product

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from guardian.shortcuts import assign_perm
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.access_review.people import grants_on_single_objects, rights_everywhere, told
from audit.access_review.routes import people_who_may, routes_of
from audit.access_review.verbs import codename_of, verbs_of
from audit.models import AccessRecord
from backoffice.permissions import may
from notices.models import Notice
from recipients.models import RecipientGroup, User
from tests.makers import make_category, make_draft, make_group, make_person, make_recipient

pytestmark = pytest.mark.django_db


def routes(person, verb, target):
    return routes_of([person], verb, target).get(person.pk, [])


def test_every_way_is_named(alice, bob, dave):
    draft = make_draft(author=alice)
    role = Group.objects.create(name="Night desk")
    dave.groups.add(role)
    assign_perm("publish_notice", role, draft)
    assign_perm("publish_notice", bob, draft)
    bob.user_permissions.add(Permission.objects.get(codename="publish_notice"))
    root = make_person("root", is_superuser=True)
    assert routes(alice, "publish", draft) == ["has the role “Author”"]
    assert routes(dave, "publish", draft) == ["has the role “Night desk”, which was granted it on this very one"]
    assert routes(bob, "publish", draft) == ["was given this right", "was granted it on this very one"]
    assert routes(root, "publish", draft) == ["is a superuser"]
    assert routes(bob, "view", draft)[0] == "was given this right, as that allows to publish and withdraw notices"


def test_what_was_granted_on_one_says_nothing_of_another(alice, bob):
    one, other = make_draft(author=alice), make_draft(author=alice)
    assign_perm("change_notice", bob, one)
    assert bob in people_who_may("change", one)
    assert bob not in people_who_may("change", other)


CHOICES = st.fixed_dictionaries(
    {
        "active": st.booleans(),
        "superuser": st.booleans(),
        "roles": st.sets(st.integers(0, 1)),
        "given": st.sets(st.sampled_from(["view", "change", "publish", "restore"])),
        "granted": st.sets(st.tuples(st.sampled_from(["view", "change", "publish", "delete"]), st.integers(0, 1))),
        "of_the_department": st.sets(st.sampled_from(["author", "publish", "view"])),
        "of_departments": st.sets(st.sampled_from(["author", "publish"])),
    }
)
OF_ROLE = st.fixed_dictionaries(
    {
        "everywhere": st.sets(st.sampled_from(["view", "change", "publish", "destroy"])),
        "granted": st.sets(st.tuples(st.sampled_from(["view", "change", "publish"]), st.integers(0, 1))),
        "of_the_department": st.sets(st.sampled_from(["author", "publish"])),
    }
)


def permission(target, verb):
    return Permission.objects.get(content_type__app_label="notices", codename=codename_of(verb, target))


def permissions(target, wanted):
    return [permission(target, verb) for verb in wanted if verb in verbs_of(target)]


def give(holder, targets, wanted):
    """Grants on single objects."""
    for verb, number in sorted(wanted):
        if verb in verbs_of(targets[0]):
            assign_perm(permission(targets[0], verb), holder, targets[number])


def give_of_the_department(holder, targets, wanted):
    """The first of the targets belongs to a department, if they are notices."""
    if department := getattr(targets[0], "department", None):
        for verb in sorted(wanted):
            assign_perm(f"{verb}_recipient", holder, department)


def make_role(number, wanted, targets):
    role = Group.objects.create(name=f"Role {number}")
    role.permissions.set(permissions(targets[0], wanted["everywhere"]))
    give(role, targets, wanted["granted"])
    give_of_the_department(role, targets, wanted["of_the_department"])
    return role


def make_holder(wanted, roles, targets):
    person = make_person(is_superuser=wanted["superuser"], is_active=wanted["active"])
    person.groups.set(roles[number] for number in wanted["roles"])
    person.user_permissions.set(permissions(targets[0], wanted["given"]))
    person.user_permissions.add(*Permission.objects.filter(codename__in=[f"{verb}_recipient" for verb in wanted["of_departments"]]))
    give(person, targets, wanted["granted"])
    give_of_the_department(person, targets, wanted["of_the_department"])
    return User.objects.get(pk=person.pk)  # without what it remembers of its rights


def test_a_right_on_the_department_is_a_way_to_its_notices(alice, bob, dave):
    department = make_recipient("Facilities")
    draft, other = make_draft(author=alice, department=department), make_draft(author=alice)
    role = Group.objects.create(name="Caretakers")
    dave.groups.add(role)
    assign_perm("author_recipient", bob, department)
    assign_perm("publish_recipient", role, department)
    assert routes(bob, "change", draft) == ["was granted it on this very one, through the department “Facilities”"]
    assert routes(dave, "publish", draft) == [
        "has the role “Caretakers”, which was granted it on this very one, through the department “Facilities”"
    ]
    assert routes(bob, "address", department) == ["was granted it on this very one, as that allows to write notices of departments"]
    assert not routes(bob, "change", other)
    assert not routes(dave, "change", draft)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=st.lists(CHOICES, min_size=1, max_size=4), roles=st.tuples(OF_ROLE, OF_ROLE), in_the_shared_table=st.booleans())
def test_it_agrees_with_the_policy_whatever_was_granted(alice, people, roles, in_the_shared_table):
    with transaction.atomic():
        agrees_with_the_policy(alice, people, roles, make_category if in_the_shared_table else partial(make_draft_of_a_department, alice))
        transaction.set_rollback(True)  # the next example begins with nobody and nothing


def make_draft_of_a_department(author):
    return make_draft(author=author, department=make_recipient())


def agrees_with_the_policy(alice, people, roles, make_target):
    targets = [make_target(), make_target()]
    groups = [make_role(number, wanted, targets) for number, wanted in enumerate(roles)]
    everyone = [alice, *(make_holder(wanted, groups, targets) for wanted in people)]
    for target, verb in product(targets, verbs_of(targets[0])):
        allowed = {person.pk for person in everyone if may(person, verb, target)}
        found = set(people_who_may(verb, target).values_list("pk", flat=True))
        assert found & {person.pk for person in everyone} == allowed
        assert routes_of(everyone, verb, target).keys() == allowed


def test_a_person_is_told_with_every_role_and_grant(alice, bob):
    group = make_group("Night shift")
    assign_perm("change_recipientgroup", bob, group)
    author = Group.objects.get(name="Author")
    assign_perm("view_recipientgroup", author, group)
    assert {(g.thing, g.verb, g.through) for g in told(list(grants_on_single_objects(bob)), reader=alice)} == {
        ("Night shift", "change", "granted to this person")
    }
    assert [(g.thing, g.through) for g in told(list(grants_on_single_objects(alice)), reader=alice)] == [
        ("Night shift", "the role “Author”")
    ]
    rights = {(right.thing, right.verb): right.through for right in rights_everywhere(alice)}
    assert rights["Notices", "publish and withdraw notices"] == ("the role “Author”",)
    bob.is_active = False
    assert rights_everywhere(bob) == []
    assert not grants_on_single_objects(bob)


def test_what_the_reader_may_not_see_is_not_named(bob, dave):
    group = make_group("Redundancies")
    assign_perm("change_recipientgroup", bob, group)
    assert [grant.thing for grant in told(list(grants_on_single_objects(bob)), reader=dave)] == [""]


# -- the pages --


@pytest.fixture
def draft(alice):
    return make_draft("Fire drill", author=alice)


def address(target, name="thing"):
    return reverse(f"admin:audit_review_{name}", args=[target._meta.label_lower, target.pk])


def test_the_page_of_a_thing_shows_who_and_why(client, carol, alice, erin, draft):
    client.force_login(carol)
    page = client.get(address(draft), {"verb": "publish"}).content.decode()
    assert "Alice Tester" in page
    assert "has the role “Approver”" in page
    assert "Frank" not in page
    assert "Erin" not in client.get(address(draft), {"verb": "publish", "q": "alice"}).content.decode()
    record = AccessRecord.objects.latest("id")
    assert (record.user, record.page, record.model, record.object_id) == (carol, "access review", "notices.notice", draft.pk)


def test_the_page_of_a_person_shows_what_they_may(client, carol, alice):
    client.force_login(carol)
    page = client.get(reverse("admin:audit_review_person", args=[alice.pk])).content.decode()
    assert "publish and withdraw notices" in page
    assert "the role “Author”" in page


def test_people_and_things_are_found_by_name(client, carol, alice, draft):
    client.force_login(carol)
    find = reverse("admin:audit_review")
    assert address(draft) in client.get(find, {"kind": "notices.notice", "q": "fire"}).content.decode()
    assert (
        reverse("admin:audit_review_person", args=[alice.pk]) in client.get(find, {"kind": "recipients.user", "q": "ali"}).content.decode()
    )
    assert client.get(find, {"kind": "audit.entry", "q": "x"}).status_code == 200


@pytest.mark.parametrize("name", ["bob", "dave", "alice", "erin", "frank"])
def test_only_compliance_and_administrators_review(client, request, name, draft):
    client.force_login(request.getfixturevalue(name))
    for url in (reverse("admin:audit_review"), address(draft), address(draft, "export"), reverse("admin:audit_access")):
        assert client.get(url).status_code in {302, 403}
        assert client.post(url).status_code in {302, 403}
    assert not AccessRecord.objects.exists()


def test_a_thing_that_is_not_seen_is_not_found(client, bob, draft):
    bob.user_permissions.add(Permission.objects.get(codename="review_accessrecord"))
    client.force_login(bob)
    assert client.get(address(draft)).status_code == 404
    assert not AccessRecord.objects.exists()
    for label in ("nothing.such", "notices", "sessions.session", "notices.audiencekey"):
        assert client.get(reverse("admin:audit_review_thing", args=[label, 1])).status_code == 404


def test_the_review_leaves_as_csv_and_is_on_record(client, carol, alice, draft):
    alice.first_name = "=cmd()"
    alice.save()
    client.force_login(carol)
    answer = client.post(address(draft, "export") + "?verb=publish&q=tester")
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert rows[0][0] == "Person"
    assert [row[0] for row in rows[1:]] == ["'=cmd() Tester"]
    record = AccessRecord.objects.latest("id")
    assert (record.kind, record.rows, record.detail) == ("export", 1, "csv verb=publish&q=tester")


def test_a_page_costs_the_same_for_two_people_and_for_twenty(client, carol, alice):
    draft = make_draft(author=alice)
    client.force_login(carol)

    def cost():
        client.get(address(draft))
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address(draft)).status_code == 200
        return len(captured)

    few = cost()
    for _number in range(18):
        assign_perm("change_notice", make_person(), draft)
    assert cost() == few


def test_every_verb_has_a_permission_and_words():
    for model in (Notice, RecipientGroup, User, Group):
        assert verbs_of(model)
        for verb, words in verbs_of(model).items():
            assert Permission.objects.filter(codename=codename_of(verb, model)).exists()
            assert words
