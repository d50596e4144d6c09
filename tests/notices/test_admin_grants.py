"""The pages on which rights on single objects are given, shown and taken; and every way around them that we could think of."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from guardian.shortcuts import assign_perm, remove_perm

from audit.models import AccessRecord, Entry
from backoffice.permissions import Role
from notices.models import NoticeRolePermission, NoticeUserPermission
from notices.services import NoticeService
from recipients.models import RecipientGroupUserPermission, User
from recipients.services import GrantService
from tests.makers import make_category, make_draft, make_group, make_person, make_published, make_recipient

NASTY = "<b>Bold & Co</b>"


@pytest.fixture
def draft(alice):
    return make_draft("Fire drill", author=alice)


@pytest.fixture
def heidi(db, draft):
    """Decides about this one notice, may change it, and no more; she may look people and roles up."""
    person = make_person("heidi", staff=True)
    for right in ("grant_notice", "change_notice"):
        assign_perm(right, person, draft)
    person.user_permissions.set(Permission.objects.filter(codename__in=("view_user", "view_group")))
    return person


def access(target):
    return reverse(f"admin:{target._meta.app_label}_{target._meta.model_name}_access", args=[target.pk])


def revoke(target, grant):
    kind = "person" if hasattr(grant, "user_id") else "role"
    return reverse(f"admin:{target._meta.app_label}_{target._meta.model_name}_access_revoke", args=[target.pk, f"{kind}-{grant.pk}"])


def grants_of(holder):
    return reverse("admin:auth_group_grants" if isinstance(holder, Group) else "admin:recipients_user_grants", args=[holder.pk])


def filled(client, target, **fields):
    """What the browser would post after someone opened the page and filled the form."""
    form = client.get(access(target)).context["form"]
    return {"seen": form.initial["seen"], "reason": "Covers for Alice", "verbs": ["publish"]} | fields


def as_is():
    return [list(model.objects.order_by("pk").values_list()) for model in (NoticeUserPermission, NoticeRolePermission)]


def give(holder, verb, target, actor):
    """On a notice; returns the row."""
    GrantService.grant(target, verb=verb, to=holder, actor=actor, reason="Covers for Alice")
    if isinstance(holder, Group):
        return NoticeRolePermission.objects.get(group=holder, content_object=target, permission__codename=f"{verb}_notice")
    return NoticeUserPermission.objects.get(user=holder, content_object=target, permission__codename=f"{verb}_notice")


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
