"""The Delivery tab: what stands there, what it offers to whom, and what each of its buttons asks and does."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from guardian.shortcuts import assign_perm

from backoffice.clock import today
from notices.exceptions import NoticeError
from notices.mail.mailer import server_in_use
from notices.models import Delivery, MailServer, SendingPause
from notices.services import DeliveryService, NoticeService
from recipients.models import AddressProblem
from tests.makers import make_draft, make_person, make_published

State = Delivery.State
GONE = "The mail server refused it: 550 No such user"


@pytest.fixture
def notice(alice):
    return make_published(author=alice, people=tuple(make_person(f"reader{n}") for n in range(4)))


@pytest.fixture
def author(client, alice):
    client.force_login(alice)
    return client


def tab(notice, name="delivery"):
    return reverse(f"admin:notices_notice_{name}", args=[notice.pk])


def act(notice, slug):
    return reverse("admin:notices_notice_act", args=[notice.pk, slug])


def one(mail, slug):
    return reverse(f"admin:notices_notice_mail_{slug}", args=[mail.notice_id, mail.pk])


def text(response) -> str:
    return " ".join(response.content.decode().split())


def buttons(client, notice) -> list[str]:
    return [button.text for button in client.get(tab(notice)).context["header"].buttons]


def become(state, count=1, **fields) -> list[Delivery]:
    mails = list(Delivery.objects.filter(state="waiting").order_by("pk")[:count])
    Delivery.objects.filter(pk__in=[mail.pk for mail in mails]).update(state=state, **fields)
    return [Delivery.objects.get(pk=mail.pk) for mail in mails]


def test_each_line_says_how_often_it_was_tried_when_again_and_why(author, notice):
    become("retry", attempts=3, next_attempt_at=timezone.now() + timedelta(hours=1), reason="The mail server asked to try later: 450 Busy")
    become("failed", attempts=2, next_attempt_at=timezone.now(), reason=GONE)
    become("waiting", next_attempt_at=timezone.now() - timedelta(hours=1))
    assert "<td>soon</td>" in text(author.get(f"{tab(notice)}?state=waiting"))
    retry, failed = (author.get(f"{tab(notice)}?state={state}") for state in ("retry", "failed"))
    [row] = retry.context["page"].object_list
    assert (row.attempts, row.next_try_at is not None) == (3, True)
    assert "450 Busy" in text(retry)
    [row] = failed.context["page"].object_list
    assert (row.attempts, row.next_try_at) == (2, None)
    assert GONE in text(failed)


class TestTheButtons:
    def test_they_say_how_many_mails_they_are_about(self, author, notice):
        become("failed")
        become("unknown")
        offered = buttons(author, notice)
        for button in ("Retry 1 failed", "Take 1 in doubt as arrived", "Send again to 1 in doubt", "Pause sending", "Cancel 2 mails"):
            assert button in offered
        Delivery.objects.update(state="sent")
        assert buttons(author, notice) == ["Change…", "Remind everyone outstanding", "Withdraw"]

    @pytest.mark.parametrize("slug", ["pause", "cancel-mails", "take-as-arrived", "send-again", "resume"])
    def test_each_needs_the_right_to_publish_this_very_notice(self, client, notice, alice, carol, bob, slug):
        become("failed")
        become("unknown")
        if slug == "resume":
            DeliveryService.pause(notice.pk, actor=alice, reason="A wrong link.")
        before = list(Delivery.objects.order_by("pk").values_list("state", flat=True)), SendingPause.objects.count()
        for person, answer in ((carol, 403), (bob, 404)):
            client.force_login(person)
            assert client.post(act(notice, slug), {"reason": "Because."}).status_code == answer
        assert (list(Delivery.objects.order_by("pk").values_list("state", flat=True)), SendingPause.objects.count()) == before
        client.force_login(alice)
        assert client.get(act(notice, slug)).status_code == 200  # asks, and changes nothing
        assert (list(Delivery.objects.order_by("pk").values_list("state", flat=True)), SendingPause.objects.count()) == before
        assert client.post(act(notice, slug), {"reason": "Because."}).url == tab(notice)
        assert (list(Delivery.objects.order_by("pk").values_list("state", flat=True)), SendingPause.objects.count()) != before

    @pytest.mark.parametrize("slug", ["pause", "cancel-mails"])
    def test_what_holds_mails_back_needs_a_reason(self, author, notice, slug):
        refused = author.post(act(notice, slug), {"reason": " "})
        assert refused.context["form"].errors["reason"]
        assert not SendingPause.objects.exists()
        assert Delivery.objects.to_do().count() == 4

    def test_cancelling_asks_with_the_number_and_says_what_was_done(self, author, notice):
        become("claimed", fence=1)
        page = text(author.get(act(notice, "cancel-mails")))
        assert "4 mails about “Fire drill” that have not left never will." in page
        assert "The one mail that each worker is sending at this moment may still arrive." in page
        done = author.post(act(notice, "cancel-mails"), {"reason": "Told in person."}, follow=True)
        assert "3 mails cancelled. “Fire drill” stays on show." in text(done)
        assert "Alice Tester cancelled the mail: Told in person." in text(done)

    def test_what_somebody_else_did_meanwhile_is_said_and_done_once(self, author, notice, alice):
        DeliveryService.pause(notice.pk, actor=alice, reason="A wrong link.")
        again = author.post(act(notice, "pause"), {"reason": "A wrong link."}, follow=True)
        assert "is paused already" in text(again)
        author.post(act(notice, "resume"))
        assert "is not paused" in text(author.post(act(notice, "resume"), follow=True))


class TestPaused:
    def test_every_page_of_the_notice_says_since_when_by_whom_and_why(self, author, notice):
        author.post(act(notice, "pause"), {"reason": "A wrong link."})
        for name in ("change", "delivery", "readers"):
            page = author.get(tab(notice, name))
            assert "by Alice Tester: A wrong link." in page.context["header"].halt
            assert page.context["header"].halt in page.content.decode()
        assert text(author.get(tab(notice))).count("when sending resumes") == 4
        assert "Sending is paused: 4 mails to go." in text(author.get(tab(notice, "figures")))
        assert "Resume sending" in buttons(author, notice)
        assert "Pause sending" not in buttons(author, notice)

    def test_resuming_says_how_many_mails_go_on(self, author, notice):
        author.post(act(notice, "pause"), {"reason": "A wrong link."})
        assert "4 mails about “Fire drill” go on their way." in text(author.get(act(notice, "resume")))
        assert "Sending goes on: 4 mails to go." in text(author.post(act(notice, "resume"), follow=True))

    def test_it_outlives_a_withdrawal_and_publishing_anew_says_so(self, author, notice, alice):
        DeliveryService.pause(notice.pk, actor=alice, reason="A wrong link.")
        NoticeService.withdraw(notice.pk, actor=alice)
        assert "nobody is mailed until somebody resumes it" in text(author.get(act(notice, "publish")))
        assert "Resume sending" in buttons(author, notice)


class TestWhyNoneLeaves:
    def test_a_mail_server_that_is_away_is_named_with_what_it_said(self, author, notice, mailbox):
        now = timezone.now()
        server = MailServer(pk=server_in_use(), failures=2, away_since=now, next_try_at=now + timedelta(minutes=5), problem="Timed out.")
        server.save()
        page = text(author.get(tab(notice)))
        assert f"4 mails to go. The mail server {server.pk} has been away since" in page
        assert "and is tried again on" in page
        assert "Timed out." in page
        MailServer.objects.update(failures=0)
        assert "has been away" not in text(author.get(tab(notice)))

    def test_a_server_that_is_not_used_any_more_stops_nothing(self, author, notice):
        MailServer.objects.create(address="old.example.org:25", failures=9, away_since=timezone.now(), next_try_at=timezone.now())
        assert "4 mails are on their way." in text(author.get(tab(notice)))

    def test_a_restored_copy_waits_for_an_epoch(self, author, notice, monkeypatch):
        monkeypatch.setattr("notices.admin.standing.why_sending_is_off", lambda: "An older copy of the database was restored.")
        assert "Nothing is sent until an administrator starts a new epoch" in text(author.get(tab(notice)))


class TestLive:
    def test_it_asks_again_while_mails_are_to_leave_and_then_offers_the_list_anew(self, author, notice):
        assert 'hx-trigger="every 2s"' in text(author.get(tab(notice)))
        Delivery.objects.update(state="sent")
        last = text(author.get(tab(notice, "figures")))
        assert "hx-trigger" not in last
        assert "No mail is on its way any more." in last
        assert "No mail is on its way any more." not in text(author.get(tab(notice)))

    def test_what_begins_later_is_not_asked_for(self, author, alice, dave):
        later = make_draft(author=alice, people=(dave,), start_date=today() + timedelta(days=3))
        NoticeService.publish(later.pk, actor=alice)
        assert "hx-trigger" not in text(author.get(tab(later, "figures")))


class TestOnePerson:
    def test_in_doubt_it_is_decided_person_by_person(self, author, notice):
        first, second = become("unknown", 2, reason="The mail may have arrived.")
        page = text(author.get(tab(notice)))
        assert page.count(">It arrived<") == 2
        assert f"The mail to {first.person} may have arrived." in text(author.get(one(first, "arrived")))
        assert Delivery.objects.filter(state="unknown").count() == 2  # asked, and nothing else

        said = author.post(one(first, "arrived"), {"reason": "They told me."}, follow=True)
        assert f"The mail to {first.person} counts as sent." in text(said)
        first.refresh_from_db()
        assert (first.state, first.reason) == ("sent", "Alice Tester decided that it arrived. They told me.")
        author.post(one(second, "again"))
        second.refresh_from_db()
        assert second.state == "waiting"

    def test_after_the_address_is_mended_the_mail_goes_there(self, author, notice, mailbox):
        [mail] = become("failed", reason=GONE)
        Delivery.objects.filter(state="waiting").update(state="sent")
        mail.person.email = "mended@example.org"
        mail.person.save()
        assert "is mailed again, at mended@example.org." in text(author.get(one(mail, "again")))
        author.post(one(mail, "again"))
        DeliveryService.deliver(notice.pk)
        assert mailbox.recipients == ["mended@example.org"]

    def test_without_an_address_there_is_nowhere_to_send_it(self, author, notice):
        [mail] = become("suppressed")
        mail.person.email = ""
        mail.person.save()
        assert "nothing to decide" in text(author.get(one(mail, "again"), follow=True))
        mail.person.email = "new@example.org"
        mail.person.save()
        assert author.get(one(mail, "again")).status_code == 200

    def test_of_whom_it_is_no_longer_asked_nobody_mails_again(self, author, notice):
        [mail] = become("failed", closed_at=timezone.now(), closed_why="left")
        assert ">Send again<" not in text(author.get(tab(notice)))
        assert "nothing to decide" in text(author.post(one(mail, "again"), follow=True))
        with pytest.raises(NoticeError, match="nothing to decide"):
            DeliveryService.send_again(notice.pk, actor=notice.created_by, delivery_id=mail.pk)
        mail.refresh_from_db()
        assert mail.state == "failed"

    def test_nothing_goes_to_an_address_from_which_mail_comes_back(self, author, notice, alice, mailbox):
        first, second, *_rest = become("failed", 2)
        Delivery.objects.filter(state="waiting").update(state="sent")
        AddressProblem.objects.create(person=first.person, cause="refused", code="5.1.1", since=timezone.now())
        page = text(author.get(f"{tab(notice)}?state=failed"))
        assert (one(first, "again") in page, one(second, "again") in page) == (False, True)
        author.post(act(notice, "send-again"))
        DeliveryService.deliver(notice.pk)
        assert mailbox.recipients == [second.person.email]
        first.refresh_from_db()
        assert (first.state, first.reason) == ("suppressed", "Mail to this address comes back. Correct it on the page of the person.")

    @pytest.mark.parametrize(("slug", "state"), [("arrived", "failed"), ("arrived", "sent"), ("again", "sent"), ("again", "claimed")])
    def test_what_is_decided_is_not_decided_again(self, author, notice, slug, state):
        [mail] = become(state, fence=1)
        answer = author.post(one(mail, slug), {"reason": ""}, follow=True)
        assert "There is nothing to decide about this mail any more." in text(answer)
        mail.refresh_from_db()
        assert mail.state == state

    @pytest.mark.parametrize("slug", ["arrived", "again"])
    def test_it_needs_the_right_to_publish_and_to_see_people(self, client, notice, alice, carol, bob, slug):
        [mail] = become("unknown")
        publisher = make_person("paul", staff=True)
        for right in ("notices.view_notice", "notices.publish_notice"):
            assign_perm(right, publisher, notice)
        for person, answer in ((carol, 403), (publisher, 403), (bob, 404)):
            client.force_login(person)
            assert client.post(one(mail, slug), {"reason": ""}).status_code == answer
            mail.refresh_from_db()
            assert mail.state == "unknown"
        client.force_login(carol)
        assert "It arrived" not in text(client.get(tab(notice)))
        client.force_login(alice)
        assert client.post(one(mail, slug), {"reason": ""}).status_code == 302

    def test_a_mail_about_another_notice_is_not_found(self, author, notice, alice):
        other = make_published("Other", author=alice, people=(make_person(),))
        mail = Delivery.objects.filter(notice=other).get()
        assert author.get(reverse("admin:notices_notice_mail_again", args=[notice.pk, mail.pk])).status_code == 404
