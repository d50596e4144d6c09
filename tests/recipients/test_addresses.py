"""Addresses to which mail comes back: whom the back office shows, and who may say that one works again."""

import io
import re
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from guardian.shortcuts import assign_perm

from recipients.models import AddressProblem, User
from recipients.services import AddressService
from tests.audit.exported import taken
from tests.makers import make_person

pytestmark = pytest.mark.django_db
LIST = "/admin/recipients/user/"


@pytest.fixture
def failing(dave) -> User:
    AddressService.mark(dave.pk, cause=AddressProblem.Cause.REFUSED, code="5.1.1")
    return User.objects.get(pk=dave.pk)


def works(person: User) -> str:
    return reverse("admin:recipients_user_address_works", args=[person.pk])


def text_of(response) -> str:
    """Words alone, without tags."""
    return " ".join(re.sub("<[^>]+>", " ", response.content.decode()).split())


def shown(client, query: str) -> list[str]:
    return [person.username for person in client.get(f"{LIST}?{query}").context["cl"].result_list]


def test_an_address_is_marked_once_and_none_that_is_missing(failing, dave):
    assert not AddressService.mark(dave.pk, cause=AddressProblem.Cause.REPEATED, code="5.2.2")
    assert AddressProblem.objects.get().code == "5.1.1"
    assert not AddressService.mark(make_person(email="").pk, cause=AddressProblem.Cause.REFUSED, code="5.1.1")


def test_the_list_shows_and_finds_whose_address_does_not_work(client, frank, failing, erin):
    client.force_login(frank)
    assert "Address does not work" in client.get(LIST).content.decode()
    assert shown(client, "address=fails") == ["dave"]
    make_person("nobody", email="")
    assert shown(client, "address=none") == ["nobody"]
    assert {"dave", "erin"} <= set(shown(client, "address=else"))


def test_the_page_says_what_is_wrong_and_who_may_mends_it_with_a_reason(client, frank, carol, failing):
    client.force_login(frank)
    page = client.get(f"{LIST}{failing.pk}/change/").content.decode()
    assert "There is no such mailbox (5.1.1)." in page
    assert works(failing) in page
    assert "Mail to dave@example.org came back" in client.get(works(failing)).content.decode()
    assert "Say how you know that the address works" in client.post(works(failing), {"reason": ""}).content.decode()
    assert AddressProblem.objects.exists()

    response = client.post(works(failing), {"reason": "Rang him: it works"}, follow=True)

    assert "Mail is sent to dave@example.org again" in response.content.decode()
    assert not AddressProblem.objects.exists()
    assert "Nothing is known against the address" in client.post(works(failing), {"reason": "Again"}).content.decode()
    assert works(failing) not in client.get(f"{LIST}{failing.pk}/change/").content.decode()


def test_who_may_only_look_sees_it_and_is_refused_the_act(client, carol, bob, failing):
    client.force_login(carol)
    page = client.get(f"{LIST}{failing.pk}/change/").content.decode()
    assert ("There is no such mailbox (5.1.1)." in page, works(failing) in page) == (True, False)
    assert client.post(works(failing), {"reason": "It works"}).status_code == 403
    client.force_login(bob)
    assert client.post(works(failing), {"reason": "It works"}).status_code == 404
    assert AddressProblem.objects.exists()


def test_the_history_of_the_person_tells_it(client, frank, failing):
    AddressService.works_again(failing.pk, actor=frank, reason="Rang him")
    client.force_login(frank)
    page = text_of(client.get(f"{LIST}{failing.pk}/history/"))
    assert "marked that mail to Dave Tester comes back" in page
    assert "took off the mark that mail to Dave Tester comes back" in page
    assert "Rang him" in page


class TestUnmarking:
    """By whoever runs commands on the machine, when reports were wrong."""

    def unmark(self, since: str, reason: str = "Ada of IT: the relay refused all") -> str:
        out = io.StringIO()
        call_command("unmark_addresses", since=since, reason=reason, stdout=out)
        return out.getvalue()

    def test_it_takes_off_what_was_marked_since_a_moment_and_leaves_the_rest(self, failing, erin):
        AddressService.mark(erin.pk, cause=AddressProblem.Cause.REFUSED, code="5.1.1")
        AddressProblem.objects.filter(person=erin).update(since=datetime(2026, 1, 2, tzinfo=UTC))

        assert self.unmark("2026-01-02T00:01").startswith("1 addresses are mailed again")

        assert AddressProblem.objects.get().person == erin
        gone = AddressProblem.history.filter(person_id=failing.pk).latest()
        assert (gone.history_type, gone.history_change_reason) == ("-", "Ada of IT: the relay refused all")
        assert self.unmark("2026-01-02T00:00").startswith("1 addresses")
        assert self.unmark("2026-01-02T00:00+00:00").startswith("0 addresses")

    @pytest.mark.parametrize(
        ("since", "reason", "why"), [("yesterday", "Ada", "is no moment"), ("2026-01-02T00:00", " ", "Say why, and who you are")]
    )
    def test_it_needs_a_moment_and_a_reason(self, failing, since, reason, why):
        with pytest.raises(CommandError, match=why):
            self.unmark(since, reason)
        assert AddressProblem.objects.exists()


class TestToday:
    def card(self, client, user) -> tuple[bool, bool]:
        client.force_login(user)
        page = client.get("/admin/").content.decode()
        return "Addresses that do not work" in page, "?address=fails&amp;is_active__exact=1" in page

    def test_those_who_may_change_people_are_led_to_the_list(self, client, frank, grace, failing):
        for user in (frank, grace):
            assert self.card(client, user) == (True, True)
        assert (
            '<a href="/admin/recipients/user/?address=fails&amp;is_active__exact=1">1 person</a>' in client.get("/admin/").content.decode()
        )

    def test_nobody_else_is_told(self, client, alice, bob, carol, failing):
        for user in (alice, bob, carol):
            assert self.card(client, user) == (False, False)

    def test_one_who_may_change_a_single_person_counts_that_one(self, client, bob, failing, erin):
        AddressService.mark(erin.pk, cause=AddressProblem.Cause.REFUSED, code="5.1.1")
        assign_perm("recipients.change_user", bob, failing)
        assert self.card(client, bob) == (True, True)
        assert ">1 person</a>" in client.get("/admin/").content.decode()

    def test_there_is_no_card_without_one_nor_for_those_who_left(self, client, frank, failing):
        User.objects.filter(pk=failing.pk).update(is_active=False)
        assert self.card(client, frank) == (False, False)


@pytest.mark.django_db(transaction=True)
def test_the_list_is_taken_away_with_it(client, grace, failing):
    client.force_login(grace)
    [row] = taken(client, "people", address="fails")
    assert (row["E-mail"], row["Address does not work"], row["Address does not work: code"]) == (
        "dave@example.org",
        "Refused for good",
        "5.1.1",
    )
    assert row["Address does not work since (UTC)"]
