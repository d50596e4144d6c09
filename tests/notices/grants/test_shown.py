"""Who has which right on what is shown, to those who may know."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from guardian.shortcuts import assign_perm

from audit.models import AccessRecord
from backoffice.permissions import Role
from notices.models import NoticeRolePermission, NoticeUserPermission
from recipients.models import RecipientGroupUserPermission, User
from recipients.services import GrantService
from tests.makers import make_category, make_draft, make_group, make_person, make_published
from tests.notices.grants.pages import access, filled, give, grants_of, revoke

NASTY = "<b>Bold & Co</b>"


# -- what is shown --------------------------------------------------------------------------------
def test_those_who_may_do_it_to_all_are_listed_apart(client, grace, bob, draft):
    make_person("root", staff=True, is_superuser=True)
    bob.user_permissions.add(Permission.objects.get(codename="publish_notice"))
    client.force_login(grace)
    page = client.get(access(draft), {"through": "everywhere"}).content.decode()
    assert "Role Approver" in page
    assert "given to this person beyond the roles" in page
    assert "1 superuser may do everything." in page


def test_a_person_and_a_role_show_all_their_rights_on_single_things(client, grace, carol, bob, draft):
    role = Group.objects.create(name="Night desk")
    bob.groups.add(role)
    group = make_group("Night shift")
    own, of_role = give(bob, "publish", draft, grace), give(role, "view", draft, grace)
    GrantService.grant(group, verb="address", to=bob, actor=grace, reason="On duty")
    on_group = RecipientGroupUserPermission.objects.get(user=bob)
    assign_perm("notices.change_category", bob, make_category("Safety"))  # of a kind without a page of its own
    links = {"own": revoke(draft, own), "group": revoke(group, on_group), "role": revoke(draft, of_role)}

    def linked(person, holder):
        client.force_login(person)
        page = client.get(grants_of(holder)).content.decode()
        assert "Fire drill" in page
        return {name for name, link in links.items() if link in page}

    assert linked(grace, bob) == {"own", "group"}  # what comes with a role is taken from the role
    assert linked(grace, role) == {"role"}
    assert linked(carol, bob) == linked(carol, role) == set()  # compliance reads
    page = client.get(grants_of(bob)).content.decode()
    for text in ("Night shift", "send notices to recipient groups", "Safety", "On duty", "the role “Night desk”", "Grace Tester"):
        assert text in page, text


def test_taking_from_there_leads_back_there(client, grace, bob, draft):
    grant = give(bob, "publish", draft, grace)
    client.force_login(grace)
    answer = client.post(revoke(draft, grant) + "?from=grants", {"reason": "Done"})
    assert answer["Location"] == grants_of(bob)
    assert "None. A right on a single notice" in client.get(grants_of(bob)).content.decode()


@pytest.mark.parametrize("name", ["alice", "erin", "frank", "bob", "dave", "heidi"])
def test_those_lists_are_for_administrators_and_reviewers(client, request, name, bob, draft):
    client.force_login(request.getfixturevalue(name))
    for holder in (bob, Group.objects.get(name=Role.APPROVER)):
        assert client.get(grants_of(holder)).status_code in {302, 403, 404}
    tab = client.get(reverse("admin:recipients_user_change", args=[bob.pk]), follow=True).content.decode()
    assert f'href="{grants_of(bob)}"' not in tab


def test_those_lists_change_nothing_and_leave_a_record(client, grace, carol, bob, draft):
    client.force_login(grace)
    assert client.post(grants_of(bob), {"reason": "x"}).status_code == 403
    client.force_login(carol)
    assert client.get(grants_of(bob)).status_code == 200
    assert AccessRecord.objects.filter(user=carol, page="access review", object_id=bob.pk).exists()


def test_a_right_of_someone_inactive_is_shown_as_without_effect(client, grace, bob, draft):
    grant = give(bob, "publish", draft, grace)
    User.objects.filter(pk=bob.pk).update(is_active=False)
    client.force_login(grace)
    assert "inactive, so without effect" in client.get(access(draft)).content.decode()
    page = client.get(grants_of(bob)).content.decode()
    assert "The account is inactive" in page
    assert revoke(draft, grant) in page


def pages(draft, holder):
    return access(draft), access(draft) + "?through=everywhere", grants_of(holder)


def test_each_page_costs_the_same_for_one_right_and_for_thirty_and_turns(client, grace, alice, bob, draft):
    for person in (bob, make_person(staff=True)):
        give(person, "publish", draft, grace)
    role = Group.objects.get(name=Role.APPROVER)
    give(role, "delete", draft, grace)
    bob.user_permissions.add(Permission.objects.get(codename="publish_notice"))
    client.force_login(grace)

    def costs():
        found = []
        for page in pages(draft, bob):
            client.get(page)
            with CaptureQueriesContext(connection) as captured:
                assert client.get(page).status_code == 200
            found.append(len(captured))
        return found

    few = costs()
    for _number in range(29):
        person = make_person(staff=True)
        give(person, "publish", draft, grace)
        person.user_permissions.add(Permission.objects.get(codename="publish_notice"))
        give(bob, "view", make_draft(author=alice), grace)
    assert costs() == few
    assert max(few) < 40
    assert len(client.get(access(draft)).context["grants"]) == 25
    assert len(client.get(access(draft) + "?p=2").context["grants"]) == 7


def test_names_and_reasons_are_escaped(client, grace):
    nasty = make_person(first_name=NASTY, last_name=NASTY, staff=True)
    role = Group.objects.create(name=NASTY)
    notice = make_published(NASTY, author=grace, people=(nasty,))
    client.force_login(grace)
    for holder in ({"person": nasty.pk}, {"role": role.pk}):
        answer = client.post(access(notice), filled(client, notice, reason=NASTY, **holder), follow=True)
        assert "<b>Bold" not in answer.content.decode()
    grants = [NoticeUserPermission.objects.get(user=nasty), NoticeRolePermission.objects.get(group=role)]
    for address in (*pages(notice, nasty), grants_of(role), *(revoke(notice, grant) for grant in grants)):
        page = client.get(address).content.decode()
        assert "<b>Bold" not in page
        assert "Bold &amp; Co" in page
