"""The pages of the Audience section: who sees what, who changes what, and that nothing leaks."""

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backoffice.permissions import Role
from recipients.models import Recipient, RecipientGroup, RecipientGroupAdditionalRecipient, RoleAssignment, User
from recipients.services import RecipientGroupService
from tests.makers import PASSWORD, make_draft, make_group, make_person, make_recipient

LISTS = ("recipients_user", "recipients_recipient", "recipients_recipientgroup", "recipients_roleassignment", "auth_group")
NASTY = "<b>Bold & Co</b>"


def page_of(name: str, *args) -> str:
    return reverse(f"admin:{name}", args=args)


def forms_of(response) -> dict:
    """What the browser would post back from a change page, untouched."""
    forms = [
        response.context["adminform"].form,
        *(f for s in response.context["inline_admin_formsets"] for f in (s.formset.management_form, *s.formset.forms)),
    ]
    data = {}
    for form in forms:
        for bound in form:
            value = bound.value()
            if bound.html_name == "is_active" or isinstance(value, bool):
                if value:
                    data[bound.html_name] = "on"
            elif value is not None:
                data[bound.html_name] = value
    return data


# -- who sees what --------------------------------------------------------------------------------
@pytest.mark.parametrize("name", LISTS)
def test_staff_without_rights_is_refused_and_strangers_sign_in(client, bob, dave, name):
    assert client.get(page_of(f"{name}_changelist")).status_code == 302
    client.force_login(bob)
    assert client.get(page_of(f"{name}_changelist")).status_code == 403
    assert client.get(page_of(f"{name}_add")).status_code == 403
    client.force_login(dave)
    assert client.get(page_of(f"{name}_changelist")).status_code == 302


def test_other_pages_refuse_staff_without_rights(client, bob, dave, frank):
    group, recipient = make_group(), make_recipient()
    client.force_login(bob)
    for url in (
        page_of("recipients_recipientgroup_people", group.pk),
        page_of("recipients_recipientgroup_restore", group.pk),
        page_of("recipients_recipient_people", recipient.pk),
        page_of("recipients_recipient_history", recipient.pk),
        page_of("recipients_recipient_delete", recipient.pk),
        page_of("recipients_recipientgroup_delete", group.pk),
        page_of("recipients_recipientgroup_trash"),
        page_of("auth_user_password_change", dave.pk),
    ):
        assert client.get(url).status_code in {403, 404}, url


def test_view_only_sees_and_cannot_change(client, carol, dave):
    group, recipient = make_group("Night shift"), make_recipient()
    assignment = RoleAssignment.objects.create(user=dave, recipient=recipient)
    client.force_login(carol)
    for name, obj in (
        ("recipients_recipientgroup", group),
        ("recipients_recipient", recipient),
        ("recipients_user", dave),
        ("recipients_roleassignment", assignment),
        ("auth_group", Group.objects.first()),
    ):
        page = client.get(page_of(f"{name}_change", obj.pk))
        assert page.status_code == 200
        assert b'name="_save"' not in page.content
        assert client.post(page_of(f"{name}_change", obj.pk), {"name": "x"}).status_code == 403
        assert client.post(page_of(f"{name}_delete", obj.pk), {}).status_code == 403


@pytest.mark.parametrize(
    "lookup", ["password__startswith=p", "password__isnull=0", "groups__permissions__codename=x", "last_login__gte=2020-01-01"]
)
def test_the_list_of_people_answers_no_question_it_does_not_offer(client, grace, lookup):
    client.force_login(grace)
    page = client.get(f"{page_of('recipients_user_changelist')}?{lookup}")
    assert page.status_code in {302, 400}
    if page.status_code == 302:
        assert page["Location"].endswith("?e=1")


def test_no_list_reaches_a_password_through_a_person(client, grace):
    client.force_login(grace)
    page = client.get(f"{page_of('recipients_roleassignment_changelist')}?user__password__startswith=pbkdf2")
    assert page.status_code in {302, 400}


def test_the_hash_of_a_password_is_shown_nowhere(client, grace, dave):
    client.force_login(grace)
    for url in (
        page_of("recipients_user_change", dave.pk),
        page_of("recipients_user_history", dave.pk),
        page_of("auth_user_password_change", dave.pk),
    ):
        page = client.get(url).content.decode()
        assert "pbkdf2" not in page
        assert dave.password[-12:] not in page


# -- people ---------------------------------------------------------------------------------------
def test_a_steward_cannot_make_himself_administrator(client, frank):
    client.force_login(frank)
    url = page_of("recipients_user_change", frank.pk)
    assert b'name="is_staff"' not in client.get(url).content
    attack = {"username": "frank", "is_superuser": "on", "is_staff": "on", "groups": [Group.objects.get(name=Role.ADMINISTRATOR).pk]}
    assert client.post(url, attack).status_code == 403
    frank.refresh_from_db()
    assert not frank.is_superuser
    assert [role.name for role in frank.groups.all()] == [Role.STEWARD]


def test_a_stewards_forged_rights_for_a_reader_are_ignored(client, frank, dave):
    client.force_login(frank)
    url = page_of("recipients_user_change", dave.pk)
    page = client.get(url)
    for field in ("is_staff", "is_superuser", "groups", "user_permissions"):
        assert f'name="{field}"'.encode() not in page.content
    administrator = Group.objects.get(name=Role.ADMINISTRATOR)
    attack = {"job_title": "Driver", "is_staff": "on", "is_superuser": "on", "groups": [administrator.pk]}
    assert client.post(url, forms_of(page) | attack).status_code == 302
    dave.refresh_from_db()
    assert (dave.job_title, dave.is_staff, dave.is_superuser, dave.groups.count()) == ("Driver", False, False, 0)


def test_a_steward_adds_readers_only(client, frank):
    client.force_login(frank)
    data = {"username": "newbie", "first_name": "New", "last_name": "Bie", "email": "n@example.org", "employee_number": "", "job_title": ""}
    data |= {"usable_password": "true", "password1": PASSWORD, "password2": PASSWORD, "is_staff": "on", "is_superuser": "on"}
    assert client.post(page_of("recipients_user_add"), data).status_code == 302
    newbie = User.objects.get(username="newbie")
    assert (newbie.is_staff, newbie.is_superuser, newbie.employee_number) == (False, False, None)
    assert newbie.check_password(PASSWORD)


def test_passwords_of_those_who_hold_rights_are_set_by_administrators(client, frank, grace, alice, dave):
    root = make_person("root", staff=True, is_superuser=True)
    new = {"usable_password": "true", "password1": "a fine new passphrase", "password2": "a fine new passphrase"}
    for actor, person, status in ((frank, alice, 403), (frank, root, 403), (frank, dave, 302), (grace, alice, 302), (grace, root, 403)):
        client.force_login(actor)
        url = page_of("auth_user_password_change", person.pk)
        assert client.get(url).status_code == (200 if status == 302 else 403)
        assert client.post(url, new).status_code == status
        assert User.objects.get(pk=person.pk).check_password(new["password1"]) == (status == 302)
    for person, actor in ((dave, frank), (alice, grace)):
        row = person.history.first()
        assert (row.history_user, row.password_changed_at is not None) == (actor, True)


def test_an_administrator_gives_roles_but_does_not_see_superuser(client, grace, dave):
    client.force_login(grace)
    url = page_of("recipients_user_change", dave.pk)
    page = client.get(url)
    assert b'name="is_superuser"' not in page.content
    author = Group.objects.get(name=Role.AUTHOR)
    assert client.post(url, forms_of(page) | {"is_staff": "on", "groups": [author.pk], "is_superuser": "on"}).status_code == 302
    dave.refresh_from_db()
    assert (dave.is_staff, dave.is_superuser, list(dave.groups.all())) == (True, False, [author])
    assert User.groups.through.history.filter(user=dave).values_list("history_type", "group", "history_user").get() == (
        "+",
        author.pk,
        grace.pk,
    )


def test_locking_oneself_out_is_explained_beside_the_field(client, grace):
    client.force_login(grace)
    url = page_of("recipients_user_change", grace.pk)
    data = forms_of(client.get(url))
    del data["is_active"]
    page = client.post(url, data)
    assert "lock yourself out" in str(page.context["adminform"].form.errors["is_active"])


def test_nobody_is_ever_deleted(client, grace, dave):
    client.force_login(grace)
    assert client.post(page_of("recipients_user_delete", dave.pk), {"post": "yes"}).status_code == 403
    client.post(page_of("recipients_user_changelist"), {"action": "delete_selected", "_selected_action": [dave.pk], "post": "yes"})
    assert User.objects.filter(pk=dave.pk).exists()


def test_an_address_that_someone_has_is_refused_beside_the_field(client, frank, dave):
    other = make_person("other")
    client.force_login(frank)
    url = page_of("recipients_user_change", dave.pk)
    page = client.post(url, forms_of(client.get(url)) | {"email": other.email.upper()})
    assert page.context["adminform"].form.errors == {"email": ["Another person has this e-mail address."]}


def test_what_someone_else_saved_meanwhile_is_not_overwritten(client, frank, grace, dave):
    client.force_login(frank)
    url = page_of("recipients_user_change", dave.pk)
    opened = forms_of(client.get(url))
    client.force_login(grace)
    assert client.post(url, forms_of(client.get(url)) | {"job_title": "Hers"}).status_code == 302
    client.force_login(frank)
    refused = client.post(url, opened | {"job_title": "His"})
    assert "Grace Tester saved this at" in refused.content.decode()
    assert User.objects.get(pk=dave.pk).job_title == "Hers"
    assert client.post(url, forms_of(refused)).status_code == 302  # told about it, he decides
    assert User.objects.get(pk=dave.pk).job_title == "His"


def test_the_groups_of_a_person_are_listed_with_the_way(client, carol, dave):
    leeds = make_recipient("Site Leeds", members=(dave,))
    make_group("Night shift", recipients=(leeds,))
    make_group("First aiders", people=(dave,))
    client.force_login(carol)
    page = client.get(page_of("recipients_user_change", dave.pk)).content.decode()
    assert "Night shift</a> (through Site Leeds)" in page
    assert "First aiders</a> (named)" in page


# -- entities, groups, assignments ----------------------------------------------------------------
def test_an_addressed_recipient_is_not_deleted_and_the_page_says_what_to_do(client, alice, frank):
    leeds = make_recipient("Site Leeds")
    make_draft(author=alice, recipients=(leeds,))
    client.force_login(frank)
    url = page_of("recipients_recipient_delete", leeds.pk)
    assert "make it inactive instead" in client.get(url).content.decode()
    page = client.post(url, {"reason": ""})
    assert page.status_code == 409
    assert "is addressed 1 time, so its record has to stay" in page.content.decode()
    assert Recipient.objects.filter(pk=leeds.pk).exists()


def test_a_group_is_deleted_by_post_and_restored_with_its_members(client, frank, dave):
    group = make_group("Night shift", people=(dave,))
    client.force_login(frank)
    url = page_of("recipients_recipientgroup_delete", group.pk)
    assert "1 people are in it now" in client.get(url).content.decode()
    assert RecipientGroup.objects.filter(pk=group.pk).exists()
    assert client.post(url, {"reason": "Merged"}).status_code == 302
    assert client.get(page_of("recipients_recipientgroup_people", group.pk)).status_code == 404
    assert "Night shift" in client.get(page_of("recipients_recipientgroup_trash")).content.decode()
    assert client.post(page_of("recipients_recipientgroup_restore", group.pk), {"code": group.code}).status_code == 302
    assert RecipientGroup.objects.filter(pk=group.pk).exists()


def test_restoring_a_group_whose_code_is_taken_asks_for_another(client, frank):
    old = make_group("Old shift")
    RecipientGroupService.delete(old.pk, actor=frank)
    RecipientGroup.objects.create(code=old.code, name="New shift")
    client.force_login(frank)
    url = page_of("recipients_recipientgroup_restore", old.pk)
    assert "The group “New shift” has its code" in client.get(url).content.decode()
    page = client.post(url, {"code": old.code})
    assert page.status_code == 409
    assert "Give it another code" in page.content.decode()
    assert client.post(url, {"code": "OTHER"}).status_code == 302


def test_members_are_added_and_removed_on_the_page_of_the_group(client, frank, dave, erin):
    group = make_group("Night shift", people=(dave,))
    client.force_login(frank)
    url = page_of("recipients_recipientgroup_change", group.pk)
    prefix = "recipientgroupadditionalrecipient_set"
    data = forms_of(client.get(url)) | {
        f"{prefix}-TOTAL_FORMS": 2,
        f"{prefix}-0-DELETE": "on",
        f"{prefix}-1-user": erin.pk,
        f"{prefix}-1-recipient_group": group.pk,
    }
    response = client.post(url, data)
    assert response.status_code == 302, response.context["errors"]
    assert [link.user for link in group.recipientgroupadditionalrecipient_set.all()] == [erin]
    links = RecipientGroupAdditionalRecipient.history.filter(history_user=frank).order_by("history_id")
    assert [(link.history_type, link.user) for link in links] == [("-", dave), ("+", erin)]


def test_the_people_of_a_group_are_shown_with_the_reason(client, frank, dave, erin):
    leeds = make_recipient("Site Leeds", members=(dave,))
    group = make_group("Night shift", recipients=(leeds,), people=(erin,))
    client.force_login(frank)
    page = client.get(page_of("recipients_recipientgroup_people", group.pk))
    assert page.context["summary"].total == 2
    assert "Night shift (group)" in page.content.decode()
    assert client.get(page_of("recipients_recipientgroup_people", group.pk) + "?only=overlapping&q=x").status_code == 200


def test_dates_the_wrong_way_round_are_refused_beside_the_field(client, frank, dave):
    client.force_login(frank)
    data = {"user": dave.pk, "recipient": make_recipient().pk, "role": "Member", "starts_on": "02/02/2026", "ends_on": "01/02/2026"}
    page = client.post(page_of("recipients_roleassignment_add"), data)
    assert page.context["adminform"].form.errors == {"ends_on": ["“Until” is before “from”. Choose the same day or a later one."]}
    assert client.post(page_of("recipients_roleassignment_add"), data | {"ends_on": "02/02/2026"}).status_code == 302
    page = client.post(page_of("recipients_roleassignment_add"), data | {"ends_on": ""})
    assert "already has this role there" in str(page.context["adminform"].form.errors["role"])


@pytest.mark.parametrize("value", ["yes", "no"])
def test_assignments_are_filtered_by_whether_they_run(client, frank, dave, value):
    RoleAssignment.objects.create(user=dave, recipient=make_recipient("Now"))
    RoleAssignment.objects.create(user=dave, recipient=make_recipient("Over"), ends_on="2020-01-01")
    client.force_login(frank)
    page = client.get(f"{page_of('recipients_roleassignment_changelist')}?current={value}")
    assert [str(a.recipient) for a in page.context["cl"].result_list] == [{"yes": "Now", "no": "Over"}[value]]


# -- roles ----------------------------------------------------------------------------------------
def test_only_administrators_change_roles(client, frank, grace):
    role = Group.objects.get(name=Role.APPROVER)
    url = page_of("auth_group_change", role.pk)
    client.force_login(frank)
    assert client.post(url, {"name": "Mine"}).status_code == 403
    client.force_login(grace)
    publish = role.permissions.get(codename="publish_notice")
    hidden = set(role.permissions.filter(content_type__model="delivery"))
    assert client.post(url, {"name": "Approver", "permissions": [publish.pk]}).status_code == 302
    assert {publish, *hidden} <= set(role.permissions.all())
    assert not role.permissions.filter(codename="view_notice").exists()


def test_a_role_that_is_held_is_not_deleted(client, grace, alice):
    client.force_login(grace)
    page = client.post(page_of("auth_group_delete", Group.objects.get(name=Role.AUTHOR).pk), {"reason": ""})
    assert "Take it away from them first" in page.content.decode()


# -- every list -----------------------------------------------------------------------------------
def _fill(count: int) -> None:
    for _ in range(count):
        person = make_person(first_name=NASTY, last_name=NASTY, job_title=NASTY)
        recipient = make_recipient(NASTY, members=(person,))
        make_group(NASTY, recipients=(recipient,), people=(person,), description=NASTY)
        Group.objects.create(name=f"{NASTY} {person.pk}")


@pytest.mark.parametrize("name", LISTS)
def test_a_list_escapes_and_costs_the_same_for_one_row_and_for_thirty(client, grace, name):
    client.force_login(grace)
    url = page_of(f"{name}_changelist")
    _fill(1)
    client.get(url)
    with CaptureQueriesContext(
        connection,
    ) as one:
        client.get(url)
    _fill(29)
    with CaptureQueriesContext(connection) as thirty:
        page = client.get(url)
    assert len(thirty) == len(one)
    assert len(one) < 30
    assert "<b>Bold" not in page.content.decode()
    assert "Bold &amp; Co" in page.content.decode()


@pytest.mark.parametrize("name", ["recipients_recipientgroup_people", "recipients_recipient_people"])
def test_a_page_of_people_escapes_and_costs_the_same(client, grace, name):
    client.force_login(grace)
    recipient = make_recipient(NASTY, members=(make_person(last_name=NASTY),))
    obj = recipient if name.startswith("recipients_recipient_") else make_group(NASTY, recipients=(recipient,))
    url = page_of(name, obj.pk)
    client.get(url)
    with CaptureQueriesContext(connection) as one:
        client.get(url)
    for _ in range(29):
        RoleAssignment.objects.create(user=make_person(last_name=NASTY), recipient=recipient)
    with CaptureQueriesContext(connection) as thirty:
        page = client.get(url)
    assert len(thirty) == len(one)
    assert "<b>Bold" not in page.content.decode()


def test_history_of_each_kind_is_shown(client, grace, dave):
    recipient, group = make_recipient("Leeds"), make_group("Night shift")
    assignment = RoleAssignment.objects.create(user=dave, recipient=recipient)
    client.force_login(grace)
    for name, obj in (("user", dave), ("recipient", recipient), ("recipientgroup", group), ("roleassignment", assignment)):
        page = client.get(page_of(f"recipients_{name}_history", obj.pk))
        assert [line.entry.kind for line in page.context["lines"]][-1] == "+", name
        assert "bo-version" in page.content.decode()


@pytest.mark.parametrize("field", ["user", "recipient"])
def test_autocomplete_offers_only_what_the_list_would(client, frank, bob, field):
    make_recipient("Leeds", members=(make_person("leeds"),))
    url = f"{reverse('admin:autocomplete')}?term=leeds&app_label=recipients&model_name=roleassignment&field_name={field}"
    client.force_login(bob)
    assert client.get(url).status_code == 403
    client.force_login(frank)
    assert len(client.get(url).json()["results"]) == 1
