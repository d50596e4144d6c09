"""People may do without mails, where nothing is to be acknowledged and the category lets them; the inbox has it all."""

import pytest
from django.urls import reverse

from audit.models import Entry
from audit.sentences import sentences_of
from notices.exceptions import NoticeError
from notices.models import Category, Delivery, MailOptOut
from notices.services import DeliveryService, NoticeService, ReminderService
from notices.services.following import FollowingService
from notices.services.opting_out import do_without
from tests.makers import make_category, make_draft, make_published, make_recipient
from tests.notices.amending.steps import amend, write

WHY = "Does without mails about notices of this category. The notice is in the inbox."
ACCOUNT = "/inbox/account/"


@pytest.fixture
def canteen(db) -> Category:
    return make_category("Canteen", mails_are_optional=True)


@pytest.fixture
def opted_out(dave, canteen):
    do_without(dave, [canteen])


def states(notice) -> dict[str, tuple[str, str]]:
    rows = Delivery.objects.of_revision(notice).values_list("person__username", "state", "reason")
    return {username: (state, reason) for username, state, reason in rows}


def said(response) -> str:
    return " ".join(response.content.decode().split())


@pytest.mark.usefixtures("opted_out")
class TestNotMailed:
    def test_who_does_without_is_not_mailed_and_finds_it_in_the_inbox(self, client, alice, dave, erin, canteen, mailbox):
        notice = make_published("Soup", author=alice, people=(dave, erin), category=canteen)
        DeliveryService.deliver(notice.pk)
        assert mailbox.recipients == [erin.email]
        assert states(notice) == {"dave": ("suppressed", WHY), "erin": ("sent", "")}
        client.force_login(dave)
        assert "Soup" in said(client.get("/inbox/"))

    def test_what_is_to_be_acknowledged_is_mailed_to_all(self, alice, dave, canteen, mailbox):
        DeliveryService.deliver(make_published(author=alice, people=(dave,), category=canteen, requires_acknowledgement=True).pk)
        assert mailbox.recipients == [dave.email]

    def test_another_category_is_mailed_and_so_is_one_that_lets_nobody_any_more(self, alice, dave, canteen, mailbox):
        other = make_category("Other", mails_are_optional=True)
        DeliveryService.deliver(make_published(author=alice, people=(dave,), category=other).pk)
        Category.objects.filter(pk=canteen.pk).update(mails_are_optional=False)
        canteen.refresh_from_db()
        DeliveryService.deliver(make_published(author=alice, people=(dave,), category=canteen).pk)
        assert mailbox.recipients == [dave.email] * 2

    def test_who_joins_later_and_does_without_is_not_mailed_either(self, alice, dave, erin, canteen):
        depot = make_recipient("Depot", members=(erin,))
        notice = make_published(author=alice, recipients=(depot,), category=canteen)
        depot.roleassignment_set.create(user=dave)
        FollowingService.follow()
        assert states(notice)["dave"] == ("suppressed", WHY)

    def test_of_a_change_they_are_not_told_by_mail(self, alice, dave, erin, canteen):
        notice = make_published(author=alice, people=(dave, erin), category=canteen)
        write(notice, alice)
        amend(notice, "tell", alice)
        assert set(Delivery.objects.filter(kind="change").values_list("person__username", "state")) == {
            ("dave", "suppressed"),
            ("erin", "waiting"),
        }

    def test_the_page_of_a_change_says_how_many_are_not_mailed(self, client, alice, dave, erin, canteen):
        notice = make_published(author=alice, people=(dave, erin), category=canteen)
        write(notice, alice)
        client.force_login(alice)
        page = said(client.get(reverse("admin:notices_notice_amend_review", args=[notice.pk])))
        assert "2 people are told by mail what changed and why" in page
        assert "1 does without mails about “Canteen” and finds it in the inbox." in page

    def test_nobody_reminds_them_or_sends_it_again(self, client, alice, dave, erin, canteen):
        notice = make_published(author=alice, people=(dave, erin), category=canteen)
        Delivery.objects.filter(state="waiting").update(state="failed")
        mail = Delivery.objects.get(person=dave)
        with pytest.raises(NoticeError, match="does without mails"):
            ReminderService.remind_one(notice.pk, dave, actor=alice)
        assert ReminderService.remind_outstanding(notice.pk, actor=alice) == 1
        with pytest.raises(NoticeError, match="nothing to decide"):
            DeliveryService.send_again(notice.pk, actor=alice, states=("suppressed",), delivery_id=mail.pk)
        client.force_login(alice)
        links = [reverse("admin:notices_notice_mail_again", args=[notice.pk, row.pk]) for row in (mail, Delivery.objects.get(person=erin))]
        page = said(client.get(reverse("admin:notices_notice_delivery", args=[notice.pk])))
        assert [link in page for link in links] == [False, True]
        assert "nothing to decide" in said(client.get(links[0], follow=True))

    @pytest.mark.parametrize(("must", "told"), [(False, True), (True, False)])
    def test_the_numbers_before_publishing_say_so(self, client, alice, dave, erin, canteen, must, told):
        draft = make_draft(author=alice, people=(dave, erin), category=canteen, requires_acknowledgement=must)
        client.force_login(alice)
        for page, more in (("act", ["publish"]), ("audience", [])):
            text = said(client.get(reverse(f"admin:notices_notice_{page}", args=[draft.pk, *more])))
            assert ("1 does without mails about “Canteen” and finds it in the inbox." in text) is told


class TestTheChoice:
    @pytest.fixture
    def reader(self, client, dave):
        client.force_login(dave)
        return client

    def test_it_is_made_and_taken_back_on_ones_account(self, reader, dave, erin, canteen):
        make_category("Safety")
        do_without(erin, [canteen])
        page = said(reader.get(ACCOUNT))
        assert ("Canteen" in page, "Safety" in page) == (True, False)
        reader.post(ACCOUNT, {"time_zone": "Europe/Paris", "without": [canteen.pk]})
        reader.post(ACCOUNT, {"time_zone": "Europe/Paris", "without": [canteen.pk]})
        assert MailOptOut.objects.get(user=dave).category == canteen
        assert f'value="{canteen.pk}" id="id_without_0" checked' in said(reader.get(ACCOUNT))
        reader.post(ACCOUNT, {"time_zone": "Europe/Paris"})
        assert [opted.user for opted in MailOptOut.objects.all()] == [erin]
        dave.refresh_from_db()
        assert dave.time_zone == "Europe/Paris"

    def test_only_what_is_optional_can_be_done_without(self, reader, canteen):
        safety = make_category("Safety")
        page = reader.post(ACCOUNT, {"time_zone": "UTC", "without": [canteen.pk, safety.pk]})
        assert page.context["mails"].errors["without"]
        assert not MailOptOut.objects.exists()

    def test_where_nothing_is_optional_nothing_is_asked(self, reader):
        make_category("Safety")
        assert "Do not mail me about" not in said(reader.get(ACCOUNT))

    def test_the_trail_tells_it(self, dave, canteen):
        do_without(dave, [canteen])
        do_without(dave, [])
        told = [str(sentence) for sentence in sentences_of(list(Entry.objects.filter(model="notices.mailoptout").order_by("pk"))).values()]
        assert told == [
            "Dave Tester chose to do without mails about notices of the category Canteen",
            "Dave Tester chose to be mailed about notices of the category Canteen again",
        ]


class TestTheMail:
    def message(self, notice, mailbox):
        DeliveryService.deliver(notice.pk)
        [message] = mailbox.messages
        return message, [message.get_body([kind]).get_content() for kind in ("plain", "html")]

    def test_it_says_where_to_do_without(self, alice, dave, canteen, mailbox, settings):
        message, texts = self.message(make_published(author=alice, people=(dave,), category=canteen), mailbox)
        address = f"{settings.SITE_URL}{ACCOUNT}"
        assert message["List-Unsubscribe"] == f"<{address}>"
        for text in texts:
            assert "You may do without mails about “Canteen”:" in text
            assert address in text

    @pytest.mark.parametrize("fields", [{"requires_acknowledgement": True}, {"category": None}])
    def test_it_does_not_where_it_is_mailed_to_all(self, alice, dave, canteen, mailbox, fields):
        message, texts = self.message(make_published(author=alice, people=(dave,), **{"category": canteen} | fields), mailbox)
        assert message["List-Unsubscribe"] is None
        assert not [text for text in texts if "do without" in text]


def test_a_change_of_the_notice_to_be_acknowledged_counts(alice, dave, canteen, opted_out):
    notice = make_published(author=alice, people=(dave,), category=canteen)
    NoticeService.withdraw(notice.pk, actor=alice)
    notice.refresh_from_db()
    notice.requires_acknowledgement = True
    NoticeService.save_changes(notice, actor=alice, version=notice.version)
    NoticeService.publish(notice.pk, actor=alice)
    notice.refresh_from_db()
    assert states(notice)["dave"][0] == "waiting"
