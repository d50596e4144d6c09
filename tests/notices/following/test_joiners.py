"""Whoever comes into the audience of what is on show is told, once, and nobody else again."""

from datetime import date, timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from backoffice.clock import today
from notices.dashboard.progress import _late_rows
from notices.dashboard.sight import Sight
from notices.models import AudienceMove, Delivery, MembershipDay, Notice
from notices.repositories import NoticeRepository
from notices.services import DeliveryService, FollowingService, NoticeService
from notices.tasks import follow_audiences
from recipients.audience import GROUP, KEYS_OF_PEOPLE, KEYS_OF_PERSON, audience_key
from recipients.models import AddressProblem, Recipient, RecipientGroupAdditionalRecipient, RecipientGroupRecipient, RoleAssignment
from recipients.services import AddressService
from tests.clock import travel
from tests.makers import make_category, make_draft, make_group, make_person, make_published, make_recipient

DAY = timedelta(days=1)
pytestmark = pytest.mark.usefixtures("mailbox")


@pytest.fixture
def leeds(dave) -> Recipient:
    return make_recipient("Leeds", members=(dave,))


@pytest.fixture
def notice(alice, leeds) -> Notice:
    notice = make_published(author=alice, recipients=(leeds,))
    DeliveryService.deliver(notice.pk)
    return notice


def join(person, recipient, **fields) -> RoleAssignment:
    return RoleAssignment.objects.create(user=person, recipient=recipient, **fields)


def told(notice) -> set:
    return {delivery.person for delivery in Delivery.objects.of_revision(notice).select_related("person")}


def test_who_joins_is_mailed_once_and_nobody_else_again(notice, leeds, dave, erin, mailbox):
    join(erin, leeds)
    assert follow_audiences() == 1
    assert (follow_audiences(), FollowingService.compare(notice.pk).changed) == (0, 0)

    for _ in range(2):
        DeliveryService.deliver(notice.pk)
    assert sorted(mailbox.recipients) == ["dave@example.org", "erin@example.org"]
    hers, his = (Delivery.objects.get(person=person) for person in (erin, dave))
    assert (hers.state, hers.revision, hers.kind) == ("sent", notice.revision, "publication")
    assert hers.joined_at > his.changed_at - DAY
    assert his.joined_at is None


def test_following_wakes_a_worker_for_the_notices_that_have_mails_now(notice, leeds, erin, monkeypatch):
    woken = []
    monkeypatch.setattr("notices.tasks.send_one_turn.delay", woken.append)
    join(erin, leeds)
    follow_audiences()
    follow_audiences()
    assert woken == [notice.pk]


WAYS = {
    "an entity": lambda person, leeds, group: join(person, leeds),
    "a group, by name": lambda person, leeds, group: RecipientGroupAdditionalRecipient.objects.create(recipient_group=group, user=person),
    "an entity that comes into a group": lambda person, leeds, group: RecipientGroupRecipient.objects.create(
        recipient_group=group, recipient=make_recipient(members=(person,))
    ),
    "an entity that is in a group": lambda person, leeds, group: join(person, group.recipientgrouprecipient_set.get().recipient),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_into_an_audience_is_followed(alice, dave, erin, leeds, way):
    group = make_group(recipients=(make_recipient("York"),))
    notice = make_published(author=alice, recipients=(leeds,), groups=(group,))
    WAYS[way](erin, leeds, group)
    FollowingService.follow()
    assert told(notice) == {dave, erin}
    assert not AudienceMove.objects.exists()


def test_an_entity_that_becomes_active_and_a_group_that_is_restored_bring_their_people(alice, dave, erin, frank):
    closed = make_recipient(members=(erin,), is_active=False)
    group = make_group(people=(frank,))
    notice = make_published(author=alice, recipients=(closed,), groups=(group,), people=(dave,))
    group.is_deleted = True  # past the service, which refuses it for a group that a notice on show addresses
    group.save()
    FollowingService.follow()
    Recipient.objects.update(is_active=True)
    group.is_deleted = False
    group.save()

    FollowingService.follow()
    assert told(notice) == {dave, erin, frank}
    assert not Delivery.objects.filter(closed_at__isnull=False).exists()


def test_a_membership_counts_from_the_day_on_which_it_begins(notice, leeds, erin, monkeypatch):
    FollowingService.follow()
    starting = join(erin, leeds, starts_on=today() + DAY)
    FollowingService.follow()
    assert erin not in told(notice)

    # The night passes: what was to begin tomorrow begins today, without any change of the row.
    AudienceMove.objects.all().delete()
    RoleAssignment.objects.filter(pk=starting.pk).update(starts_on=today())
    AudienceMove.objects.all().delete()
    MembershipDay.objects.update(day=today() - DAY)
    assert FollowingService.follow().joined == 1
    assert erin in told(notice)


def test_after_days_of_silence_the_memberships_that_began_meanwhile_are_found(notice, leeds, erin):
    join(erin, leeds, starts_on=today() - 2 * DAY)
    AudienceMove.objects.all().delete()
    MembershipDay.objects.create(day=today() - 3 * DAY)
    assert FollowingService.follow().joined == 1
    assert list(MembershipDay.objects.values_list("day", flat=True)) == [today()]


class TestOwnDay:
    """Friday 2026-11-06 is the day on which they join."""

    FRIDAY = date(2026, 11, 6)

    @pytest.fixture(autouse=True)
    def _friday(self, db):
        with travel("2026-11-06T12:00:00Z"):
            yield

    @pytest.mark.parametrize(
        ("days", "of_category", "due_date", "end_date", "own"),
        [
            (None, None, date(2026, 11, 2), None, date(2026, 11, 13)),  # five working days over a weekend
            (1, None, date(2026, 11, 2), None, date(2026, 11, 9)),
            (10, 3, date(2026, 11, 2), None, date(2026, 11, 20)),
            (None, 3, date(2026, 11, 2), None, date(2026, 11, 11)),
            (5, None, date(2026, 11, 30), None, date(2026, 11, 30)),  # never before everybody else's
            (5, None, date(2026, 11, 2), date(2026, 11, 10), date(2026, 11, 10)),  # nor after its end
            (250, None, date(2026, 11, 2), None, date(2027, 10, 22)),
        ],
    )
    def test_it_lies_so_many_working_days_ahead(self, alice, leeds, erin, days, of_category, due_date, end_date, own):
        category = make_category(joiner_days=of_category)
        draft = make_draft(author=alice, recipients=(leeds,), requires_acknowledgement=True, category=category)
        NoticeService.publish(draft.pk, actor=alice)
        Notice.objects.update(joiner_days=days, start_date=date(2026, 10, 1), due_date=due_date, end_date=end_date)
        join(erin, leeds)
        FollowingService.follow()
        assert Delivery.objects.get(person=erin).due_on == own

    def test_before_the_first_day_on_show_it_counts_from_that(self, alice, leeds, erin):
        Notice.objects.filter(pk=make_published(author=alice, recipients=(leeds,), requires_acknowledgement=True).pk).update(
            start_date=date(2026, 11, 23), due_date=date(2026, 11, 24)
        )
        join(erin, leeds)
        FollowingService.follow()
        assert Delivery.objects.get(person=erin).due_on == date(2026, 11, 30)

    @pytest.mark.parametrize("fields", [{"requires_acknowledgement": False}, {"requires_acknowledgement": True}])
    def test_there_is_none_where_nobody_has_a_day(self, alice, leeds, erin, fields):
        make_published(author=alice, recipients=(leeds,), **fields)
        join(erin, leeds)
        FollowingService.follow()
        assert Delivery.objects.get(person=erin).due_on is None


def test_the_mail_to_a_joiner_names_the_joiners_own_day(alice, leeds, dave, erin, mailbox):
    notice = make_published(author=alice, recipients=(leeds,), requires_acknowledgement=True, due_date=today() + DAY)
    join(erin, leeds)
    FollowingService.follow()
    Delivery.objects.filter(person=erin).update(due_on=date(2031, 3, 4))
    assert DeliveryService.deliver(notice.pk) == 2
    texts = {message["To"].addresses[0].addr_spec: message.get_body(("plain",)).get_content() for message in mailbox.messages}
    assert "4 Mar 2031" in texts["erin@example.org"]
    assert "4 Mar 2031" not in texts["dave@example.org"]


def test_a_notice_that_mails_nobody_who_joins_asks_them_in_the_inbox_alone(alice, leeds, erin, mailbox):
    notice = make_published(author=alice, recipients=(leeds,), tells_joiners=False)
    join(erin, leeds)
    FollowingService.follow()
    DeliveryService.deliver(notice.pk)
    hers = Delivery.objects.get(person=erin)
    assert (hers.state, hers.reason[:28]) == ("suppressed", "Joined after the publication")
    assert mailbox.recipients == ["dave@example.org"]


@pytest.mark.parametrize("left_again", [False, True])
def test_who_acknowledged_before_being_told_is_counted_and_not_mailed(alice, leeds, erin, left_again):
    notice = make_published(author=alice, recipients=(leeds,), requires_acknowledgement=True)
    membership = join(erin, leeds)
    NoticeService.acknowledge(notice, erin)
    if left_again:
        membership.delete()
    FollowingService.follow()
    hers = Delivery.objects.get(person=erin)
    assert (hers.state, hers.reason) == ("suppressed", "Acknowledged it in the inbox before a mail was to leave.")
    figures = NoticeRepository.figures(notice)
    assert (figures["expected"], figures["acknowledged"], figures["closed"]) == (2, 1, 0)


def test_a_joiner_without_an_address_finds_it_in_the_inbox(notice, leeds):
    nobody = make_person("walter", email="")
    join(nobody, leeds)
    FollowingService.follow()
    hers = Delivery.objects.get(person=nobody)
    assert (hers.state, hers.reason) == ("suppressed", "No e-mail address. The notice is in the inbox.")


def test_one_whose_address_does_not_work_too(notice, leeds, erin):
    AddressService.mark(erin.pk, cause=AddressProblem.Cause.REFUSED, code="5.1.1")
    join(erin, leeds)
    FollowingService.follow()
    hers = Delivery.objects.get(person=erin)
    assert (hers.state, hers.reason[:30]) == ("suppressed", "Mail to this address comes bac")


def test_before_the_first_day_on_show_a_joiner_is_mailed_then(alice, leeds, erin):
    notice = make_published(author=alice, recipients=(leeds,), start_date=today() + 3 * DAY)
    join(erin, leeds)
    FollowingService.follow()
    his, hers = Delivery.objects.of_revision(notice).order_by("pk")
    assert (hers.person, hers.next_attempt_at) == (erin, his.next_attempt_at)
    assert hers.next_attempt_at > timezone.now() + DAY


@pytest.mark.parametrize("state", ["draft", "withdrawn", "ended"])
def test_what_is_not_on_show_tells_nobody(alice, leeds, dave, erin, state):
    notice = (make_draft if state == "draft" else make_published)(author=alice, recipients=(leeds,))
    if state == "withdrawn":
        NoticeService.withdraw(notice.pk, actor=alice)
    if state == "ended":
        NoticeService.withdraw(notice.pk, actor=alice)
        Notice.objects.update(start_date=today() - 3 * DAY, end_date=today())
        NoticeService.publish(notice.pk, actor=alice)
        notice.audiencekey_set.update(ends_on=today() - DAY)
    before = Delivery.objects.count()
    join(erin, leeds)
    FollowingService.follow()
    assert Delivery.objects.count() == before


def test_a_change_that_moves_nobody_is_not_even_noted(notice, leeds, erin):
    join(erin, leeds)
    FollowingService.follow()
    RoleAssignment.objects.update(role="Warden")
    erin.first_name = "Erina"
    erin.save()
    leeds.name = "Leeds City"
    leeds.save()
    assert not AudienceMove.objects.exists()


def test_the_comparison_finds_what_no_trigger_saw(notice, leeds, erin):
    join(erin, leeds)
    AudienceMove.objects.all().delete()
    assert FollowingService.follow().changed == 0
    followed, go_on = FollowingService.compare_some(0)
    assert (followed.joined, followed.to_mail, go_on) == (1, {notice.pk}, None)


def test_the_command_compares_what_is_on_show_and_says_what_it_changed(notice, alice, leeds, erin, capsys):
    second = make_published("Second", author=alice, people=(erin,))
    join(erin, leeds)
    AudienceMove.objects.all().delete()
    call_command("compare_audiences", second.pk)
    call_command("compare_audiences")
    call_command("compare_audiences")
    assert capsys.readouterr().out.splitlines() == [
        f"Notice {second.pk}: 0 joined, 0 are no longer asked, 0 are asked again.",
        f"Notice {notice.pk}: 1 joined, 0 are no longer asked, 0 are asked again.",
    ]


def test_the_keys_of_many_are_those_of_each(leeds, dave, erin, frank):
    group = make_group(recipients=(leeds,), people=(frank,))
    make_group(people=(erin,)).delete()
    join(erin, make_recipient(is_active=False))
    join(erin, leeds, ends_on=today() - DAY)
    join(frank, leeds, role="Warden")
    people = [dave.pk, erin.pk, frank.pk]
    with connection.cursor() as cursor:
        cursor.execute(KEYS_OF_PEOPLE, {"day": today(), "only": people})
        of_many = sorted(cursor.fetchall())
        of_each = []
        for person in people:
            cursor.execute(KEYS_OF_PERSON, {"day": today(), "user": person})
            of_each += [(person, key) for (key,) in cursor.fetchall()]
    assert of_many == sorted(of_each)
    assert (frank.pk, audience_key(GROUP, group.pk)) in of_many


def test_a_long_move_is_followed_in_parts(alice, leeds, monkeypatch):
    monkeypatch.setattr("notices.services.following.moves.MOST_PEOPLE", 3)
    monkeypatch.setattr("notices.services.following.moves.MOST_PAIRS", 6)
    notices = [make_published(f"Notice {number}", author=alice, recipients=(leeds,)) for number in range(5)]
    people = [make_person() for _ in range(8)]
    RoleAssignment.objects.bulk_create(RoleAssignment(user=person, recipient=leeds) for person in people)
    assert AudienceMove.objects.filter(people__len=8).count() == 1
    assert FollowingService.follow().joined == 8 * 5
    assert all({*people} < told(notice) for notice in notices)
    assert not AudienceMove.objects.exists()


class TestInbox:
    @pytest.fixture
    def hers(self, alice, leeds, erin) -> Delivery:
        make_published(author=alice, recipients=(leeds,), requires_acknowledgement=True, due_date=today())
        join(erin, leeds)
        FollowingService.follow()
        hers = Delivery.objects.get(person=erin)
        assert hers.due_on > today()
        return hers

    @pytest.mark.parametrize("address", ["/inbox/", "/inbox/?show=to-acknowledge", "/inbox/notices/{}/"])
    def test_a_joiner_sees_their_own_day_and_the_others_theirs(self, client, hers, dave, erin, address):
        Delivery.objects.filter(pk=hers.pk).update(due_on=date(2031, 3, 4))
        client.force_login(erin)
        assert b"Acknowledge by 4 Mar" in client.get(address.format(hers.notice_id)).content
        client.force_login(dave)
        assert b"Acknowledge today" in client.get(address.format(hers.notice_id)).content


class TestPages:
    def test_the_tabs_say_who_joined_and_until_when_they_have_time(self, client, alice, leeds, erin):
        notice = make_published(author=alice, recipients=(leeds,), requires_acknowledgement=True, due_date=today())
        join(erin, leeds)
        FollowingService.follow()
        Delivery.objects.filter(person=erin).update(due_on=date(2031, 3, 4))
        client.force_login(alice)
        for tab in ("delivery", "readers"):
            page = client.get(f"/admin/notices/notice/{notice.pk}/{tab}/").content.decode()
            assert page.count("joined <time") == page.count("to acknowledge by 4 Mar 2031") == 1

    def test_today_counts_a_joiner_as_late_only_after_their_own_day(self, client, alice, leeds, dave, erin):
        notice = make_published(author=alice, recipients=(leeds,), requires_acknowledgement=True, due_date=today())
        Notice.objects.update(start_date=today() - 9 * DAY, due_date=today() - DAY)
        join(erin, leeds)
        FollowingService.follow()
        [row] = _late_rows(Sight(alice))
        assert row.what.startswith("1 of 2 have not acknowledged it")
        Delivery.objects.filter(person=dave).update(due_on=today())
        assert _late_rows(Sight(alice)) == []
        Delivery.objects.filter(notice=notice).update(due_on=today() - DAY)
        assert _late_rows(Sight(alice))[0].what.startswith("2 of 2")

    def test_the_form_offers_both_settings(self, client, alice, leeds):
        draft = make_draft(author=alice, recipients=(leeds,))
        client.force_login(alice)
        page = client.get(f"/admin/notices/notice/{draft.pk}/change/").content.decode()
        assert 'name="tells_joiners"' in page
        assert 'name="joiner_days"' in page
