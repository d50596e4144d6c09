"""What the lists of the back office cost and their completions show. Who may open which address: `tests/matrix`."""

from contextlib import suppress

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse

from notices.services import NoticeService
from recipients.models import RoleAssignment
from tests.makers import make_category, make_draft, make_group, make_person, make_published, make_recipient

LISTS = (
    "recipients_user",
    "recipients_recipient",
    "recipients_recipientgroup",
    "recipients_roleassignment",
    "auth_group",
    "notices_category",
)


def names() -> list[tuple[str, int]]:
    """The name of each address, and how many arguments it takes."""
    patterns = [*admin.site.get_urls(), *(pattern for model_admin in admin.site._registry.values() for pattern in model_admin.get_urls())]
    return sorted({(pattern.name, pattern.pattern.regex.groups) for pattern in patterns if getattr(pattern, "name", None)})


@pytest.fixture
def world(alice, dave):
    make_category()
    recipient = make_recipient(members=(dave,))
    make_group(recipients=(recipient,))
    notice = make_published(author=alice, recipients=(recipient,))
    NoticeService.delete(make_draft(author=alice).pk, actor=alice)
    return notice


def addresses(world):
    """One address for each name, leading to something that exists where that is possible."""
    for name, count in names():
        pk = world.created_by_id if "_user_" in name else world.pk
        for arguments in {0: [()], 1: [(pk,), ("notices",)], 2: [(pk, 1), (pk, "publish")]}[count]:
            with suppress(NoReverseMatch):
                yield name, reverse(f"admin:{name}", args=arguments)
                break


def test_the_walk_finds_the_addresses(world):
    found = {name for name, _address in addresses(world)}
    assert found >= {"notices_notice_act", "notices_notice_change", "recipients_recipientgroup_trash", "autocomplete", "view_on_site"}
    assert found == {name for name, _count in names()}


@pytest.mark.parametrize(
    ("model", "field"),
    [("noticerecipient", "recipient"), ("noticerecipientgroup", "recipient_group"), ("noticeadditionalrecipient", "user")],
)
def test_completing_a_name_shows_what_the_list_would(client, bob, alice, world, model, field):
    gone = make_group("Gone")
    gone.delete(user=alice)
    parameters = {"app_label": "notices", "model_name": model, "field_name": field, "term": ""}
    client.force_login(bob)
    assert client.get(reverse("admin:autocomplete"), parameters).status_code == 403
    client.force_login(alice)
    shown = client.get(reverse("admin:autocomplete"), parameters).json()["results"]
    assert shown
    assert "Gone" not in [row["text"] for row in shown]


@pytest.mark.parametrize("name", LISTS)
def test_each_list_costs_the_same_with_one_row_and_with_thirty(client, name, db):
    client.force_login(make_person(is_superuser=True, staff=True))

    def cost():
        client.get(reverse(f"admin:{name}_changelist"))
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse(f"admin:{name}_changelist")).status_code == 200
        return len(captured)

    def add():
        recipient, person = make_recipient(), make_person()
        RoleAssignment.objects.create(user=person, recipient=recipient)
        make_group(recipients=(recipient,), people=(person,))
        make_category()

    add()
    with_one = cost()
    for _number in range(24):
        add()
    assert cost() == with_one


@pytest.mark.parametrize("kind", ["notice", "recipient"])
def test_history_costs_the_same_for_two_versions_and_for_twenty(client, alice, kind):
    client.force_login(make_person(is_superuser=True, staff=True))
    categories = [make_category(), make_category()]
    thing = make_draft(author=alice, category=categories[0]) if kind == "notice" else make_recipient()
    name = {"notice": "notices_notice", "recipient": "recipients_recipient"}[kind]

    def change(times):
        for number in range(times):
            if kind == "notice":
                thing.category = categories[(number + 1) % 2]
            else:
                thing.name = f"Name {thing.history.count()}"
            thing.save()

    def cost():
        address = reverse(f"admin:{name}_history", args=[thing.pk])
        client.get(address)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    change(2)
    with_few = cost()
    change(16)
    assert cost() == with_few
    if kind == "notice":
        page = client.get(reverse(f"admin:{name}_history", args=[thing.pk])).content.decode()
        assert page.count(str(categories[1])) > 10
