from datetime import UTC, date, datetime, timedelta
from itertools import permutations

import pytest
from django.contrib.auth.models import AnonymousUser

from backoffice.clock import today
from notices.models import Favourite, Notice, NoticeRecipient
from notices.services import NoticeService
from recipients.audience import user_role_entity_ids
from recipients.models import RoleAssignment
from tests.clock import pass_time, travel
from tests.makers import make_draft, make_group, make_person, make_published, make_recipient

DAY = timedelta(days=1)


def titles(notices) -> set[str]:
    return set(notices.values_list("title", flat=True))


@pytest.fixture
def leeds(dave):
    return make_recipient("Leeds", members=(dave,))


class TestPublishedAndDraft:
    @pytest.fixture(autouse=True)
    def notices(self, alice, leeds):
        to = {"author": alice, "recipients": (leeds,)}
        make_draft("Draft", **to)
        make_published("On show", **to)
        make_published("Begins tomorrow", start_date=today() + DAY, **to)
        make_published("Last day", start_date=today(), end_date=today(), **to)
        ended = make_published("Ended", start_date=today() - DAY, **to)
        Notice.objects.filter(pk=ended.pk).update(end_date=today() - DAY)
        NoticeService.withdraw(make_published("Withdrawn", **to).pk, actor=alice)
        NoticeService.schedule(make_draft("Scheduled", **to).pk, datetime.now(UTC) + DAY, actor=alice)
        NoticeService.submit_for_review(make_draft("In review", **to).pk, actor=alice)
        NoticeService.delete(make_draft("Binned", **to).pk, actor=alice)

    def test_published_means_on_show_today_with_both_days_included(self):
        assert titles(Notice.objects.published()) == {"On show", "Last day"}

    def test_published_can_be_asked_of_another_moment(self):
        assert titles(Notice.objects.published(at=datetime.now(UTC) + DAY)) == {"On show", "Begins tomorrow"}

    def test_draft_means_the_state_draft_alone(self):
        assert titles(Notice.objects.draft()) == {"Draft"}

    def test_the_trash_is_seen_by_all_objects_only(self):
        assert "Binned" not in titles(Notice.objects.all())
        assert titles(Notice.all_objects.deleted()) == {"Binned"}
        assert "Binned" not in titles(Notice.all_objects.alive())


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        ("2026-06-30T22:59:59Z", False),  # London is an hour ahead of UTC in summer
        ("2026-06-30T23:00:00Z", True),
        ("2026-07-02T22:59:59Z", True),
        ("2026-07-02T23:00:00Z", False),
    ],
)
def test_days_begin_and_end_at_midnight_in_the_zone_of_the_organisation(alice, leeds, moment, shown):
    with travel("2026-06-01T12:00:00Z", tick=False):
        make_published(author=alice, recipients=(leeds,), start_date=date(2026, 7, 1), end_date=date(2026, 7, 2))

    with travel(moment, tick=False):
        assert Notice.objects.published().exists() is shown


class TestForUser:
    def test_the_four_ways_of_being_addressed(self, alice, dave, leeds):
        make_draft("Entity", author=alice, recipients=(leeds,))
        make_draft("Group of entities", author=alice, groups=(make_group(recipients=(leeds,)),))
        make_draft("Group of people", author=alice, groups=(make_group(people=(dave,)),))
        make_draft("Person", author=alice, people=(dave,))
        make_draft("Someone else", author=alice, people=(alice,))

        assert titles(Notice.objects.for_user(dave)) == {"Entity", "Group of entities", "Group of people", "Person"}

    def test_many_ways_to_one_person_give_one_row(self, alice, dave, leeds):
        groups = (make_group(recipients=(leeds,), people=(dave,)), make_group(people=(dave,)))
        make_draft(author=alice, recipients=(leeds, make_recipient(members=(dave,))), groups=groups, people=(dave,))

        assert Notice.objects.for_user(dave).count() == 1
        assert len(Notice.objects.for_user(dave)) == 1

    def test_two_roles_at_one_entity_give_one_row(self, alice, dave, leeds):
        RoleAssignment.objects.create(user=dave, recipient=leeds, role="First aider")
        make_draft(author=alice, recipients=(leeds,))

        assert user_role_entity_ids(dave) == [leeds.pk]
        assert Notice.objects.for_user(dave).count() == 1

    @pytest.mark.parametrize(
        ("starts", "ends", "counts"),
        [
            (None, None, True),
            (0, 0, True),
            (None, 0, True),
            (None, -1, False),
            (0, None, True),
            (1, None, False),
        ],
    )
    def test_an_assignment_counts_from_its_first_to_its_last_day(self, alice, starts, ends, counts):
        person, york = make_person(), make_recipient()
        day = {name: today() + n * DAY for name, n in (("starts_on", starts), ("ends_on", ends)) if n is not None}
        RoleAssignment.objects.create(user=person, recipient=york, **day)
        make_draft(author=alice, recipients=(york,))

        assert user_role_entity_ids(person) == ([york.pk] if counts else [])
        assert Notice.objects.for_user(person).exists() is counts

    def test_an_inactive_entity_addresses_nobody(self, alice, dave, leeds):
        make_draft("Direct", author=alice, recipients=(leeds,))
        make_draft("By group", author=alice, groups=(make_group(recipients=(leeds,)),))
        assert Notice.objects.for_user(dave).count() == 2

        leeds.is_active = False
        leeds.save()
        assert not Notice.objects.for_user(dave).exists()

    def test_a_deleted_group_addresses_nobody(self, alice, dave, leeds):
        group = make_group(recipients=(leeds,), people=(dave,))
        make_draft(author=alice, groups=(group,))
        assert Notice.objects.for_user(dave).exists()

        group.delete()
        assert not Notice.objects.for_user(dave).exists()

    def test_a_joiner_and_a_leaver_count_at_once(self, alice, leeds):
        notice, person = make_published(author=alice, recipients=(leeds,)), make_person()
        membership = RoleAssignment.objects.create(user=person, recipient=leeds)
        assert Notice.objects.for_user(person).get() == notice

        membership.delete()
        assert not Notice.objects.for_user(person).exists()

    def test_nobody_signed_in_is_addressed_by_nothing(self, alice, dave):
        make_draft(author=alice, people=(dave,))
        assert not Notice.objects.for_user(AnonymousUser()).exists()


class TestReadStatus:
    def test_was_read_is_of_this_person_and_this_revision(self, alice, dave, erin, leeds):
        notice = make_published(author=alice, recipients=(leeds,), people=(erin,))
        NoticeService.mark_as_read(notice, dave)

        assert Notice.objects.with_read_status(dave).get().was_read is True
        assert Notice.objects.with_read_status(erin).get().was_read is False
        assert Notice.objects.with_read_status(AnonymousUser()).get().was_read is False

        NoticeService.withdraw(notice.pk, actor=alice)
        NoticeService.publish(notice.pk, actor=alice)
        assert Notice.objects.with_read_status(dave).get().was_read is False

    def test_unread_by_is_the_opposite_of_was_read(self, alice, dave, leeds):
        read, unread = (make_published(t, author=alice, recipients=(leeds,)) for t in ("Read", "Unread"))
        NoticeService.mark_as_read(read, dave)

        assert list(Notice.objects.unread_by(dave)) == [unread]
        assert list(Notice.objects.with_read_status(dave).filter(was_read=True)) == [read]

    def test_is_favourite_is_of_this_person(self, alice, dave, erin, leeds):
        notice = make_published(author=alice, recipients=(leeds,), people=(erin,))
        Favourite.objects.create(notice=notice, user=dave)

        assert Notice.objects.with_favourite(dave).get().is_favourite is True
        assert Notice.objects.with_favourite(erin).get().is_favourite is False


class TestRecipientCount:
    def test_it_is_the_number_of_entities_addressed_directly(self, alice, leeds):
        make_draft("None", author=alice, people=(alice,))
        make_draft("Two", author=alice, recipients=(leeds, make_recipient()), groups=(make_group(recipients=(leeds,)),))

        counted = dict(Notice.objects.with_recipient_count().values_list("title", "recipient_count"))
        assert counted == {"None": 0, "Two": 2}

    def test_no_join_before_or_after_inflates_it(self, alice, dave, erin):
        entities = tuple(make_recipient(members=(dave, erin)) for _ in range(3))
        groups = tuple(make_group(recipients=entities, people=(dave,)) for _ in range(2))
        notice = make_draft(author=alice, recipients=entities, groups=groups, people=(dave, erin))

        joins = {"noticerecipient__recipient__in": entities, "noticerecipientgroup__recipient_group__in": groups}
        before = Notice.objects.filter(**joins).with_recipient_count()
        after = Notice.objects.with_recipient_count().filter(**joins)
        assert {n.recipient_count for n in before} == {n.recipient_count for n in after} == {3}
        assert Notice.objects.for_user(dave).with_recipient_count().get() == notice

    def test_it_can_be_filtered_ordered_and_counted(self, alice):
        for number in (2, 0, 1):
            notice = make_draft(str(number), author=alice)
            NoticeRecipient.objects.bulk_create(NoticeRecipient(notice=notice, recipient=make_recipient()) for _ in range(number))

        counted = Notice.objects.with_recipient_count()
        assert [n.title for n in counted.order_by("-recipient_count")] == ["2", "1", "0"]
        assert counted.filter(recipient_count__gte=1).count() == 2


class TestActiveInDateRange:
    @pytest.fixture(autouse=True)
    def notice(self, alice):
        make_draft("Week", author=alice, start_date=date(2026, 3, 10), end_date=date(2026, 3, 16))
        make_draft("Open end", author=alice, start_date=date(2026, 3, 20))

    @pytest.mark.parametrize(
        ("start", "end", "found"),
        [
            (None, None, {"Week", "Open end"}),
            (date(2026, 3, 16), None, {"Week", "Open end"}),
            (date(2026, 3, 17), None, {"Open end"}),
            (None, date(2026, 3, 9), set()),
            (None, date(2026, 3, 10), {"Week"}),
            (date(2026, 3, 12), date(2026, 3, 12), {"Week"}),
            (date(2026, 3, 17), date(2026, 3, 19), set()),
            (date(2026, 3, 1), date(2026, 3, 31), {"Week", "Open end"}),
            (date(2027, 1, 1), date(2027, 1, 2), {"Open end"}),
        ],
    )
    def test_both_ends_are_inclusive_and_none_is_open(self, start, end, found):
        assert titles(Notice.objects.active_in_date_range(start, end)) == found
        assert titles(Notice.objects.active_in_date_range(start_date=start, end_date=end)) == found


def test_any_order_of_chaining_gives_the_same_rows(alice, dave, leeds):
    groups = (make_group(recipients=(leeds,), people=(dave,)),)
    wanted = make_published("Wanted", author=alice, recipients=(leeds, make_recipient()), groups=groups, people=(dave,))
    make_published("Not for dave", author=alice, people=(alice,))
    make_draft("Draft", author=alice, recipients=(leeds,))
    NoticeService.mark_as_read(wanted, dave)
    words = [
        lambda q: q.published(),
        lambda q: q.for_user(dave),
        lambda q: q.with_read_status(dave),
        lambda q: q.with_recipient_count(),
        lambda q: q.active_in_date_range(today(), today()),
    ]

    for order in permutations(words):
        queryset = Notice.objects.all()
        for word in order:
            queryset = word(queryset)
        [notice] = queryset
        assert (notice, notice.was_read, notice.recipient_count) == (wanted, True, 2)
        assert queryset.count() == 1


def test_due_for_publication_is_the_scheduled_whose_moment_came(alice, leeds):
    notice = make_draft(author=alice, recipients=(leeds,))
    moment = datetime.now(UTC) + DAY
    NoticeService.schedule(notice.pk, moment, actor=alice)

    pass_time(DAY - timedelta(seconds=10))
    assert not Notice.objects.due_for_publication().exists()
    pass_time(timedelta(seconds=10))
    assert list(Notice.objects.due_for_publication()) == [notice]


def test_newest_first_puts_what_was_never_published_last(alice, leeds):
    never = make_draft("Never", author=alice, recipients=(leeds,))
    first, second = (make_published(t, author=alice, recipients=(leeds,)) for t in ("First", "Second"))

    assert list(Notice.objects.newest_first()) == [second, first, never]
