"""Following at the very moment of something else: on real connections of their own."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import Any

import pytest
from django.db import connection, transaction

from notices.models import AudienceMove, Delivery, Notice
from notices.repositories import NoticeRepository
from notices.services import DeliveryService, FollowingService, NoticeService
from notices.services.following.moves import follow_some
from recipients.models import RecipientGroupRecipient, RoleAssignment
from tests.makers import make_draft, make_group, make_person, make_published, make_recipient
from tests.notices.test_races import together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("mailbox")]


@contextmanager
def not_yet_committed(act: Callable[[], Any]) -> Iterator[None]:
    """Done by someone else, who commits at the end of the block."""
    done, may_commit = Event(), Event()

    def run() -> None:
        try:
            with transaction.atomic():
                act()
                done.set()
                may_commit.wait(30)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(run)
        try:
            assert done.wait(30) or future.result()
            yield
        finally:
            may_commit.set()
        future.result()


def elsewhere(pool: ThreadPoolExecutor, act: Callable[[], Any]) -> Future:
    def run() -> Any:
        try:
            return act()
        finally:
            connection.close()

    return pool.submit(run)


@pytest.fixture
def leeds(dave):
    return make_recipient("Leeds", members=(dave,))


def join(person, recipient) -> None:
    RoleAssignment.objects.create(user=person, recipient=recipient)


def told() -> set:
    return {delivery.person for delivery in Delivery.objects.select_related("person")}


def test_who_joins_while_it_is_being_published_is_told_all_the_same(alice, dave, erin, leeds):
    draft = make_draft(author=alice, recipients=(leeds,))
    with not_yet_committed(lambda: NoticeService.publish(draft.pk, actor=alice)):
        join(erin, leeds)
        assert follow_some() is None  # its keys are not seen yet: followed now, the move would be lost
        assert AudienceMove.objects.exists()
    assert told() == {dave}
    FollowingService.follow()
    assert told() == {dave, erin}


def test_who_is_joining_when_it_is_published_is_told_all_the_same(alice, dave, erin, leeds):
    draft = make_draft(author=alice, recipients=(leeds,))
    with not_yet_committed(lambda: join(erin, leeds)):
        NoticeService.publish(draft.pk, actor=alice)
        FollowingService.follow()
        assert told() == {dave}
    FollowingService.follow()
    assert told() == {dave, erin}


def test_who_joins_a_recipient_while_it_comes_into_a_group_is_told(alice, dave, erin, leeds):
    group, york = make_group(people=(dave,)), make_recipient("York")
    make_published(author=alice, groups=(group,))
    with not_yet_committed(lambda: RecipientGroupRecipient.objects.create(recipient_group=group, recipient=york)):
        join(erin, york)
        FollowingService.follow()
    FollowingService.follow()
    assert told() == {dave, erin}


def test_who_joined_and_was_followed_before_the_recipient_came_into_the_group_is_told_by_that(alice, dave, erin):
    group, york = make_group(people=(dave,)), make_recipient("York")
    make_published(author=alice, groups=(group,))
    with not_yet_committed(lambda: join(erin, york)):
        RecipientGroupRecipient.objects.create(recipient_group=group, recipient=york)
        FollowingService.follow()
    FollowingService.follow()
    assert told() == {dave, erin}


def test_who_publishes_waits_for_the_end_of_a_batch(alice, dave, leeds):
    draft = make_draft(author=alice, recipients=(leeds,))
    with ThreadPoolExecutor(1) as pool:
        with not_yet_committed(follow_some):
            publishing = elsewhere(pool, lambda: NoticeService.publish(draft.pk, actor=alice))
            with pytest.raises(TimeoutError):
                publishing.result(0.5)
        assert publishing.result(30).is_published


def test_followed_by_several_workers_at_once_each_joiner_is_told_once(alice, dave, leeds):
    notices = [make_published(f"Notice {number}", author=alice, recipients=(leeds,)) for number in range(3)]
    people = [make_person() for _ in range(20)]
    for person in people:
        join(person, leeds)
    results = together(*[FollowingService.follow] * 3)
    assert sum(followed.joined for followed in results) == 20 * 3
    assert Delivery.objects.count() == 21 * len(notices)
    assert not AudienceMove.objects.exists()


def test_compared_and_followed_at_once_each_joiner_is_told_once(alice, dave, leeds):
    notice = make_published(author=alice, recipients=(leeds,))
    for _ in range(10):
        join(make_person(), leeds)
    together(FollowingService.follow, lambda: FollowingService.compare(notice.pk), FollowingService.follow)
    FollowingService.follow()
    assert Delivery.objects.count() == 11


@pytest.mark.parametrize("attempt", range(3))
def test_who_leaves_while_a_worker_sends_has_got_it_or_gets_none_later(alice, mailbox, attempt):
    people = [make_person() for _ in range(12)]
    leeds = make_recipient("Leeds", members=tuple(people))
    notice = make_published(author=alice, recipients=(leeds,), requires_acknowledgement=True)

    def leave() -> None:
        RoleAssignment.objects.filter(user__in=people[:6]).delete()
        FollowingService.follow()

    together(lambda: DeliveryService.deliver(notice.pk), leave)
    DeliveryService.mend()
    DeliveryService.deliver(notice.pk)

    states = dict(Delivery.objects.values_list("person__email", "state"))
    assert set(states.values()) <= {"sent", "cancelled"}
    assert sorted(mailbox.recipients) == sorted(email for email, state in states.items() if state == "sent")
    assert {d.person for d in Delivery.objects.closed().select_related("person")} == set(people[:6])


@pytest.mark.parametrize("attempt", range(3))
def test_who_acknowledges_while_leaving_is_counted_once(alice, dave, leeds, attempt):
    notice = make_published(author=alice, recipients=(leeds,), requires_acknowledgement=True)

    def leave() -> None:
        RoleAssignment.objects.all().delete()
        FollowingService.follow()

    together(lambda: NoticeService.acknowledge(notice, dave), leave)
    FollowingService.follow()
    figures = NoticeRepository.figures(notice)
    assert (figures["acknowledged"], figures["closed"]) in {(1, 0), (0, 1)}
    assert figures["outstanding"] == 0


def test_withdrawn_while_followed_nobody_is_mailed(alice, dave, erin, leeds, mailbox):
    notice = make_published(author=alice, recipients=(leeds,))
    DeliveryService.deliver(notice.pk)
    join(erin, leeds)
    together(FollowingService.follow, lambda: NoticeService.withdraw(notice.pk, actor=alice))
    FollowingService.follow()
    DeliveryService.mend()
    DeliveryService.deliver(notice.pk)
    assert mailbox.recipients == ["dave@example.org"]
    assert set(Delivery.objects.exclude(person=dave).values_list("state", flat=True)) <= {"cancelled"}
    assert Notice.objects.get().status == "withdrawn"
