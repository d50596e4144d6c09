"""Of whoever leaves the audience of what is on show nothing more is asked: with a receipt, and still in the figures."""

from datetime import timedelta

import pytest

from backoffice.clock import today
from notices.dashboard.charts import _unread_by_department
from notices.dashboard.progress import _late_rows
from notices.dashboard.sight import Sight
from notices.mail.outcome import SENT, Outcome
from notices.models import AudienceMove, Delivery, DeliveryEvent, MembershipDay, Notice
from notices.repositories import NoticeRepository
from notices.services import DeliveryService, FollowingService, NoticeService
from notices.services.sending.claims import report
from recipients.models import Recipient, RecipientGroupRecipient, RoleAssignment
from tests.makers import make_group, make_published, make_recipient

DAY = timedelta(days=1)
State = Delivery.State
pytestmark = pytest.mark.usefixtures("mailbox")


@pytest.fixture
def leeds(dave, erin) -> Recipient:
    return make_recipient("Leeds", members=(dave, erin))


@pytest.fixture
def notice(alice, leeds) -> Notice:
    return make_published(author=alice, recipients=(leeds,), requires_acknowledgement=True, due_date=today())


def leave(person, recipient) -> None:
    RoleAssignment.objects.filter(user=person, recipient=recipient).delete()


def close_account(person) -> None:
    person.is_active = False
    person.save()


def of(person) -> Delivery:
    return Delivery.objects.get(person=person)


def balance(notice) -> tuple[int, int, int]:
    """Still asked, acknowledged, no longer asked; found to add up."""
    figures = NoticeRepository.figures(notice)
    assert figures["expected"] == figures["outstanding"] + figures["acknowledged"] + figures["closed"]
    assert figures["expected"] == Delivery.objects.of_revision(notice).count()
    return figures["outstanding"], figures["acknowledged"], figures["closed"]


def test_who_left_is_no_longer_asked_and_stays_in_the_figures(notice, leeds, dave):
    DeliveryService.deliver(notice.pk)
    assert balance(notice) == (2, 0, 0)
    leave(dave, leeds)
    assert FollowingService.follow().closed == 1

    assert balance(notice) == (1, 0, 1)
    assert (of(dave).state, of(dave).closed_why) == ("sent", "left")
    [receipt] = DeliveryEvent.objects.all()
    assert (receipt.delivery, receipt.what, receipt.why) == (of(dave), "closed", "left")
    assert FollowingService.follow().changed == FollowingService.compare(notice.pk).changed == 0


def test_a_closed_account_says_so(notice, dave):
    close_account(dave)
    FollowingService.follow()
    assert (of(dave).closed_why, of(dave).state, of(dave).reason) == ("inactive", "suppressed", "No longer active.")
    assert balance(notice) == (1, 0, 1)


def test_what_was_acknowledged_stays_so(notice, leeds, dave, erin):
    NoticeService.acknowledge(notice, dave)
    leave(dave, leeds)
    close_account(erin)
    FollowingService.follow()
    FollowingService.compare(notice.pk)
    assert of(dave).closed_at is None
    assert balance(notice) == (0, 1, 1)


def test_who_is_still_reached_in_another_way_has_not_left(notice, alice, leeds, dave):
    other = make_recipient(members=(dave,))
    second = make_published(author=alice, recipients=(leeds,), groups=(make_group(recipients=(other,)),))
    leave(dave, leeds)
    assert FollowingService.follow().closed == 1
    assert Delivery.objects.get(notice=second, person=dave).closed_at is None
    assert Delivery.objects.get(notice=notice, person=dave).closed_at is not None


WAYS_OUT = {
    "the membership ends": lambda leeds, dave: RoleAssignment.objects.filter(user=dave).update(ends_on=today() - DAY),
    "the recipient becomes inactive": lambda leeds, dave: Recipient.objects.filter(pk=leeds.pk).update(is_active=False),
    "moved to another recipient": lambda leeds, dave: RoleAssignment.objects.filter(user=dave).update(recipient=make_recipient()),
    "the recipient leaves the group": lambda leeds, dave: RecipientGroupRecipient.objects.all().delete(),
    "leaves the recipient, which leaves the group": lambda leeds, dave: (
        leave(dave, leeds),
        RecipientGroupRecipient.objects.all().delete(),
    ),
}


@pytest.mark.parametrize("way", WAYS_OUT)
def test_every_way_out_of_an_audience_is_followed(alice, leeds, dave, way):
    notice = make_published(author=alice, groups=(make_group(recipients=(leeds,)),))
    WAYS_OUT[way](leeds, dave)
    FollowingService.follow()
    assert of(dave).closed_why == "left"
    assert not AudienceMove.objects.exists()
    assert FollowingService.compare(notice.pk).changed == 0


def test_a_membership_counts_until_the_end_of_its_last_day(notice, leeds, dave):
    RoleAssignment.objects.filter(user=dave).update(ends_on=today())
    assert FollowingService.follow().closed == 0

    # The night passes: what was to end today ended yesterday, without any change of the row.
    RoleAssignment.objects.filter(user=dave).update(ends_on=today() - DAY)
    AudienceMove.objects.all().delete()
    MembershipDay.objects.update(day=today() - DAY)
    assert FollowingService.follow().closed == 1


class TestMail:
    def test_one_that_has_not_left_is_not_sent(self, notice, leeds, dave, mailbox):
        leave(dave, leeds)
        FollowingService.follow()
        assert (of(dave).state, of(dave).reason) == ("cancelled", "No longer in the audience when the mail was to leave.")
        DeliveryService.deliver(notice.pk)
        assert mailbox.recipients == ["erin@example.org"]

    def test_one_in_the_hands_of_a_worker_keeps_what_became_of_it(self, notice, leeds, dave):
        claim = DeliveryService.claim(notice)
        leave(dave, leeds)
        FollowingService.follow()
        report(claim, dict.fromkeys(claim.mails, SENT), close=True)
        assert (of(dave).state, of(dave).closed_why) == ("sent", "left")

    def test_one_that_a_worker_puts_back_is_not_tried_again(self, notice, leeds, dave, mailbox):
        claim = DeliveryService.claim(notice)
        leave(dave, leeds)
        FollowingService.follow()
        report(claim, dict.fromkeys(claim.mails, Outcome(State.RETRY, "Busy")), close=True)
        Delivery.objects.update(next_attempt_at="2020-01-01T00:00Z")
        DeliveryService.deliver(notice.pk)
        DeliveryService.mend()
        assert (mailbox.recipients, of(dave).state) == (["erin@example.org"], "cancelled")

    def test_one_that_failed_is_not_sent_again_to_whoever_left(self, notice, alice, leeds, dave):
        Delivery.objects.update(state=State.FAILED)
        leave(dave, leeds)
        FollowingService.follow()
        assert DeliveryService.send_again(notice.pk, actor=alice) == 1
        assert of(dave).state == "failed"


class TestComingBack:
    def test_they_are_asked_again_with_new_days_and_both_moments_on_record(self, notice, leeds, dave, mailbox):
        DeliveryService.deliver(notice.pk)
        leave(dave, leeds)
        FollowingService.follow()
        RoleAssignment.objects.create(user=dave, recipient=leeds)
        assert FollowingService.follow().reopened == 1

        his = of(dave)
        assert (his.closed_at, his.closed_why, his.state) == (None, "", "sent")
        assert his.due_on > today()
        assert [event.what for event in his.events.all()] == ["closed", "reopened"]
        assert balance(notice) == (2, 0, 0)
        DeliveryService.deliver(notice.pk)
        assert len(mailbox.recipients) == 2  # not once more

    @pytest.mark.parametrize("how", ["left", "closed", "closed, and a worker saw it first"])
    def test_a_mail_that_was_held_back_leaves_then(self, notice, leeds, dave, mailbox, how):
        if how == "left":
            leave(dave, leeds)
        else:
            close_account(dave)
        if how.endswith("first"):
            DeliveryService.deliver(notice.pk)
        FollowingService.follow()
        dave.is_active = True
        dave.save()
        RoleAssignment.objects.get_or_create(user=dave, recipient=leeds)
        followed = FollowingService.follow()
        assert (followed.reopened, followed.to_mail) == (1, {notice.pk})
        DeliveryService.deliver(notice.pk)
        assert sorted(mailbox.recipients) == ["dave@example.org", "erin@example.org"]

    def test_a_mail_that_somebody_cancelled_stays_so(self, notice, alice, leeds, dave, mailbox):
        DeliveryService.cancel(notice.pk, actor=alice, reason="Wrong day")
        leave(dave, leeds)
        FollowingService.follow()
        RoleAssignment.objects.create(user=dave, recipient=leeds)
        assert FollowingService.follow().to_mail == set()
        assert of(dave).state == "cancelled"

    def test_gone_and_back_before_anybody_looked_nothing_happened(self, notice, leeds, dave):
        leave(dave, leeds)
        RoleAssignment.objects.create(user=dave, recipient=leeds)
        assert FollowingService.follow().changed == 0
        assert not DeliveryEvent.objects.exists()


def test_today_counts_neither_as_late_nor_as_unread_who_is_no_longer_asked(notice, alice, leeds, dave):
    make_recipient("Finance", members=(dave,), kind="department")
    Notice.objects.update(start_date=today() - 9 * DAY, due_date=today() - DAY)
    sight = Sight(alice)
    assert _late_rows(sight)[0].what.startswith("2 of 2 have not acknowledged it")
    assert dict(_unread_by_department(sight)) == {"Finance": 1, "Leeds": 2}
    leave(dave, leeds)
    FollowingService.follow()
    assert _late_rows(sight)[0].what.startswith("1 of 2 have not acknowledged it")
    assert dict(_unread_by_department(sight)) == {"Leeds": 1}


class TestPages:
    @pytest.fixture(autouse=True)
    def _gone(self, notice, leeds, dave):
        leave(dave, leeds)
        FollowingService.follow()

    def test_the_tabs_say_who_and_why(self, client, alice, notice):
        client.force_login(alice)
        readers = f"/admin/notices/notice/{notice.pk}/readers/"
        page = client.get(readers).content.decode()
        assert "1 is no longer asked." in page
        assert page.count("No longer asked since <time") == 1
        assert "Left the audience" in page
        for only, people in {"closed": ["Dave Tester"], "outstanding": ["Erin Tester"]}.items():
            rows = client.get(readers, {"only": only}).context["page"].object_list
            assert [str(row.person) for row in rows] == people
        delivery = client.get(f"/admin/notices/notice/{notice.pk}/delivery/").content.decode()
        assert delivery.count("No longer asked since <time") == 1

    def test_the_page_of_the_notice_tells_whoever_left(self, client, notice, dave, erin):
        client.force_login(dave)
        gone = client.get(f"/inbox/notices/{notice.pk}/")
        assert gone.status_code == 404
        assert b"Nothing more is asked of you about it since" in gone.content
        client.force_login(erin)
        assert client.get(f"/inbox/notices/{notice.pk}/").status_code == 200
