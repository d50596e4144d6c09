import pytest
from django.contrib.auth.models import AnonymousUser, Group, Permission
from django.core.exceptions import PermissionDenied
from guardian.shortcuts import assign_perm, remove_perm

from backoffice.permissions import Role, may, may_everywhere, may_somewhere, permission_name, require, visible
from notices.models import Category, Notice
from recipients.models import Recipient, RecipientGroup, User
from tests.makers import make_category, make_draft, make_group, make_person, make_recipient

VERBS = ("view", "change", "delete", "publish", "restore", "destroy")


@pytest.fixture
def notice(alice):
    return make_draft("Fire drill", author=alice)


@pytest.fixture
def other(alice):
    return make_draft("Flu vaccination", author=alice)


def fresh(user: User) -> User:
    """The same person without the permissions that Django remembers on an instance."""
    return User.objects.get(pk=user.pk)


def test_the_name_of_a_permission_is_djangos(notice):
    assert permission_name(Notice, "publish") == permission_name(notice, "publish") == "notices.publish_notice"


class TestRoles:
    @pytest.mark.parametrize(
        ("who", "allowed"),
        [
            ("alice", {"view", "change", "delete", "publish", "restore"}),
            ("erin", {"view", "publish"}),
            ("carol", {"view"}),
            ("grace", set(VERBS)),
            ("bob", set()),
            ("dave", set()),
            ("frank", set()),
        ],
    )
    def test_what_each_may_do_to_any_notice(self, request, notice, who, allowed):
        person = request.getfixturevalue(who)
        assert {verb for verb in VERBS if may(person, verb, notice)} == allowed
        assert {verb for verb in VERBS if may_everywhere(person, verb, Notice)} == allowed
        assert {verb for verb in VERBS if visible(person, verb, Notice.objects.all()).exists()} == allowed

    def test_every_role_exists_as_a_group(self, db):
        assert set(Group.objects.values_list("name", flat=True)) >= set(Role)

    def test_a_steward_keeps_the_organisation(self, frank, dave):
        assert may(frank, "change", make_recipient())
        assert may(frank, "delete", make_group())
        assert may(frank, "change", dave)
        assert not may(frank, "delete", dave)

    def test_a_superuser_may_everything(self, notice):
        person = make_person(is_superuser=True)
        assert all(may(person, verb, notice) for verb in VERBS)
        assert visible(person, "destroy", Notice.objects.all()).get() == notice


@pytest.mark.parametrize("grant_to", ["person", "role"])
class TestGrantsOnOneObject:
    @pytest.fixture
    def grantee(self, bob, grant_to):
        if grant_to == "person":
            return bob
        role = Group.objects.create(name="Leeds office")
        bob.groups.add(role)
        return role

    @pytest.mark.parametrize("verb", VERBS)
    def test_a_grant_counts_on_this_very_notice_alone(self, bob, grantee, notice, other, verb):
        assert not may(bob, verb, notice)
        assign_perm(f"notices.{verb}_notice", grantee, notice)
        bob = fresh(bob)

        assert may(bob, verb, notice)
        assert not may(bob, verb, other)
        assert not may_everywhere(bob, verb, Notice)
        assert may_somewhere(bob, verb, Notice)
        assert list(visible(bob, verb, Notice.objects.all())) == [notice]

    @pytest.mark.parametrize("verb", ["change", "delete", "publish"])
    def test_who_may_act_on_it_may_see_it_and_nothing_more(self, bob, grantee, notice, verb):
        assign_perm(f"notices.{verb}_notice", grantee, notice)
        bob = fresh(bob)
        assert {v for v in VERBS if may(bob, v, notice)} == {"view", verb}
        assert list(visible(bob, "view", Notice.objects.all())) == [notice]

    def test_a_grant_that_is_taken_back_counts_no_more(self, bob, grantee, notice):
        assign_perm("notices.view_notice", grantee, notice)
        remove_perm("notices.view_notice", grantee, notice)
        assert not may(fresh(bob), "view", notice)
        assert not visible(fresh(bob), "view", Notice.objects.all()).exists()

    def test_entities_and_groups_take_grants_too(self, bob, grantee):
        recipient, group = make_recipient(), make_group()
        make_recipient()
        assign_perm("recipients.change_recipient", grantee, recipient)
        assign_perm("recipients.view_recipientgroup", grantee, group)
        bob = fresh(bob)
        assert list(visible(bob, "view", Recipient.objects.all())) == [recipient]
        assert list(visible(bob, "view", RecipientGroup.objects.all())) == [group]
        assert not may(bob, "change", group)

    def test_an_inactive_person_has_nothing_of_it(self, bob, grantee, notice):
        assign_perm("notices.view_notice", grantee, notice)
        User.objects.update(is_active=False)
        assert not may(fresh(bob), "view", notice)
        assert not visible(fresh(bob), "view", Notice.objects.all()).exists()


class TestNobody:
    @pytest.fixture(params=["anonymous", "inactive", "inactive superuser", "none"])
    def nobody(self, request, db):
        if request.param == "inactive":
            return make_person(role=Role.ADMINISTRATOR, is_active=False)
        if request.param == "inactive superuser":
            return make_person(is_superuser=True, is_active=False)
        return None if request.param == "none" else AnonymousUser()

    @pytest.mark.parametrize("verb", VERBS)
    def test_may_nothing_and_sees_nothing(self, nobody, notice, verb):
        assert not may(nobody, verb, notice)
        assert not may_everywhere(nobody, verb, Notice)
        assert not may_somewhere(nobody, verb, Notice)
        assert not visible(nobody, verb, Notice.objects.all()).exists()
        with pytest.raises(PermissionDenied):
            require(nobody, verb, notice)


class TestRequire:
    def test_it_names_person_act_and_object(self, alice, bob, notice):
        with pytest.raises(PermissionDenied, match="Bob Tester may not publish “Fire drill”"):
            require(bob, "publish", notice)
        require(alice, "publish", notice)

    def test_asked_of_a_class_it_means_everywhere(self, alice, bob, notice):
        assign_perm("notices.change_notice", bob, notice)
        with pytest.raises(PermissionDenied, match="Bob Tester may not change notices"):
            require(bob, "change", Notice)
        require(bob, "change", notice)
        require(alice, "change", Notice)


def test_an_unsaved_object_is_decided_by_the_role(alice, bob):
    assert may(alice, "change", Notice())
    assert not may(bob, "change", Notice())


def test_seeing_keeps_what_the_queryset_kept(alice, notice, other):
    assert list(visible(alice, "view", Notice.objects.filter(title="Fire drill"))) == [notice]


def test_a_model_without_a_verb_of_its_own_is_asked_for_the_usual_ones(carol, bob):
    category = make_category()
    bob.user_permissions.add(Permission.objects.get(codename="change_category"))
    assert may(carol, "view", category)
    assert may(bob, "view", category)
    assert visible(bob, "view", Category.objects.all()).get() == category
    assert not may(carol, "change", category)
