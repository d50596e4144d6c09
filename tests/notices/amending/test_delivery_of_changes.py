"""Mails that tell of a change have a balance of their own on the Delivery tab, where they are listed, decided about and exported too."""

import pytest
from django.core.cache import cache
from django.urls import reverse
from guardian.shortcuts import assign_perm

from notices.models import Delivery
from notices.services import DeliveryService, NoticeService
from tests.audit.exported import taken
from tests.makers import make_person
from tests.notices.amending.steps import amend, write

GONE = "The mail server refused it: 550 No such user"


@pytest.fixture
def told(notice, alice):
    """Everyone had the notice; of its first change, dave was told in vain and erin's mail waits."""
    Delivery.objects.update(state="sent")
    write(notice, alice, title="Fire drill moved")
    amend(notice, "tell", alice)
    Delivery.objects.filter(kind="change", person__username="dave").update(state="failed", reason=GONE)
    return notice


@pytest.fixture
def author(client, alice):
    client.force_login(alice)
    return client


def tab(notice, name="delivery"):
    return reverse(f"admin:notices_notice_{name}", args=[notice.pk])


def text(response) -> str:
    return " ".join(response.content.decode().split())


def balance(response) -> dict[int, dict[str, int]]:
    parts = ("people", "on_their_way", "sent", "failed", "unknown", "not_mailed", "came_back")
    return {told.change.number: {part: getattr(told, part) for part in parts} for told in response.context["changes_told"]}


def people_on(response) -> list[str]:
    return [row.person.username for row in response.context["page"].object_list]


class TestTheTab:
    def test_each_change_that_was_told_has_a_balance_which_adds_up(self, author, told, alice):
        told.refresh_from_db()
        write(told, alice, title="Fire drill moved again")
        amend(told, "tell", alice)
        Delivery.objects.filter(occasion=2, person__username="erin").update(state="unknown")
        found = balance(author.get(tab(told)))
        nothing = {"on_their_way": 0, "sent": 0, "failed": 0, "unknown": 0, "not_mailed": 0, "came_back": 0}
        assert found == {
            2: nothing | {"people": 2, "on_their_way": 1, "unknown": 1},
            1: nothing | {"people": 2, "on_their_way": 1, "failed": 1},
        }
        for numbers in found.values():
            assert numbers["people"] == sum(numbers[part] for part in ("on_their_way", "sent", "failed", "unknown", "not_mailed"))

    def test_the_balance_of_the_notice_itself_stays_as_it_was(self, author, told):
        figures = author.get(tab(told)).context["figures"]
        assert (figures["expected"], figures["sent"], figures["failed"]) == (2, 2, 0)

    def test_it_counts_by_itself_until_the_last_of_them_has_left(self, author, told):
        page = text(author.get(tab(told, "figures")))
        assert "1 mail is on its way." in page
        assert 'hx-trigger="every 2s"' in page
        assert "Told of changes" in page
        Delivery.objects.filter(state="waiting").update(state="sent")
        assert "hx-trigger" not in text(author.get(tab(told, "figures")))

    def test_nothing_stands_there_where_nobody_was_told_of_a_change(self, author, notice, alice):
        Delivery.objects.update(state="sent")
        for number, kind in enumerate(("typo", "material"), 1):
            write(notice, alice, title=f"Title {number}")
            amend(notice, kind, alice)
            notice.refresh_from_db()
        page = author.get(tab(notice))
        assert balance(page) == {}
        assert "Told of changes" not in text(page)

    def test_it_lists_person_by_person_who_was_told_and_why_not(self, author, told):
        assert people_on(author.get(tab(told))) == ["dave", "erin"]
        assert GONE not in text(author.get(tab(told)))
        page = author.get(f"{tab(told)}?change=1&state=failed")
        assert people_on(page) == ["dave"]
        assert GONE in text(page)
        assert people_on(author.get(f"{tab(told)}?change=7")) == []

    @pytest.mark.parametrize("number", ["abc", "-1", "1.5", "9" * 40])
    def test_what_is_no_number_of_a_change_is_not_found(self, author, told, number):
        assert author.get(f"{tab(told)}?change={number}").status_code == 404
        assert author.post(f"{reverse('admin:export_delivery', args=[told.pk])}?change={number}", {"format": "csv"}).status_code == 404


class TestDeciding:
    def test_the_button_and_the_list_are_about_the_same_mails(self, author, told, mailbox):
        assert "Retry 1 failed" in text(author.get(tab(told)))
        author.post(reverse("admin:notices_notice_act", args=[told.pk, "send-again"]))
        assert balance(author.get(tab(told)))[1]["on_their_way"] == 2
        DeliveryService.deliver(told.pk)
        assert mailbox.to("dave@example.org")[0]["Subject"] == "Changed: Fire drill moved"
        assert balance(author.get(tab(told)))[1]["sent"] == 2

    def test_one_mail_is_decided_about_and_the_list_it_was_chosen_from_comes_back(self, author, told):
        mail = Delivery.objects.get(kind="change", state="failed")
        again = reverse("admin:notices_notice_mail_again", args=[told.pk, mail.pk])
        assert again in text(author.get(f"{tab(told)}?change=1"))
        assert author.post(again).url == f"{tab(told)}?state=failed&change=1"
        mail.refresh_from_db()
        assert mail.state == "waiting"

    def test_withdrawing_calls_off_what_was_still_to_be_told(self, author, told, alice):
        NoticeService.withdraw(told.pk, actor=alice)
        assert balance(author.get(tab(told)))[1] | {"on_their_way": 0, "not_mailed": 1} == balance(author.get(tab(told)))[1]


def test_today_names_the_change_and_leads_to_its_mails(author, told):
    cache.clear()
    sections = author.get(reverse("admin:today_progress")).context["sections"]
    [row] = next(section for section in sections if section.slug == "stuck").rows
    assert row.what == f"Told of change 1: 1 mail failed. {GONE}."
    assert people_on(author.get(row.url)) == ["dave"]


def test_names_are_for_who_may_see_people_and_numbers_for_who_may_see_the_notice(client, told):
    watcher = make_person("watcher", staff=True)
    assign_perm("notices.view_notice", watcher, told)
    client.force_login(watcher)
    page = client.get(f"{tab(told)}?change=1")
    assert balance(page)[1]["failed"] == 1
    assert "Dave" not in page.content.decode()


@pytest.mark.django_db(transaction=True)  # an export reads on a connection of its own
def test_the_export_is_the_list_of_the_page(author, told):
    assert sorted(row["State"] for row in taken(author, "delivery", told.pk, change=1)) == ["Failed", "Waiting"]
    assert [row["State"] for row in taken(author, "delivery", told.pk)] == ["Sent", "Sent"]
