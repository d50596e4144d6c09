"""Who hears of a change, by mail and in the inbox; and how the trail tells it."""

import pytest
from django.urls import reverse

from audit.models import Entry
from audit.sentences import sentences_of
from notices.approval_mail import ApprovalMailer
from notices.models import Approval, Delivery
from notices.services import DeliveryService, NoticeService
from notices.services.approval_mail import ApprovalMailService
from notices.services.publishing import Confirmation
from tests.notices.amending.steps import NEW, WHY, amend, hand_in, write


def said(message, kind="plain"):
    return message.get_body([kind]).get_content().replace("\r\n", "\n")


class TestMail:
    def test_tell_only_says_what_changed_and_why_and_shows_the_new_text(self, mailbox, notice, alice):
        DeliveryService.deliver(notice.pk)
        mailbox.__init__()
        write(notice, alice, title="Fire drill moved")
        amend(notice, "tell", alice)
        assert DeliveryService.deliver(notice.pk) == 2
        [message] = mailbox.to("dave@example.org")
        assert message["Subject"] == "Changed: Fire drill moved"
        for kind in ("plain", "html"):
            text = said(message, kind)
            assert WHY in text
            assert "The title was “Fire drill”. It is now “Fire drill moved”." in text
            assert "In the text, “The drill is on Tuesday at ten.” is now “The drill is on Wednesday at ten.”" in text
            assert "If you have acknowledged it, that stands." in text
        assert set(Delivery.objects.values_list("kind", "state")) == {("publication", "sent"), ("change", "sent")}

    def test_who_was_not_mailed_yet_hears_of_the_notice_before_they_hear_of_its_change(self, mailbox, notice, alice):
        write(notice, alice)
        amend(notice, "tell", alice)
        DeliveryService.deliver(notice.pk)
        assert [message["Subject"] for message in mailbox.to("dave@example.org")] == ["Fire drill", "Changed: Fire drill"]
        assert all("Wednesday" in said(message) for message in mailbox.messages)

    def test_after_a_typo_what_had_not_left_says_the_new_text_and_nothing_else_leaves(self, mailbox, notice, alice):
        write(notice, alice)
        amend(notice, "typo", alice)
        assert DeliveryService.deliver(notice.pk) == 2
        [message] = mailbox.to("dave@example.org")
        assert "Wednesday" in said(message)

    def test_after_a_material_change_everyone_gets_the_notice_anew(self, mailbox, notice, alice):
        DeliveryService.deliver(notice.pk)
        mailbox.__init__()
        write(notice, alice)
        amend(notice, "material", alice)
        assert DeliveryService.deliver(notice.pk) == 2
        [message] = mailbox.to("dave@example.org")
        assert (message["Subject"], "Wednesday" in said(message)) == ("Fire drill", True)

    def test_a_worker_is_woken_for_whoever_is_to_be_told(self, notice, alice, django_capture_on_commit_callbacks, monkeypatch):
        woken = []
        monkeypatch.setattr("notices.signals.send_notice_notifications.delay", woken.append)
        for number, (kind, hints) in enumerate((("typo", []), ("tell", [notice.pk]), ("material", [notice.pk])), 1):
            write(notice, alice, title=f"Title {number}")
            with django_capture_on_commit_callbacks(execute=True):
                amend(notice, kind, alice)
            assert woken == hints
            woken.clear()
            notice.refresh_from_db()

    def test_a_hostile_reason_is_text(self, mailbox, notice, alice):
        write(notice, alice, title="<b>Bold</b>")
        amend(notice, "tell", alice, reason="<script>alert(1)</script>")
        DeliveryService.deliver(notice.pk)
        html = said(mailbox.to("dave@example.org")[-1], "html")
        assert "<script" not in html
        assert "<b>Bold" not in html


class TestMailAboutApproval:
    def test_it_leads_to_the_change(self, mailbox, approved, alice, erin, settings):
        write(approved, alice)
        hand_in(approved, alice)
        step = Approval.objects.latest("pk")
        assert ApprovalMailService.send(step.pk) == 1
        [message] = mailbox.to("erin@example.org")
        assert message["Subject"] == "A change to approve: Fire drill"
        assert "Alice Tester wants to change “Fire drill”, which is on show for 1 person." in said(message)
        assert reverse("admin:notices_notice_amend_review", args=[approved.pk]) in said(message)

    @pytest.mark.parametrize(("act", "heading"), [("approve", "Your change is made"), ("return", "Your change is returned")])
    def test_its_author_hears_what_became_of_it(self, mailbox, approved, alice, erin, act, heading):
        write(approved, alice)
        hand_in(approved, alice)
        decide = NoticeService.approve_amendment if act == "approve" else NoticeService.return_amendment
        decide(approved.pk, actor=erin, seen=Confirmation(2, 1), reason="Checked")
        with ApprovalMailer(Approval.objects.latest("pk")) as mailer:
            mailer.send(1, "Alice", "alice@example.org")
        assert mailbox.messages[-1]["Subject"] == f"{heading}: Fire drill"


class TestInbox:
    @pytest.fixture
    def page(self, client, dave, notice):
        client.force_login(dave)

        def page():
            return client.get(reverse("inbox:notice", args=[notice.pk])).content.decode()

        return page

    @pytest.mark.parametrize("kind", ["material", "tell"])
    def test_it_says_when_and_why_it_was_changed(self, page, notice, alice, kind):
        write(notice, alice)
        assert "Changed on" not in page()
        assert "Tuesday" in page()
        amend(notice, kind, alice)
        assert f": {WHY}" in page().split("Changed on", 1)[1]
        assert "Wednesday" in page()

    def test_a_typo_shows_nothing(self, page, notice, alice):
        write(notice, alice)
        amend(notice, "typo", alice)
        assert "Wednesday" in page()
        assert "Changed on" not in page()
        assert WHY not in page()

    def test_published_anew_it_begins_anew(self, page, notice, alice):
        write(notice, alice)
        amend(notice, "tell", alice)
        NoticeService.withdraw(notice.pk, actor=alice)
        NoticeService.publish(notice.pk, actor=alice)
        assert "Changed on" not in page()


def test_the_trail_tells_the_life_of_a_change(approved, alice, erin):
    write(approved, alice)
    write(approved, alice, version=1, title="Fire drills")
    hand_in(approved, alice, kind="tell", version=2)
    NoticeService.approve_amendment(approved.pk, actor=erin, seen=Confirmation(3, 1))
    entries = list(Entry.objects.filter(model="notices.amendment").order_by("pk"))
    told = [str(sentence) for sentence in sentences_of(entries).values()]
    assert told == [
        "Alice Tester began change 1 of “Fire drill”, which is on show",
        "Alice Tester changed the title of change 1 from “Fire drill” to “Fire drills”",
        "Alice Tester handed in change 1 for a second person to decide",
        f"Erin Tester made change 1 (Tell only: {WHY})",
    ]


def test_nothing_of_an_open_change_is_in_what_readers_get(client, notice, alice, dave, mailbox):
    write(notice, alice, title="Secret so far")
    client.force_login(dave)
    for address in (reverse("inbox:index"), reverse("inbox:notice", args=[notice.pk]), reverse("inbox:index") + "?q=secret"):
        assert "Secret so far" not in client.get(address).content.decode()
    DeliveryService.deliver(notice.pk)
    assert NEW not in "".join(said(message, "html") for message in mailbox.messages)
