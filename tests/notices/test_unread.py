"""The unread count is exact at any moment, and not made anew as long as nothing changed that it depends on."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from backoffice.clock import today
from notices.models import AudienceChange, AudienceKey, Notice, NoticeRecipient, NoticeRecipientGroup, ReadAcknowledgment, UnreadCount
from notices.repositories import NoticeRepository
from notices.services import AudienceKeyService, NoticeService
from recipients.models import RecipientGroup, RecipientGroupRecipient, RoleAssignment, User
from tests.clock import travel
from tests.makers import make_draft, make_group, make_person, make_published, make_recipient

DAY = timedelta(days=1)
unread = NoticeService.get_unread_count


@pytest.fixture
def leeds(dave):
    return make_recipient("Leeds", members=(dave,))


@pytest.fixture
def drill(alice, leeds):
    return make_published(author=alice, recipients=(leeds,))


def falsified(person: User) -> int:
    """Put a false number where a count is remembered: it comes back as long as it is not counted anew."""
    false = unread(person) + 100
    UnreadCount.objects.filter(user=person).update(unread=false)
    return false


class TestRemembering:
    def test_what_was_counted_is_not_counted_again(self, drill, dave):
        assert unread(dave) == 1
        assert falsified(dave) == unread(dave) == 101

    def test_a_count_is_one_statement_remembered_or_not(self, drill, dave, django_assert_num_queries):
        for _ in range(2):
            with django_assert_num_queries(1):
                assert unread(dave) == 1

    def test_a_visitor_has_nothing_to_read_and_leaves_no_row(self, drill, db):
        assert unread(AnonymousUser()) == 0
        assert not UnreadCount.objects.exists()

    def test_what_concerns_others_alone_leaves_it_alone(self, drill, alice, dave):
        false = falsified(dave)
        other = make_published(author=alice, recipients=(make_recipient(members=(alice,)),))
        NoticeService.mark_as_read(other, alice)
        assert unread(dave) == false

    def test_losing_it_loses_no_more_than_a_moment(self, drill, dave):
        assert unread(dave) == 1
        UnreadCount.objects.all().delete()
        assert unread(dave) == 1

    def test_it_may_be_lost_with_the_server(self, db):
        with connection.cursor() as cursor:
            cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = 'notices_unreadcount'")
            assert cursor.fetchone() == ("u",)  # unlogged


class TestReading:
    def test_the_count_is_carried_over_what_its_reader_opens(self, drill, alice, dave, leeds):
        make_published("Second", author=alice, recipients=(leeds,))
        false = falsified(dave)
        NoticeService.mark_as_read(drill, dave)
        assert unread(dave) == false - 1
        NoticeService.mark_as_read(drill, dave)
        assert unread(dave) == false - 1

    def test_a_notice_with_several_addresses_counts_once(self, alice, dave, leeds):
        notice = make_published(author=alice, recipients=(leeds,), groups=(make_group(recipients=(leeds,)),), people=(dave,))
        false = falsified(dave)
        NoticeService.mark_as_read(notice, dave)
        assert unread(dave) == false - 1

    def test_acknowledging_what_was_opened_changes_nothing(self, alice, dave, leeds):
        notice = make_published(author=alice, recipients=(leeds,), requires_acknowledgement=True)
        NoticeService.mark_as_read(notice, dave)
        false = falsified(dave)
        NoticeService.acknowledge(notice, dave)
        assert unread(dave) == false

    def test_readings_of_what_is_not_counted_leave_it_alone(self, drill, alice, dave):
        elsewhere = make_published(author=alice, people=(alice,))
        false = falsified(dave)
        ReadAcknowledgment.objects.create(notice=elsewhere, user=dave)  # not theirs
        ReadAcknowledgment.objects.create(notice=drill, user=dave, revision=7)  # not this revision
        assert unread(dave) == false

    def test_readings_of_several_people_at_once_are_carried_over_for_each(self, drill, alice, dave, erin, leeds):
        RoleAssignment.objects.create(user=erin, recipient=leeds)
        second = make_published("Second", author=alice, recipients=(leeds,))
        false = falsified(dave), falsified(erin)
        ReadAcknowledgment.objects.bulk_create(
            ReadAcknowledgment(notice=n, user=p) for n, p in [(drill, dave), (second, dave), (second, erin)]
        )
        assert (unread(dave), unread(erin)) == (false[0] - 2, false[1] - 1)

    def test_a_reading_after_an_unseen_publication_is_not_carried_over(self, drill, alice, dave, leeds):
        assert unread(dave) == 1
        make_published("Second", author=alice, recipients=(leeds,))
        make_published("Third", author=alice, recipients=(leeds,))
        NoticeService.mark_as_read(drill, dave)
        assert unread(dave) == 2

    def test_a_reading_that_is_taken_away_or_altered_counts(self, drill, alice, dave):
        reading = NoticeService.mark_as_read(drill, dave)
        assert unread(dave) == 0
        ReadAcknowledgment.objects.filter(pk=reading.pk).update(user=alice)
        assert unread(dave) == 1
        ReadAcknowledgment.objects.filter(pk=reading.pk).update(user=dave)
        assert unread(dave) == 0
        ReadAcknowledgment.objects.filter(pk=reading.pk).delete()
        assert unread(dave) == 1


class TestChanges:
    def test_a_publication_a_withdrawal_and_a_new_revision_count_at_once(self, drill, alice, dave, leeds):
        assert unread(dave) == 1
        NoticeService.mark_as_read(drill, dave)
        second = make_published("Second", author=alice, recipients=(leeds,))
        assert unread(dave) == 1
        NoticeService.withdraw(second.pk, actor=alice)
        assert unread(dave) == 0
        NoticeService.withdraw(drill.pk, actor=alice)
        NoticeService.publish(drill.pk, actor=alice)
        assert unread(dave) == 1

    def test_a_joiner_a_leaver_and_one_who_comes_back_count_at_once(self, drill, leeds):
        person = make_person()
        assert unread(person) == 0
        RoleAssignment.objects.create(user=person, recipient=leeds)
        assert unread(person) == 1
        RoleAssignment.objects.filter(user=person).delete()
        assert unread(person) == 0
        group = make_group(people=(person,))
        RecipientGroupRecipient.objects.create(recipient_group=group, recipient=leeds)
        assert unread(person) == 0
        RoleAssignment.objects.create(user=person, recipient=leeds)
        NoticeService.mark_as_read(drill, person)
        assert unread(person) == 0

    def test_midnight_brings_and_takes_notices(self, alice, dave, leeds):
        make_published("Tomorrow", author=alice, recipients=(leeds,), start_date=today() + DAY)
        make_published("Today", author=alice, recipients=(leeds,), end_date=today())
        make_published("Both", author=alice, recipients=(leeds,), end_date=today() + DAY)
        counts = []
        for days in range(3):
            with travel(timezone.now() + days * DAY):
                counts += [unread(dave), unread(dave)]
        assert counts == [2, 2, 2, 2, 1, 1]

    def test_keys_that_are_mended_by_hand_count(self, drill, dave):
        assert unread(dave) == 1
        AudienceKey.objects.all().delete()
        assert unread(dave) == 0
        AudienceKeyService.rebuild()
        assert unread(dave) == 1
        AudienceKey.objects.update(starts_on=today() + DAY)
        assert unread(dave) == 0

    def test_one_key_keeps_one_row_however_often_it_changes(self, drill, alice):
        for _ in range(3):
            NoticeService.withdraw(drill.pk, actor=alice)
            NoticeService.publish(drill.pk, actor=alice)
        [change] = AudienceChange.objects.all()
        assert change.times == 7


def meanwhile(act: Callable[[], Any]) -> Any:
    """Do this on another connection, and fail if it has to wait."""

    def run() -> Any:
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result(10)


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_a_count_made_while_a_publication_is_not_committed_is_not_kept(self, drill, alice, dave, leeds):
        second = make_draft("Second", author=alice, recipients=(leeds,))
        with transaction.atomic():
            NoticeService.publish(second.pk, actor=alice)
            assert (unread(alice), meanwhile(lambda: [unread(dave), unread(dave)])) == (0, [1, 1])
        assert unread(dave) == 2

    def test_two_who_publish_to_the_same_people_do_not_wait_for_each_other(self, drill, alice, dave, leeds):
        second, third, fourth = (make_draft(title, author=alice, recipients=(leeds,)) for title in ("Second", "Third", "Fourth"))
        with transaction.atomic():
            NoticeService.publish(second.pk, actor=alice)
            meanwhile(lambda: NoticeService.publish(third.pk, actor=alice))
            assert meanwhile(lambda: unread(dave)) == 2
        assert unread(dave) == 3
        NoticeService.publish(fourth.pk, actor=alice)
        assert unread(dave) == 4

    def test_a_reading_and_a_publication_at_once_both_count(self, drill, alice, dave, leeds):
        second = make_draft("Second", author=alice, recipients=(leeds,))
        assert unread(dave) == 1
        with transaction.atomic():
            NoticeService.mark_as_read(drill, dave)
            meanwhile(lambda: NoticeService.publish(second.pk, actor=alice))
        assert unread(dave) == 1

    def test_two_readings_at_once_both_count(self, drill, alice, dave, leeds):
        make_published("Second", author=alice, recipients=(leeds,))
        third = make_published("Third", author=alice, recipients=(leeds,))
        with transaction.atomic():  # nothing is remembered yet, so nothing is held
            NoticeService.mark_as_read(drill, dave)
            meanwhile(lambda: NoticeService.mark_as_read(third, dave))
            assert meanwhile(lambda: unread(dave)) == 2
        assert unread(dave) == 1

    def test_what_is_rolled_back_was_never_counted(self, drill, alice, dave, leeds):
        assert unread(dave) == 1
        with transaction.atomic():
            NoticeService.mark_as_read(drill, dave)
            assert unread(dave) == 0
            transaction.set_rollback(True)
        assert unread(dave) == 1


PEOPLE, ENTITIES, NOTICES = st.integers(0, 1), st.integers(0, 2), st.integers(0, 2)
DRAWN = {
    "publish": (NOTICES, st.sets(ENTITIES), st.integers(-1, 1), st.integers(0, 2)),
    "withdraw": (NOTICES,),
    "read": (PEOPLE, NOTICES, st.integers(1, 2)),
    "forget": (PEOPLE, NOTICES),
    "join": (PEOPLE, ENTITIES),
    "leave": (PEOPLE, ENTITIES),
    "trash_or_restore_the_group": (),
    "sleep": (),
}
acts = st.one_of(*(st.tuples(st.just(name), *arguments) for name, arguments in DRAWN.items()))


class World:
    """Two people, three entities, a group of the first, three notices; and what may happen to them, whoever does it."""

    def __init__(self) -> None:
        self.people = [make_person() for _ in range(2)]
        self.entities = [make_recipient() for _ in range(3)]
        self.group = make_group(recipients=(self.entities[0],))
        self.notices = [Notice.objects.create(title=f"Notice {n}", content="<p>Text</p>", start_date=today()) for n in range(3)]
        self.days = 0

    def publish(self, number: int, entities: set[int], starts: int, lasts: int) -> None:
        notice = self.notices[number]
        notice.noticerecipient_set.all().delete()
        NoticeRecipient.objects.bulk_create(NoticeRecipient(notice=notice, recipient=self.entities[e]) for e in entities)
        NoticeRecipientGroup.objects.get_or_create(notice=notice, recipient_group=self.group)
        notice.start_date, notice.end_date = today() + starts * DAY, today() + (starts + lasts) * DAY
        notice.status, notice.published_at, notice.revision = "published", timezone.now(), 3 - notice.revision
        notice.save()
        AudienceKeyService.refresh(notice)

    def withdraw(self, number: int) -> None:
        self.notices[number].status = "withdrawn"
        self.notices[number].save()
        AudienceKeyService.refresh(self.notices[number])

    def read(self, person: int, number: int, revision: int) -> None:
        ReadAcknowledgment.objects.get_or_create(user=self.people[person], notice=self.notices[number], revision=revision)

    def forget(self, person: int, number: int) -> None:
        ReadAcknowledgment.objects.filter(user=self.people[person], notice=self.notices[number]).delete()

    def join(self, person: int, entity: int) -> None:
        RoleAssignment.objects.get_or_create(user=self.people[person], recipient=self.entities[entity], role="")

    def leave(self, person: int, entity: int) -> None:
        RoleAssignment.objects.filter(user=self.people[person], recipient=self.entities[entity]).delete()

    def trash_or_restore_the_group(self) -> None:
        self.group.is_deleted = not self.group.is_deleted
        RecipientGroup.all_objects.filter(pk=self.group.pk).update(is_deleted=self.group.is_deleted)

    def sleep(self) -> None:
        self.days += 1


class TestOracle(TestCase):
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(history=st.lists(st.tuples(acts, st.sets(PEOPLE)), min_size=1, max_size=15))
    def test_whatever_happens_and_whoever_looks_meanwhile_the_count_is_that_of_the_joins(self, history):
        world, now = World(), timezone.now()
        for (name, *arguments), lookers in history:
            with travel(now + world.days * DAY):
                getattr(world, name)(*arguments)
                for looker in lookers:
                    unread(world.people[looker])
        with travel(now + world.days * DAY):
            for person in world.people:
                expected = NoticeRepository.get_unread_for_user(person).count()
                assert [unread(person), unread(person)] == [expected, expected]
