"""Every way around the pages of rights that we could think of."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse
from guardian.shortcuts import remove_perm

from backoffice.permissions import Role
from notices.models import NoticeRolePermission, NoticeUserPermission
from tests.makers import make_draft, make_person
from tests.notices.grants.pages import access, as_is, filled, give, revoke


# -- ways around ----------------------------------------------------------------------------------
@pytest.mark.parametrize("verb", ["publish", "delete", "destroy", "grant", "approve", "restore"])
@pytest.mark.parametrize("to", ["self", "own_role", "superuser", "other"])
def test_whoever_decides_posts_in_vain_what_they_have_not_got(client, heidi, bob, draft, verb, to):
    role = Group.objects.create(name="Night desk")
    heidi.groups.add(role)
    root = make_person("root", staff=True, is_superuser=True)
    client.force_login(heidi)
    holders = {"self": {"person": heidi.pk}, "own_role": {"role": role.pk}, "superuser": {"person": root.pk}, "other": {"person": bob.pk}}
    before = as_is()
    page = client.post(access(draft), filled(client, draft, verbs=[verb], **holders[to]))
    assert page.status_code == 200
    assert page.context["form"].errors
    assert set(dict(page.context["form"].fields["verbs"].choices)) == {"view", "change"}
    assert as_is() == before


def test_fields_that_the_form_does_not_show_change_nothing(client, heidi, bob, alice, draft):
    other = make_draft("Secret", author=alice)
    extra = {
        "content_object": other.pk,
        "object_id": other.pk,
        "content_type": 1,
        "user": heidi.pk,
        "group": Group.objects.get(name=Role.READER).pk,
        "permission": Permission.objects.get(codename="destroy_notice").pk,
        "is_superuser": "on",
        "form-0-verbs": "destroy",
        "to": heidi.pk,
    }
    client.force_login(heidi)
    mine = NoticeUserPermission.objects.filter(user=heidi).count()
    assert client.post(access(draft), filled(client, draft, person=bob.pk, verbs=["view"], **extra)).status_code == 302
    new = NoticeUserPermission.objects.get(user=bob)
    assert (new.content_object, new.permission.codename) == (draft, "view_notice")
    assert NoticeUserPermission.objects.filter(user=heidi).count() == mine
    assert not NoticeRolePermission.objects.exists()


def test_a_right_that_was_taken_between_page_and_post_is_not_used(client, heidi, bob, grace, draft):
    grant = give(bob, "view", draft, grace)
    client.force_login(heidi)
    data = filled(client, draft, person=bob.pk, verbs=["change"])
    client.get(revoke(draft, grant))
    remove_perm("grant_notice", heidi, draft)
    before = as_is()
    assert client.post(access(draft), data).status_code == 403
    assert client.post(revoke(draft, grant), {"reason": "x"}).status_code == 403
    assert as_is() == before


def test_so_is_one_that_they_could_have_given_on(client, heidi, bob, draft):
    client.force_login(heidi)
    data = filled(client, draft, person=bob.pk, verbs=["change"])
    remove_perm("change_notice", heidi, draft)
    assert client.post(access(draft), data).status_code == 200
    assert not NoticeUserPermission.objects.filter(user=bob).exists()


def test_the_right_to_decide_is_taken_by_administrators_or_laid_down(client, heidi, grace, bob, draft):
    other = give(bob, "grant", draft, grace)
    own = NoticeUserPermission.objects.get(user=heidi, permission__codename="grant_notice")
    client.force_login(heidi)
    page = client.get(access(draft)).content.decode()
    assert revoke(draft, other) not in page
    assert revoke(draft, own) in page
    assert client.post(revoke(draft, other), {"reason": "x"}).status_code == 403
    assert client.post(revoke(draft, own), {"reason": "Moving on"}).status_code == 302
    assert set(NoticeUserPermission.objects.filter(permission__codename="grant_notice").values_list("user", flat=True)) == {bob.pk}


def test_whoever_may_not_see_roles_or_people_is_offered_none(client, heidi, bob, draft):
    role = Group.objects.get(name=Role.APPROVER)
    heidi.user_permissions.remove(Permission.objects.get(codename="view_group"))
    client.force_login(heidi)
    assert "role" not in client.get(access(draft)).context["form"].fields
    page = client.post(access(draft), filled(client, draft, role=role.pk, verbs=["view"]))
    assert "Choose who gets the right." in page.content.decode()
    heidi.user_permissions.clear()
    page = client.get(access(draft))
    assert "you see no people and no roles" in page.content.decode()
    assert client.post(access(draft), filled(client, draft, person=bob.pk, role=role.pk, verbs=["view"])).status_code == 200
    assert not NoticeUserPermission.objects.filter(user=bob).exists()
    assert not NoticeRolePermission.objects.exists()


def test_a_foreign_site_cannot_post(grace, bob, draft):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(grace)
    assert strict.post(access(draft), filled(strict, draft, person=bob.pk)).status_code == 403
    assert not NoticeUserPermission.objects.filter(user=bob).exists()


@pytest.mark.parametrize(("field", "word"), [("user", "bob"), ("group", "appr")])
def test_the_choosers_answer_only_whoever_may_see_the_list(client, heidi, bob, draft, field, word):
    model = "noticeuserpermission" if field == "user" else "noticerolepermission"
    url = f"{reverse('admin:autocomplete')}?term={word}&app_label=notices&model_name={model}&field_name={field}"
    client.force_login(heidi)
    assert len(client.get(url).json()["results"]) == 1
    client.force_login(bob)
    assert client.get(url).status_code == 403
