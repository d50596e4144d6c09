"""What comms see of mails that came back, and what becomes of the next notice."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from notices.models import Bounce, Delivery
from notices.services.bounces import BounceService
from notices.tasks import send_notice_notifications
from recipients.services import AddressService
from tests.audit.exported import taken
from tests.makers import make_draft, make_person, make_published
from tests.notices.bounces.conftest import report, send

pytestmark = pytest.mark.django_db


def tab(client, delivery: Delivery, query: str = "") -> str:
    url = reverse("admin:notices_notice_delivery", args=[delivery.notice_id])
    response = client.get(f"{url}?{query}")
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_the_delivery_tab_says_that_a_mail_came_back_and_why(client, alice, sent):
    client.force_login(alice)
    assert "taken came back" not in tab(client, sent)
    BounceService.take(report("postfix-no-such-user", sent))

    page = tab(client, sent)

    assert '<a href="?state=came_back">1</a> mail that the mail server had taken came back. This person has the notice' in page
    assert "Came back for good" in page
    assert "There is no such mailbox (5.1.1)." in page
    assert "The mail server said: 550 5.1.1 &lt;…&gt;: Recipient address rejected" in page


def test_what_a_stranger_wrote_is_text(client, alice, sent):
    client.force_login(alice)
    raw = report("postfix-no-such-user", sent).replace(b"User unknown in virtual", b"<script>alert(1)</script> unknown user")
    BounceService.take(raw)
    page = tab(client, sent)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert(1)" not in page


def test_a_delay_is_said_and_is_not_among_those_that_came_back(client, alice, sent):
    client.force_login(alice)
    BounceService.take(report("postfix-delayed", sent))
    assert "Delayed" in tab(client, sent)
    assert "that the mail server had taken came back" not in tab(client, sent)
    assert "Nobody matches." in tab(client, sent, "state=came_back")


def test_a_late_word_of_a_delay_does_not_hide_that_it_came_back(client, alice, sent):
    client.force_login(alice)
    for name in ("gmail", "postfix-delayed"):
        BounceService.take(report(name, sent))
    assert "Came back for good" in tab(client, sent)


def test_the_tab_can_be_narrowed_to_those_that_came_back_and_the_balance_stays(client, alice, dave, erin):
    notice = make_published(author=alice, people=(dave, erin))
    back, arrived = send(notice, dave), send(notice, erin)
    BounceService.take(report("gmail", back))
    client.force_login(alice)
    assert "erin@example.org" in tab(client, arrived)

    page = tab(client, back, "state=came_back")

    assert "dave@example.org" in page
    assert "erin@example.org" not in page
    assert Delivery.objects.filter(notice=notice, state="sent").count() == 2


def test_thirty_that_came_back_cost_no_more_queries_than_one(client, alice):
    people = [make_person(f"p{number}") for number in range(25)]
    notice = make_published(author=alice, people=tuple(people))
    deliveries = [send(notice, person) for person in people]
    client.force_login(alice)
    counts = []
    for part in (deliveries[:1], deliveries[1:]):
        for delivery in part:
            BounceService.take(report("gmail", delivery, address=delivery.person.email))
        tab(client, deliveries[0])
        with CaptureQueriesContext(
            connection,
        ) as queries:
            tab(client, deliveries[0])
        counts.append(len(queries))
    assert counts[0] == counts[1]


class TestTheNextNotice:
    def test_no_mail_is_owed_to_an_address_that_does_not_work_and_the_row_says_what_to_do(self, client, alice, dave, erin, sent, mailbox):
        BounceService.take(report("gmail", sent))
        notice = make_published("Next", author=alice, people=(dave, erin))

        send_notice_notifications(notice.pk)

        assert mailbox.recipients == [erin.email]
        row = Delivery.objects.get(notice=notice, person=dave)
        assert (row.state, row.reason) == (
            "suppressed",
            "Mail to this address comes back. Correct it on the page of the person. The notice is in the inbox.",
        )
        client.force_login(dave)
        assert "Next" in client.get("/inbox/").content.decode()

    def test_it_is_mailed_again_when_the_address_works_again(self, alice, dave, frank, sent, mailbox):
        BounceService.take(report("gmail", sent))
        AddressService.works_again(dave.pk, actor=frank, reason="It works")
        notice = make_published("Next", author=alice, people=(dave,))
        send_notice_notifications(notice.pk)
        assert mailbox.recipients == [dave.email]

    def test_the_numbers_before_publishing_say_so(self, client, alice, dave, erin, sent):
        BounceService.take(report("gmail", sent))
        draft = make_draft("Next", author=alice, people=(dave, erin))
        client.force_login(alice)
        for page in ("audience", "act"):
            arguments = [draft.pk] if page == "audience" else [draft.pk, "publish"]
            text = client.get(reverse(f"admin:notices_notice_{page}", args=arguments)).content.decode()
            assert "Mail to 1 comes back: none is sent there until the address is corrected." in text
        narrowed = client.get(reverse("admin:notices_notice_audience", args=[draft.pk]), {"only": "address_fails"}).content.decode()
        assert dave.email in narrowed
        assert erin.email not in narrowed


@pytest.mark.django_db(transaction=True)
def test_the_list_of_the_tab_is_taken_away_with_it(client, alice, sent):
    BounceService.take(report("gmail", sent))
    client.force_login(alice)
    [row] = taken(client, "delivery", sent.notice_id, state="came_back")
    assert (row["State"], row["Came back with code"]) == ("Sent", "5.1.1")
    assert row["Came back (UTC)"] == "2026-11-23T09:12:46Z"
    assert "The email account that you tried to reach does not exist" in row["The mail server said"]
    BounceService.take(report("postfix-delayed", sent))
    assert Bounce.objects.count() == 2
    assert taken(client, "delivery", sent.notice_id)[0]["Came back with code"] == "5.1.1"
