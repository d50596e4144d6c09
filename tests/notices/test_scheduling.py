from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from notices.exceptions import NoticeError, StaleNotice
from notices.models import Delivery, Notice
from notices.models.notice import today
from notices.services import NoticeService
from notices.services.publishing import Confirmation
from notices.tasks import publish_due
from recipients.models import RecipientGroup, RoleAssignment
from tests.makers import make_draft, make_group, make_person, make_recipient

NOW = datetime(2026, 7, 1, 9, tzinfo=UTC)
MOMENT = datetime(2026, 7, 3, 12, tzinfo=UTC)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def leeds(dave):
    return make_recipient("Leeds", members=(dave,))


@pytest.fixture
def draft(alice, leeds):
    return make_draft(author=alice, recipients=(leeds,))


@pytest.fixture
def scheduled(alice, draft):
    return NoticeService.schedule(draft.pk, MOMENT, actor=alice)


class TestSchedule:
    def test_it_keeps_the_moment_and_tells_nobody_yet(self, scheduled, alice):
        assert (scheduled.status, scheduled.publish_at, scheduled.modified_by) == ("scheduled", MOMENT, alice)
        assert not Delivery.objects.exists()

    @pytest.mark.parametrize("moment", [NOW, NOW - SECOND, NOW - DAY])
    def test_a_moment_that_has_passed_is_refused(self, alice, draft, moment):
        with pytest.raises(NoticeError, match="That moment has passed"):
            NoticeService.schedule(draft.pk, moment, actor=alice)
        assert NoticeService.schedule(draft.pk, NOW + SECOND, actor=alice).status == "scheduled"

    def test_a_moment_after_the_end_is_refused(self, alice, leeds):
        draft = make_draft(author=alice, recipients=(leeds,), end_date=MOMENT.date())
        midnight = datetime(2026, 7, 3, 23, tzinfo=UTC)  # in London
        with pytest.raises(NoticeError, match="would end before it is published"):
            NoticeService.schedule(draft.pk, midnight, actor=alice)
        assert NoticeService.schedule(draft.pk, midnight - SECOND, actor=alice).status == "scheduled"

    def test_the_day_of_the_end_is_the_organisations_wherever_the_author_sits(self, alice, leeds):
        draft = make_draft(author=alice, recipients=(leeds,), end_date=MOMENT.date())
        with timezone.override(ZoneInfo("Pacific/Auckland")):  # there it is the fourth already
            assert NoticeService.schedule(draft.pk, MOMENT, actor=alice).status == "scheduled"

    def test_it_needs_the_right_to_publish(self, bob, draft):
        with pytest.raises(PermissionDenied):
            NoticeService.schedule(draft.pk, MOMENT, actor=bob)

    def test_a_stale_confirmation_is_refused(self, alice, draft):
        with pytest.raises(StaleNotice):
            NoticeService.schedule(draft.pk, MOMENT, actor=alice, seen=Confirmation(draft.version, people=2))
        NoticeService.schedule(draft.pk, MOMENT, actor=alice, seen=Confirmation(draft.version, people=1))

    def test_what_could_not_be_published_cannot_be_scheduled(self, alice):
        with pytest.raises(NoticeError, match="addresses nobody"):
            NoticeService.schedule(make_draft(author=alice).pk, MOMENT, actor=alice)

    def test_the_database_refuses_a_scheduled_notice_without_a_moment(self, draft):
        with pytest.raises(IntegrityError), transaction.atomic():
            Notice.objects.filter(pk=draft.pk).update(status="scheduled")


class TestTheMoment:
    @pytest.mark.parametrize(("offset", "published"), [(-SECOND, False), (0 * SECOND, True), (SECOND, True)])
    def test_it_is_published_at_the_moment_and_not_a_second_before(self, scheduled, clock, offset, published):
        clock.move_to(MOMENT + offset)
        assert publish_due() == int(published)
        assert Notice.objects.get().is_published is published

    def test_twice_publishes_once(self, scheduled, clock, alice):
        clock.move_to(MOMENT)
        assert NoticeService.publish_due(scheduled.pk) is True
        assert NoticeService.publish_due(scheduled.pk) is False
        assert publish_due() == 0

        notice = Notice.objects.get()
        assert (notice.revision, notice.publish_at, notice.published_at) == (1, None, MOMENT)
        assert Delivery.objects.count() == 1
        assert notice.history.filter(status="published").count() == 1
        assert notice.history.first().history_user == alice

    def test_the_audience_is_the_one_of_that_moment(self, scheduled, clock, leeds):
        RoleAssignment.objects.create(user=make_person(), recipient=leeds)
        clock.move_to(MOMENT)
        NoticeService.publish_due(scheduled.pk)
        assert Delivery.objects.count() == 2

    def test_publishing_now_ends_the_schedule(self, scheduled, alice, clock):
        notice = NoticeService.publish(scheduled.pk, actor=alice)
        assert (notice.publish_at, notice.published_at) == (None, NOW)
        clock.move_to(MOMENT)
        assert publish_due() == 0


class TestCancelling:
    def test_it_makes_it_a_draft_again_that_is_not_published(self, scheduled, alice, clock):
        notice = NoticeService.cancel_schedule(scheduled.pk, actor=alice)
        assert (notice.status, notice.publish_at) == ("draft", None)
        clock.move_to(MOMENT)
        assert publish_due() == 0
        assert not Delivery.objects.exists()

    def test_it_needs_the_right_and_a_schedule(self, scheduled, alice, bob):
        with pytest.raises(PermissionDenied):
            NoticeService.cancel_schedule(scheduled.pk, actor=bob)
        NoticeService.cancel_schedule(scheduled.pk, actor=alice)
        with pytest.raises(NoticeError, match="is not scheduled: it is draft"):
            NoticeService.cancel_schedule(scheduled.pk, actor=alice)


class TestNoLongerPublishable:
    def check(self, notice, clock, sentence):
        clock.move_to(MOMENT)
        assert publish_due() == 0
        stored = Notice.objects.get(pk=notice.pk)
        assert (stored.status, stored.publish_at) == ("draft", None)
        assert sentence in stored.status_reason
        assert sentence in stored.history.first().history_change_reason
        assert not Delivery.objects.filter(notice=notice).exists()
        assert publish_due() == 0

    def test_a_group_went_into_the_trash(self, alice, dave, clock):
        group = make_group("Night shift", people=(dave,))
        notice = NoticeService.schedule(make_draft(author=alice, groups=(group,)).pk, MOMENT, actor=alice)
        RecipientGroup.objects.filter(pk=group.pk).update(is_deleted=True)  # past the rule that refuses it
        self.check(notice, clock, "The group “Night shift” is in the trash")

    def test_nobody_is_left(self, scheduled, clock):
        RoleAssignment.objects.all().delete()
        self.check(scheduled, clock, "Nobody active is in the audience")

    def test_it_ended_meanwhile(self, scheduled, clock):
        Notice.objects.update(end_date=today())
        self.check(scheduled, clock, "ended on")

    def test_who_scheduled_it_may_publish_no_more(self, scheduled, alice, clock):
        alice.is_active = False
        alice.save()
        self.check(scheduled, clock, "Alice Tester may not publish")

    def test_the_others_that_are_due_are_published_all_the_same(self, scheduled, alice, grace, leeds, clock):
        second = NoticeService.schedule(make_draft("Second", author=grace, recipients=(leeds,)).pk, MOMENT, actor=grace)
        alice.groups.clear()
        clock.move_to(MOMENT)
        assert publish_due() == 1
        assert Notice.objects.get(pk=second.pk).is_published
        assert Notice.objects.get(pk=scheduled.pk).status == "draft"
