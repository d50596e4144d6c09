"""Another audience for a notice on show: only the difference is told, and what was taken out stays on record."""

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from guardian.shortcuts import assign_perm

from backoffice.clock import today
from notices.exceptions import NoticeError, StaleNotice
from notices.models import AudienceMove, Delivery, DeliveryEvent, Notice, NoticeRecipient
from notices.repositories import AudienceKeyRepository, NoticeRepository
from notices.services import DeliveryService, FollowingService, NoticeService
from notices.services.addressing import MayNotAddressError
from recipients.dtos import Address, AudienceChange
from recipients.models import Recipient, RoleAssignment
from recipients.repositories import AudienceRepository
from tests.makers import make_category, make_draft, make_person, make_published, make_recipient

pytestmark = pytest.mark.usefixtures("mailbox")


@pytest.fixture
def leeds(dave, erin) -> Recipient:
    return make_recipient("Leeds", members=(dave, erin))


@pytest.fixture
def york(erin, frank) -> Recipient:
    return make_recipient("York", members=(erin, frank))


@pytest.fixture
def notice(alice, leeds) -> Notice:
    notice = make_published(author=alice, recipients=(leeds,), requires_acknowledgement=True, due_date=today())
    DeliveryService.deliver(notice.pk)
    return notice


@pytest.fixture
def to_york(york) -> Address:
    return Address.of([york.pk])


def change(notice, address, actor, *, reason="Leeds moved", **arguments):
    return NoticeService.change_audience(notice.pk, address, actor=actor, reason=reason, **arguments)


def test_who_comes_in_is_mailed_who_goes_is_asked_no_more_and_nobody_else_notices(notice, alice, to_york, dave, erin, frank, mailbox):
    followed = change(notice, to_york, alice)
    assert (followed.joined, followed.closed) == (1, 1)
    DeliveryService.deliver(notice.pk)
    assert sorted(mailbox.recipients) == ["dave@example.org", "erin@example.org", "frank@example.org"]

    his = Delivery.objects.get(person=dave)
    assert his.closed_why == "taken_out"
    [receipt] = DeliveryEvent.objects.all()
    assert (receipt.delivery, receipt.why, receipt.reason) == (his, "taken_out", "Leeds moved")
    hers, new = Delivery.objects.get(person=erin), Delivery.objects.get(person=frank)
    assert (hers.closed_at, hers.joined_at) == (None, None)
    assert new.due_on > today()
    figures = NoticeRepository.figures(notice)
    assert (figures["expected"], figures["outstanding"], figures["closed"]) == (3, 2, 1)
    assert NoticeRepository.inbox_page(dave) == []
    assert len(NoticeRepository.inbox_page(frank)) == 1
    assert AudienceKeyRepository.differences() == (0, 0)
    assert FollowingService.follow().changed == FollowingService.compare(notice.pk).changed == 0


def test_what_was_removed_when_by_whom_and_why_is_in_the_history(notice, alice, leeds, york, to_york):
    change(notice, to_york, alice)
    rows = NoticeRecipient.history.filter(history_change_reason="Leeds moved").order_by("history_id")
    assert [(row.history_type, row.history_user, row.recipient) for row in rows] == [("+", alice, york), ("-", alice, leeds)]
    after = Notice.objects.get()
    assert (after.revision, after.version, after.modified_by) == (notice.revision, notice.version + 1, alice)


def test_a_mail_that_has_not_left_is_not_sent_and_says_why(alice, leeds, to_york, dave, mailbox):
    notice = make_published(author=alice, recipients=(leeds,))
    change(notice, to_york, alice)
    DeliveryService.deliver(notice.pk)
    assert sorted(mailbox.recipients) == ["erin@example.org", "frank@example.org"]
    his = Delivery.objects.get(person=dave)
    assert (his.state, his.reason) == ("cancelled", "Taken out of the audience before the mail left: Leeds moved")


def test_who_left_by_themselves_before_was_not_taken_out(notice, alice, to_york, dave):
    RoleAssignment.objects.filter(user=dave).delete()
    change(notice, to_york, alice)
    assert Delivery.objects.get(person=dave).closed_why == "left"


def test_who_comes_in_is_mailed_also_of_a_notice_that_mails_nobody_who_joins(alice, leeds, to_york, frank):
    notice = make_published(author=alice, recipients=(leeds,), tells_joiners=False)
    change(notice, to_york, alice)
    assert Delivery.objects.get(person=frank).state == "waiting"


def test_whoever_is_put_back_is_asked_again(notice, alice, leeds, to_york, dave):
    change(notice, to_york, alice)
    change(Notice.objects.get(), Address.of([leeds.pk]), alice, reason="They did not")
    his = Delivery.objects.get(person=dave)
    assert (his.closed_at, [(event.what, event.reason) for event in his.events.all()]) == (
        None,
        [("closed", "Leeds moved"), ("reopened", "They did not")],
    )


class TestRefusals:
    @pytest.mark.parametrize("right", ["change_notice", "publish_notice"])
    def test_it_needs_both_rights_on_this_very_notice(self, notice, bob, leeds, to_york, right):
        for recipient in Recipient.objects.all():
            assign_perm("address_recipient", bob, recipient)
        assign_perm(right, bob, notice)
        with pytest.raises(PermissionDenied):
            change(notice, to_york, bob)
        for other in ("change_notice", "publish_notice"):
            assign_perm(other, bob, notice)
        bob = type(bob).objects.get(pk=bob.pk)
        assert change(notice, to_york, bob).joined == 1

    def test_it_asks_for_the_right_to_send_to_what_comes_in(self, notice, bob, leeds, york, to_york):
        for right in ("change_notice", "publish_notice"):
            assign_perm(right, bob, notice)
        with pytest.raises(MayNotAddressError):
            change(notice, to_york, bob)
        assert NoticeRepository.address_of(notice) == Address.of([leeds.pk])

    def test_what_needs_approval_is_withdrawn_first(self, notice, alice, to_york):
        Notice.objects.update(category=make_category(needs_approval=True))
        with pytest.raises(NoticeError, match="Withdraw it, change its audience and submit it for review again"):
            change(notice, to_york, alice)
        Notice.objects.update(category=None)
        assert change(notice, to_york, alice).joined == 1

    def test_it_needs_a_reason(self, notice, alice, to_york):
        with pytest.raises(NoticeError, match="Say why"):
            change(notice, to_york, alice, reason=" ")

    def test_of_a_draft_it_is_refused(self, alice, leeds, to_york):
        draft = make_draft(author=alice, recipients=(leeds,))
        with pytest.raises(NoticeError, match="it is draft"):
            change(draft, to_york, alice)

    @pytest.mark.parametrize("address", [Address(), None])
    def test_it_may_not_end_up_with_nobody_or_as_it_is(self, notice, alice, leeds, address):
        with pytest.raises(NoticeError, match="addresses nobody" if address is not None else "exactly this already"):
            change(notice, Address.of([leeds.pk]) if address is None else address, alice)
        assert NoticeRepository.address_of(notice) == Address.of([leeds.pk])
        assert not Delivery.objects.closed().exists()

    def test_what_changed_since_it_was_looked_at_is_looked_at_again(self, notice, alice, york, to_york):
        seen = AudienceRepository.change(NoticeRepository.address_of(notice), to_york)
        assert seen == AudienceChange(coming=1, going=1, staying=1)
        with pytest.raises(StaleNotice):
            change(notice, to_york, alice, version=notice.version - 1, seen=seen)
        RoleAssignment.objects.create(user=make_person(), recipient=york)
        with pytest.raises(StaleNotice, match="The number of people changed"):
            change(notice, to_york, alice, version=notice.version, seen=seen)


class TestPages:
    @pytest.fixture
    def chosen(self, client, alice, notice, york) -> str:
        """The page of the difference, after York was chosen instead of Leeds."""
        client.force_login(alice)
        choose = reverse("admin:notices_notice_readdress", args=[notice.pk])
        response = client.post(choose, {"version": notice.version, "recipients": [york.pk]})
        difference = reverse("admin:notices_notice_difference", args=[notice.pk])
        assert response.headers["Location"] == difference
        return difference

    def test_the_difference_is_shown_in_numbers_and_names_before_anything_happens(self, client, chosen, notice):
        page = client.get(chosen)
        text = page.content.decode()
        assert "Come in: 1 person. They find it in the inbox and are mailed once." in text
        assert "Stay: 1 person. They are not told again." in text
        assert [str(p) for p in page.context["page"].object_list] == ["Frank Tester"]
        assert [str(p) for p in client.get(chosen, {"only": "going"}).context["page"].object_list] == ["Dave Tester"]
        assert [*client.get(chosen, {"only": "going", "q": "erin"}).context["page"].object_list] == []
        assert Delivery.objects.count() == 2

    def test_confirming_with_a_reason_changes_it(self, client, chosen, notice):
        numbers = {"version": notice.version, "coming": 1, "going": 1, "staying": 1}
        assert client.post(chosen, numbers).status_code == 200  # no reason
        assert Delivery.objects.count() == 2
        answer = client.post(chosen, numbers | {"reason": "Leeds moved"}, follow=True)
        assert "The audience is changed: 1 person came in, 1 person went out." in answer.content.decode()
        assert "Taken out of the audience (Leeds moved)" in client.get(f"/admin/notices/notice/{notice.pk}/readers/").content.decode()
        assert client.get(chosen).status_code == 302  # nothing waits to be confirmed any more

    @pytest.mark.parametrize("numbers", [{}, {"version": 3, "coming": 7, "going": 1, "staying": 1}])
    def test_confirming_something_else_than_is_true_is_refused(self, client, chosen, numbers):
        assert client.post(chosen, numbers | {"reason": "Leeds moved"}).status_code == 409
        assert not AudienceMove.objects.filter(people__len=0).exists()
        assert Delivery.objects.count() == 2

    def test_the_audience_tab_offers_it_to_those_who_may(self, client, alice, bob, notice):
        tab, link = (reverse(f"admin:notices_notice_{name}", args=[notice.pk]) for name in ("audience", "readdress"))
        assign_perm("change_notice", bob, notice)
        for person, offered in ((alice, True), (bob, False)):
            client.force_login(person)
            assert (link in client.get(tab).content.decode()) is offered
            assert client.get(link).status_code == (200 if offered else 403)

    def test_what_cannot_be_changed_says_why_on_the_audience_tab(self, client, alice, notice):
        Notice.objects.update(needs_approval=True)
        client.force_login(alice)
        answer = client.get(reverse("admin:notices_notice_readdress", args=[notice.pk]), follow=True)
        assert "submit it for review again" in answer.content.decode()
        assert answer.redirect_chain[-1][0] == reverse("admin:notices_notice_audience", args=[notice.pk])
