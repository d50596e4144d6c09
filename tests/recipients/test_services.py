"""The rules about people, entities, groups and roles, asked where things change."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import PermissionDenied, ValidationError
from django.dispatch import receiver
from guardian.shortcuts import assign_perm

from audit.models import Entry
from backoffice.permissions import Role
from backoffice.signals import pre_soft_delete
from recipients.dtos import Address
from recipients.exceptions import RecipientError
from recipients.models import Recipient, RecipientGroup, RoleAssignment, User
from recipients.services import PersonService, RecipientGroupService, RecipientService, RoleAssignmentService, RoleService
from recipients.services.groups import members_of
from tests.makers import make_draft, make_group, make_person, make_recipient


@pytest.fixture
def root(db):
    return make_person("root", staff=True, is_superuser=True)


def holding(codenames) -> User:
    """Staff with these rights alone."""
    person = make_person("-".join(codenames), staff=True)
    person.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return person


# -- groups ---------------------------------------------------------------------------------------
def test_creating_a_group_needs_permission_and_leaves_history(frank, alice, dave):
    leeds = make_recipient("Site Leeds")
    members = Address.of(recipients=[leeds.pk], people=[dave.pk])
    with pytest.raises(PermissionDenied):
        RecipientGroupService.create(RecipientGroup(code="N", name="Night shift"), members=members, actor=alice)

    group = RecipientGroupService.create(RecipientGroup(code="N", name="Night shift"), members=members, actor=frank)

    assert members_of(group.pk) == members
    assert (group.created_by, group.history.first().history_user) == (frank, frank)


def test_setting_members_changes_only_what_differs(frank, dave, erin):
    leeds, york = make_recipient("Leeds"), make_recipient("York")
    group = make_group("Night shift", recipients=(leeds,), people=(dave,))
    wanted = Address.of(recipients=[leeds.pk, york.pk], people=[erin.pk])

    RecipientGroupService.set_members(group.pk, wanted, actor=frank)
    RecipientGroupService.set_members(group.pk, wanted, actor=frank)  # twice is once

    assert members_of(group.pk) == wanted
    entries = Entry.objects.filter(user=frank).order_by("id").values_list("model", "kind", "count", "subject_id")
    entity, person = "recipients.recipientgrouprecipient", "recipients.recipientgroupadditionalrecipient"
    assert list(entries) == [(person, "-", 1, group.pk), (entity, "+", 1, group.pk), (person, "+", 1, group.pk)]


def test_a_member_that_is_gone_is_refused_in_words(frank):
    group = make_group()
    with pytest.raises(RecipientError, match="no longer exists"):
        RecipientGroupService.change_members(group.pk, add=Address.of(recipients=[999_999]), actor=frank)


def test_a_group_in_use_cannot_be_deleted(frank):
    group = make_group("Night shift")

    @receiver(pre_soft_delete, sender=RecipientGroup)
    def in_use(sender, instance, **kwargs):
        raise RecipientError("“Fire drill” is sent to it.")

    try:
        with pytest.raises(ValidationError, match="Fire drill"):
            RecipientGroupService.delete(group.pk, actor=frank)
    finally:
        pre_soft_delete.disconnect(in_use, sender=RecipientGroup)
    assert RecipientGroup.objects.filter(pk=group.pk).exists()

    RecipientGroupService.delete(group.pk, actor=frank, reason="Merged")
    assert not RecipientGroup.objects.filter(pk=group.pk).exists()
    assert group.history.first().history_change_reason == "Merged"


def test_deleting_and_restoring_a_group_need_permission(alice, frank):
    group = make_group()
    with pytest.raises(PermissionDenied):
        RecipientGroupService.delete(group.pk, actor=alice)
    RecipientGroupService.delete(group.pk, actor=frank)
    with pytest.raises(PermissionDenied):
        RecipientGroupService.restore(group.pk, actor=alice)


def test_a_restored_group_whose_code_is_taken_is_explained_and_may_get_another(frank, dave):
    old = make_group("Old night shift", people=(dave,), description="")
    RecipientGroupService.delete(old.pk, actor=frank)
    new = RecipientGroup.objects.create(code=old.code, name="New night shift")

    with pytest.raises(
        RecipientError, match=f"“Old night shift” cannot come back with the code “{old.code}”: the group “New night shift” has it now"
    ):
        RecipientGroupService.restore(old.pk, actor=frank)
    restored = RecipientGroupService.restore(old.pk, actor=frank, code="NIGHT-OLD")

    assert (restored.code, restored.is_deleted, restored.deleted_by) == ("NIGHT-OLD", False, None)
    assert members_of(old.pk) == Address.of(people=[dave.pk])
    assert RecipientGroup.objects.get(pk=new.pk).code == new.code


def test_what_is_in_the_trash_is_not_changed(frank):
    group = make_group()
    RecipientGroupService.delete(group.pk, actor=frank)
    with pytest.raises(RecipientError, match="is in the trash"):
        RecipientGroupService.change_members(group.pk, actor=frank)
    RecipientGroupService.restore(group.pk, actor=frank)
    with pytest.raises(RecipientError, match="is not in the trash"):
        RecipientGroupService.restore(group.pk, actor=frank)


# -- entities and assignments ---------------------------------------------------------------------
def test_an_addressed_recipient_cannot_be_deleted_but_a_free_one_can(alice, frank, dave):
    leeds, york = make_recipient("Leeds"), make_recipient("York", members=(dave,))
    make_draft(author=alice, recipients=(leeds,))
    with pytest.raises(RecipientError, match=r"“Leeds” is addressed 1 time.* Make it inactive instead"):
        RecipientService.delete(leeds.pk, actor=frank)
    with pytest.raises(PermissionDenied):
        RecipientService.delete(york.pk, actor=alice)

    RecipientService.delete(york.pk, actor=frank)

    assert list(Recipient.objects.all()) == [leeds]
    assert not RoleAssignment.objects.exists()


def test_an_assignment_is_saved_by_stewards_only(alice, frank, dave):
    assignment = RoleAssignment(user=dave, recipient=make_recipient(), role="Member")
    with pytest.raises(PermissionDenied):
        RoleAssignmentService.save(assignment, actor=alice)
    RoleAssignmentService.save(assignment, actor=frank)
    assert assignment.history.first().history_user == frank


def test_moving_somebody_needs_the_say_over_both_places(bob, frank, dave):
    leeds, york = make_recipient("Leeds", members=(dave,)), make_recipient("York")
    assign_perm("recipients.manage_members_recipient", bob, york)
    assignment = RoleAssignment.objects.get(user=dave, recipient=leeds)
    assignment.recipient = york
    with pytest.raises(PermissionDenied):
        RoleAssignmentService.save(assignment, actor=bob)
    assign_perm("recipients.manage_members_recipient", bob, leeds)
    RoleAssignmentService.save(assignment, actor=bob)
    assert RoleAssignment.objects.get(user=dave).recipient == york


# -- people ---------------------------------------------------------------------------------------
def test_a_steward_changes_readers_but_nobody_who_holds_rights(frank, dave, alice, root):
    dave.job_title = "Driver"
    PersonService.save_changes(dave, actor=frank)
    for person in (alice, frank, root):
        with pytest.raises(PermissionDenied, match="may not change the account of"):
            PersonService.save_changes(person, actor=frank)
    hidden_power = make_person("helen")
    hidden_power.groups.add(Group.objects.get(name=Role.APPROVER))
    with pytest.raises(PermissionDenied):
        PersonService.save_changes(hidden_power, actor=frank)


def test_a_steward_gives_nobody_rights(frank, dave):
    dave.is_staff = True
    with pytest.raises(PermissionDenied, match="may not decide who may do what"):
        PersonService.save_changes(dave, actor=frank)
    with pytest.raises(PermissionDenied):
        PersonService.save_new(User(username="mole", is_superuser=True, password="!"), actor=frank)
    with pytest.raises(PermissionDenied):
        PersonService.set_roles(dave, roles=[Group.objects.get(name=Role.ADMINISTRATOR)], actor=frank)


def test_an_administrator_gives_roles_and_history_says_so(grace, dave):
    PersonService.set_roles(dave, roles=[Group.objects.get(name=Role.AUTHOR)], actor=grace)
    PersonService.set_roles(dave, roles=[Group.objects.get(name=Role.APPROVER)], actor=grace)

    rows = User.groups.through.history.filter(user=dave).order_by("history_id").values_list("history_type", "group__name", "history_user")
    assert list(rows) == [("+", "Author", grace.pk), ("-", "Author", grace.pk), ("+", "Approver", grace.pk)]


def test_only_superusers_make_and_change_superusers(grace, root, dave):
    dave.is_superuser = True
    with pytest.raises(PermissionDenied, match="Only a superuser"):
        PersonService.save_changes(dave, actor=grace)
    with pytest.raises(PermissionDenied):
        PersonService.save_changes(root, actor=grace)
    with pytest.raises(PermissionDenied):
        PersonService.set_roles(root, roles=[Group.objects.get(name=Role.AUTHOR)], actor=grace)
    PersonService.save_changes(dave, actor=root)
    assert User.objects.get(pk=dave.pk).is_superuser


def test_nobody_locks_himself_out(grace):
    account = User.objects.get(pk=grace.pk)
    account.is_active = False
    with pytest.raises(RecipientError, match="lock yourself out"):
        PersonService.save_changes(account, actor=grace)


# -- roles ----------------------------------------------------------------------------------------
def test_a_role_that_people_have_stays(grace, alice, frank):
    author = Group.objects.get(name=Role.AUTHOR)
    with pytest.raises(RecipientError, match="1 person has the role “Author”"):
        RoleService.delete(author.pk, actor=grace)
    with pytest.raises(PermissionDenied):
        RoleService.save(Group(name="Mine"), actor=frank)


def test_a_role_is_deleted_by_who_may_delete_roles_and_decides_who_may_do_what(grace):
    role = Group.objects.create(name="Nobody has it")
    for rights in (["delete_group"], ["change_user", "change_group"]):
        with pytest.raises(PermissionDenied):
            RoleService.delete(role.pk, actor=holding(rights))
    RoleService.delete(role.pk, actor=grace)
    assert not Group.objects.filter(name="Nobody has it").exists()


def test_saving_a_role_keeps_what_was_not_offered(grace):
    role = Group.objects.get(name=Role.AUTHOR)
    offered = list(role.permissions.filter(codename__endswith="_notice"))
    others = set(role.permissions.all()) - set(offered)

    RoleService.save(role, rights=offered[:1], offered=offered, actor=grace)

    assert set(role.permissions.all()) == others | {offered[0]}
