"""Rights on single objects are given and taken on pages, by those entitled."""

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from audit.models import AccessRecord, Entry
from backoffice.permissions import Role
from notices.models import NoticeRolePermission, NoticeUserPermission
from notices.services import NoticeService
from recipients.models import User
from tests.makers import make_draft, make_group, make_person, make_recipient
from tests.notices.grants.pages import access, as_is, filled, give, revoke


# -- giving and taking ----------------------------------------------------------------------------
def test_a_right_counts_at_the_next_request_and_so_does_its_end(client, grace, bob, draft):
    """Both are signed in all along."""
    guest, page = Client(), reverse("admin:notices_notice_change", args=[draft.pk])
    guest.force_login(bob)
    client.force_login(grace)
    assert guest.get(page).status_code == 403
    answer = client.post(access(draft), filled(client, draft, person=bob.pk, verbs=["view"]), follow=True)
    assert "Bob Tester may do this from now on: see." in answer.content.decode()
    assert guest.get(page).status_code == 200
    grant = NoticeUserPermission.objects.get(user=bob)
    question = client.get(revoke(draft, grant)).content.decode()
    assert "Bob Tester was granted this on “Fire drill”: see." in question
    assert guest.get(page).status_code == 200  # asking takes nothing away
    answer = client.post(revoke(draft, grant), {"reason": "Alice is back"}, follow=True)
    assert "The right is taken from Bob Tester." in answer.content.decode()
    assert guest.get(page).status_code == 403
    told = Entry.objects.filter(model="notices.noticeuserpermission").order_by("id").values_list("user", "kind", "reason", "source")
    assert list(told) == [(grace.pk, "+", "Covers for Alice", "form"), (grace.pk, "-", "Alice is back", "form")]


def test_a_role_is_given_several_rights_at_once(client, grace, erin, draft):
    client.force_login(grace)
    role = Group.objects.get(name=Role.APPROVER)
    client.post(access(draft), filled(client, draft, role=role.pk, verbs=["change", "delete"]))
    found = NoticeRolePermission.objects.filter(content_object=draft, group=role).values_list("permission__codename", flat=True)
    assert set(found) == {"change_notice", "delete_notice"}
    page = client.get(access(draft)).content.decode()
    assert "Role Approver" in page
    assert "1 person" in page


@pytest.mark.parametrize("make", [make_recipient, make_group])
def test_recipients_and_groups_have_the_page_too(client, grace, bob, make):
    target = make("Night shift")
    client.force_login(grace)
    page = client.post(access(target), filled(client, target, person=bob.pk, verbs=["address"]), follow=True)
    assert page.status_code == 200
    assert bob.has_perm(f"recipients.address_{target._meta.model_name}", target)
    assert (
        f'href="{access(target)}"'
        in client.get(reverse(f"admin:recipients_{target._meta.model_name}_change", args=[target.pk])).content.decode()
    )


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"reason": ""}, "Say why."),
        ({"reason": "   "}, "Say why."),
        ({"verbs": []}, "Tick at least one right."),
        ({"person": ""}, "Choose who gets the right."),
        ({"role": "1"}, "Choose a person or a role, not both"),
        ({"person": "999999"}, "not one of the available choices"),
        ({"person": "x"}, "not one of the available choices"),
        ({"person": "9" * 30}, "not one of the available choices"),
        ({"verbs": ["add"]}, "not one of the available choices"),
        ({"verbs": ["publish", "fly"]}, "not one of the available choices"),
        ({"reason": "x" * 501}, "at most 500"),
    ],
)
def test_a_form_that_says_too_little_or_nonsense_is_answered_beside_the_field(client, grace, bob, draft, fields, sentence):
    client.force_login(grace)
    Group.objects.filter(pk=1).exists() or Group.objects.create(pk=1, name="First")
    before = as_is()
    page = client.post(access(draft), filled(client, draft, person=bob.pk) | fields)
    assert sentence in page.content.decode()
    assert as_is() == before


@pytest.mark.parametrize("name", ["dave", "root", "gone"])
def test_who_could_not_use_a_right_is_refused_in_words_and_what_was_typed_stays(client, grace, name, draft):
    make_person("dave"), make_person("root", staff=True, is_superuser=True), make_person("gone", staff=True, is_active=False)
    client.force_login(grace)
    person = User.objects.get(username=name)
    page = client.post(access(draft), filled(client, draft, person=person.pk)).content.decode()
    assert {"dave": "may not use the back office", "root": "may do everything already", "gone": "is inactive"}[name] in page
    assert "Covers for Alice" in page
    assert not NoticeUserPermission.objects.filter(user=person).exists()


def test_a_form_sent_twice_does_not_give_back_what_was_taken_meanwhile(client, grace, bob, draft):
    client.force_login(grace)
    data = filled(client, draft, person=bob.pk)
    client.post(access(draft), data)
    client.post(revoke(draft, NoticeUserPermission.objects.get(user=bob)), {"reason": "Mistake"})
    page = client.post(access(draft), data)
    assert "changed since you opened this page" in page.content.decode()
    assert not NoticeUserPermission.objects.filter(user=bob).exists()
    again = data | {"seen": page.context["form"]["seen"].value()}
    assert client.post(access(draft), again).status_code == 302  # now it is a decision


def test_a_confirmation_sent_twice_takes_nothing_that_was_given_since(client, grace, bob, draft):
    grant = give(bob, "publish", draft, grace)
    client.force_login(grace)
    client.post(revoke(draft, grant), {"reason": "Mistake"})
    give(bob, "publish", draft, grace)
    page = client.post(revoke(draft, grant), {"reason": "Mistake"}, follow=True)
    assert "This right is not there, or no longer." in page.content.decode()
    assert NoticeUserPermission.objects.filter(user=bob).count() == 1


def test_taking_asks_for_a_reason(client, grace, bob, draft):
    grant = give(bob, "publish", draft, grace)
    client.force_login(grace)
    assert "Say why." in client.post(revoke(draft, grant), {"reason": ""}).content.decode()
    assert NoticeUserPermission.objects.filter(user=bob).exists()


# -- who sees the page ----------------------------------------------------------------------------
def test_the_page_is_for_those_who_decide_and_those_who_review(client, grace, heidi, carol, alice, erin, frank, bob, dave, draft):
    expected = {grace: 200, heidi: 200, carol: 200, alice: 403, erin: 403, frank: 404, bob: 404, dave: 302}
    for person, status in expected.items():
        client.force_login(person)
        assert client.get(access(draft)).status_code == status, person
        tab = f'href="{access(draft)}"' in client.get(reverse("admin:notices_notice_change", args=[draft.pk]), follow=True).content.decode()
        assert tab == (status == 200), person
    assert Client().get(access(draft)).status_code == 302


def test_reviewers_read_and_change_nothing(client, carol, grace, bob, draft):
    grant = give(bob, "publish", draft, grace)
    client.force_login(carol)
    page = client.get(access(draft))
    assert page.context["form"] is None
    assert "Bob Tester" in page.content.decode()
    assert "Covers for Alice" in page.content.decode()
    assert revoke(draft, grant) not in page.content.decode()
    before = as_is()
    for address in (access(draft), revoke(draft, grant)):
        answer = client.post(address, {"person": carol.pk, "verbs": ["publish"], "reason": "x", "seen": "0"})
        assert answer.status_code == 403
    assert client.get(revoke(draft, grant)).status_code == 403
    assert as_is() == before
    assert AccessRecord.objects.filter(user=carol, page="access review", model="notices.notice", object_id=draft.pk).exists()


@pytest.mark.parametrize("name", ["alice", "erin", "frank", "bob", "dave"])
def test_nobody_else_gives_or_takes(client, request, grace, name, draft):
    actor = request.getfixturevalue(name)
    grant = give(make_person(staff=True), "view", draft, grace)
    client.force_login(actor)
    before = as_is()
    for address in (access(draft), revoke(draft, grant)):
        assert client.post(address, {"person": actor.pk, "verbs": ["publish"], "reason": "x", "seen": "0"}).status_code in {302, 403, 404}
    assert as_is() == before


def test_what_one_may_not_see_is_not_there(client, heidi, bob, alice, grace, draft):
    other = make_draft("Secret", author=alice)
    grant = give(bob, "view", other, grace)
    client.force_login(heidi)
    for address in (access(other), revoke(other, grant), access(draft).replace(str(draft.pk), "999999")):
        assert client.get(address).status_code == 404
        assert client.post(address, {"reason": "x", "person": bob.pk, "verbs": ["view"], "seen": "0"}).status_code == 404
    # The number of a grant on another object finds nothing on one's own.
    page = client.post(revoke(draft, grant), {"reason": "x"}, follow=True)
    assert "This right is not there" in page.content.decode()
    assert NoticeUserPermission.objects.filter(pk=grant.pk).exists()


def test_in_the_trash_there_is_no_page(client, grace, alice, draft):
    NoticeService.delete(draft.pk, actor=alice)
    client.force_login(grace)
    assert client.get(access(draft)).status_code == 404
