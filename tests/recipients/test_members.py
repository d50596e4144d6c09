"""Who belongs to a group or a recipient is decided by whoever may manage the members of this very one."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from guardian.shortcuts import assign_perm

from backoffice.permissions import Role, may
from recipients.dtos import Address
from recipients.models import Recipient, RecipientGroup, RecipientUserPermission, RoleAssignment, User
from recipients.services import RecipientGroupService, RecipientService, RoleAssignmentService
from recipients.services.groups import members_of
from tests.makers import make_group, make_person, make_recipient
from tests.recipients.test_admin import forms_of

ENTRIES = reverse("admin:recipients_roleassignment_changelist")


def fresh(person):
    return User.objects.get(pk=person.pk)


@pytest.fixture
def night(dave):
    return make_group("Night shift", people=(dave,))


@pytest.fixture
def keeper(bob, night, facilities):
    """Keeps the members of one group and of one recipient, and sees people."""
    assign_perm("manage_members_recipientgroup", bob, night)
    assign_perm("manage_members_recipient", bob, facilities)
    bob.user_permissions.add(Permission.objects.get(codename="view_user"))
    return fresh(bob)


@pytest.fixture
def editor(db):
    """May change every group and entry, and manage no members."""
    person = make_person("ed", staff=True)
    rights = ("view_user", "change_recipientgroup", "view_recipient", *(f"{verb}_roleassignment" for verb in ("add", "change", "delete")))
    person.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return fresh(person)


class TestGroups:
    def test_members_are_kept_by_whoever_was_granted_it_on_this_very_group(self, keeper, editor, night, erin):
        other = make_group()
        for actor, group in ((editor, night), (keeper, other)):
            with pytest.raises(PermissionDenied):
                RecipientGroupService.change_members(group.pk, add=Address.of(people=[erin.pk]), actor=actor)
        RecipientGroupService.change_members(night.pk, add=Address.of(people=[erin.pk]), actor=keeper)
        assert erin.pk in members_of(night.pk).person_ids
        assert not members_of(other.pk)

    def test_the_page_lets_a_keeper_change_members_and_no_details(self, client, keeper, night, erin):
        client.force_login(keeper)
        url = reverse("admin:recipients_recipientgroup_change", args=[night.pk])
        page = client.get(url)
        assert set(page.context["adminform"].form.fields) == {"seen"}
        data = forms_of(page) | {"name": "Day shift", "code": "DAY"}
        prefix = "recipientgroupadditionalrecipient_set"
        data |= {f"{prefix}-TOTAL_FORMS": 2, f"{prefix}-1-user": erin.pk, f"{prefix}-1-recipient_group": night.pk}
        assert client.post(url, data).status_code == 302
        night.refresh_from_db()
        assert night.name == "Night shift"
        assert erin.pk in members_of(night.pk).person_ids

    def test_the_page_lets_an_editor_change_details_and_no_members(self, client, editor, night, erin, dave):
        client.force_login(editor)
        url = reverse("admin:recipients_recipientgroup_change", args=[night.pk])
        data = forms_of(client.get(url)) | {"name": "Day shift"}
        prefix = "recipientgroupadditionalrecipient_set"
        data |= {
            f"{prefix}-TOTAL_FORMS": 2,
            f"{prefix}-1-user": erin.pk,
            f"{prefix}-1-recipient_group": night.pk,
            f"{prefix}-0-DELETE": "on",
        }
        assert client.post(url, data).status_code == 302
        night.refresh_from_db()
        assert night.name == "Day shift"
        assert members_of(night.pk) == Address.of(people=[dave.pk])

    def test_whoever_makes_a_group_keeps_it_but_may_not_send_to_it(self, client, bob, erin):
        bob.user_permissions.set(Permission.objects.filter(codename__in=["add_recipientgroup", "view_user"]))
        bob = fresh(bob)
        group = RecipientGroupService.create(RecipientGroup(code="N", name="New"), members=Address.of(people=[erin.pk]), actor=bob)
        RecipientGroupService.change_members(group.pk, remove=Address.of(people=[erin.pk]), actor=bob)
        allowed = {verb for verb in ("view", "change", "delete", "manage_members", "export", "address", "grant") if may(bob, verb, group)}
        assert allowed == {"view", "change", "delete", "manage_members", "export"}

    def test_a_steward_gets_no_rows_for_what_the_role_allows(self, frank):
        RecipientService.save(Recipient(code="N", name="New"), actor=frank)
        assert not RecipientUserPermission.objects.exists()


class TestRecipients:
    def test_entries_are_kept_by_whoever_was_granted_it_on_this_very_recipient(self, keeper, editor, facilities, dave):
        other = make_recipient("Payroll")
        for actor, recipient in ((editor, facilities), (keeper, other)):
            with pytest.raises(PermissionDenied, match="may not manage members"):
                RoleAssignmentService.save(RoleAssignment(user=dave, recipient=recipient), actor=actor)
        entry = RoleAssignmentService.save(RoleAssignment(user=dave, recipient=facilities), actor=keeper)

        entry.recipient = other
        with pytest.raises(PermissionDenied, match="“Payroll”"):
            RoleAssignmentService.save(entry, actor=keeper)
        elsewhere = RoleAssignment.objects.create(user=dave, recipient=other)
        elsewhere.recipient = facilities
        with pytest.raises(PermissionDenied, match="“Payroll”"):
            RoleAssignmentService.save(elsewhere, actor=keeper)
        with pytest.raises(PermissionDenied, match="“Payroll”"):
            RoleAssignmentService.delete(elsewhere, actor=keeper)
        entry.refresh_from_db()
        RoleAssignmentService.delete(entry, actor=keeper)
        assert list(RoleAssignment.objects.all()) == [RoleAssignment.objects.get(recipient=other)]

    def test_the_list_of_entries_shows_a_keeper_those_of_the_own_recipient(self, client, keeper, facilities, dave, erin):
        RoleAssignment.objects.create(user=dave, recipient=facilities)
        theirs = RoleAssignment.objects.create(user=erin, recipient=make_recipient("Payroll"))
        client.force_login(keeper)
        body = client.get(ENTRIES).content.decode()
        assert "Dave" in body
        assert "Payroll" not in body
        assert client.get(reverse("admin:recipients_roleassignment_change", args=[theirs.pk])).status_code == 302

    def test_a_recipient_of_others_is_refused_beside_the_field(self, client, keeper, facilities, dave):
        seen = make_recipient("Payroll")
        assign_perm("view_recipient", keeper, seen)
        client.force_login(keeper)
        add = reverse("admin:recipients_roleassignment_add")
        form = {"user": dave.pk, "recipient": seen.pk, "role": "Member", "starts_on": "", "ends_on": ""}
        assert "You may not decide who belongs to “Payroll”" in client.post(add, form).content.decode()
        assert not RoleAssignment.objects.exists()
        assert client.post(add, form | {"recipient": facilities.pk}).status_code == 302
        assert RoleAssignment.objects.get().recipient == facilities

    def test_the_page_of_a_person_changes_entries_for_those_who_keep_all_of_them(self, client, editor, frank, dave, facilities):
        RoleAssignment.objects.create(user=dave, recipient=facilities)
        url = reverse("admin:recipients_user_change", args=[dave.pk])
        for person, may_change in ((editor, False), (frank, True)):
            client.force_login(person)
            formset = client.get(url).context["inline_admin_formsets"][0]
            assert (formset.has_add_permission, formset.has_change_permission, formset.has_delete_permission) == (may_change,) * 3

    def test_a_role_that_loses_the_right_loses_it_everywhere(self, frank, facilities, dave):
        assert RoleAssignmentService.save(RoleAssignment(user=dave, recipient=facilities), actor=frank)
        Group.objects.get(name=Role.STEWARD).permissions.remove(Permission.objects.get(codename="manage_members_recipient"))
        with pytest.raises(PermissionDenied):
            RoleAssignmentService.delete(RoleAssignment.objects.get(), actor=fresh(frank))
