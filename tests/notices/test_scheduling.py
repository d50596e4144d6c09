from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from backoffice.clock import today
from notices.exceptions import NoticeError, StaleNotice
from notices.models import Delivery, Notice
from notices.services import NoticeService
from notices.services.publishing import Confirmation
from notices.tasks import publish_due
from recipients.models import RecipientGroup, RoleAssignment
from tests.clock import pass_time
from tests.makers import make_approved, make_category, make_draft, make_group, make_person, make_recipient

SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
NOW = timezone.now()
MOMENT = (NOW + 2 * DAY).replace(hour=12, minute=0, second=0, microsecond=0)


def come(offset: timedelta = 10 * SECOND) -> None:
    """The moment comes, or is that far away."""
    pass_time(MOMENT - timezone.now() + offset)


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
        assert NoticeService.schedule(draft.pk, timezone.now() + MINUTE, actor=alice).status == "scheduled"

    def test_a_moment_after_the_end_is_refused(self, alice, leeds):
        draft = make_draft(author=alice, recipients=(leeds,), end_date=MOMENT.date())
        midnight = datetime.combine(MOMENT.date() + DAY, time(), timezone.get_default_timezone())
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
    @pytest.mark.parametrize(("offset", "published"), [(-10 * SECOND, False), (0 * SECOND, True), (10 * SECOND, True)])
    def test_it_is_published_at_the_moment_and_not_before(self, scheduled, offset, published):
        come(offset)
        assert publish_due() == int(published)
        assert Notice.objects.get().is_published is published

    @pytest.mark.parametrize(("late", "published"), [(-MINUTE, True), (MINUTE, False)])
    def test_later_than_its_grace_it_waits_for_a_person(self, scheduled, settings, late, published):
        come(settings.PUBLISH_GRACE + late)
        assert publish_due() == int(published)
        assert Notice.objects.get().is_published is published
        assert Notice.objects.missed_publication().exists() is not published

    def test_the_clock_of_this_host_decides_nothing(self, scheduled):
        with time_machine.travel(MOMENT + MINUTE):
            assert publish_due() == 0
        come()
        with time_machine.travel(MOMENT - DAY):
            assert publish_due() == 1

    def test_twice_publishes_once(self, scheduled, alice):
        come()
        assert NoticeService.publish_due(scheduled.pk) is True
        assert NoticeService.publish_due(scheduled.pk) is False
        assert publish_due() == 0

        notice = Notice.objects.get()
        assert (notice.revision, notice.publish_at) == (1, None)
        assert Delivery.objects.count() == 1
        assert notice.history.filter(status="published").count() == 1
        assert notice.history.first().history_user == alice

    def test_the_audience_is_the_one_of_that_moment(self, scheduled, leeds):
        RoleAssignment.objects.create(user=make_person(), recipient=leeds)
        come()
        NoticeService.publish_due(scheduled.pk)
        assert Delivery.objects.count() == 2

    def test_publishing_now_ends_the_schedule(self, scheduled, alice):
        notice = NoticeService.publish(scheduled.pk, actor=alice)
        assert (notice.publish_at, notice.is_published) == (None, True)
        come()
        assert publish_due() == 0


class TestRescheduling:
    def test_it_is_published_at_the_new_moment_alone_and_was_no_draft_meanwhile(self, scheduled, alice):
        later = NoticeService.reschedule(scheduled.pk, MOMENT + DAY, actor=alice)
        assert (later.status, later.publish_at, later.version) == ("scheduled", MOMENT + DAY, scheduled.version + 1)
        assert set(Notice.history.filter(id=scheduled.pk).values_list("status", flat=True)) == {"draft", "scheduled"}
        come()
        assert publish_due() == 0
        pass_time(DAY)
        assert publish_due() == 1

    def test_what_missed_its_moment_can_be_given_another(self, scheduled, alice, settings):
        come(settings.PUBLISH_GRACE + MINUTE)
        assert publish_due() == 0
        NoticeService.reschedule(scheduled.pk, timezone.now() + MINUTE, actor=alice)
        assert not Notice.objects.missed_publication().exists()
        pass_time(2 * MINUTE)
        assert publish_due() == 1

    def test_what_was_approved_stays_approved(self, alice, erin, leeds):
        category = make_category(needs_approval=True)
        notice = make_approved(author=alice, approver=erin, recipients=(leeds,), category=category)
        NoticeService.schedule(notice.pk, MOMENT, actor=alice)
        NoticeService.reschedule(notice.pk, MOMENT + MINUTE, actor=alice)
        come(2 * MINUTE)
        assert publish_due() == 1

    def test_it_is_published_by_the_rights_of_who_moved_it_last(self, scheduled, alice, grace):
        NoticeService.reschedule(scheduled.pk, MOMENT + MINUTE, actor=grace)
        alice.groups.clear()
        come(2 * MINUTE)
        assert publish_due() == 1
        assert Notice.objects.get().history.first().history_user == grace

    def test_it_needs_the_right_a_schedule_and_a_moment_to_come(self, scheduled, draft, alice, bob):
        with pytest.raises(PermissionDenied):
            NoticeService.reschedule(scheduled.pk, MOMENT + DAY, actor=bob)
        with pytest.raises(NoticeError, match="That moment has passed"):
            NoticeService.reschedule(scheduled.pk, timezone.now() - SECOND, actor=alice)
        with pytest.raises(StaleNotice):
            NoticeService.reschedule(scheduled.pk, MOMENT + DAY, actor=alice, seen=Confirmation(scheduled.version - 1, people=1))
        NoticeService.cancel_schedule(scheduled.pk, actor=alice)
        with pytest.raises(NoticeError, match="is not scheduled: it is draft"):
            NoticeService.reschedule(scheduled.pk, MOMENT + DAY, actor=alice)

    def test_its_days_hold_for_the_new_moment_too(self, alice, leeds):
        notice = make_draft(author=alice, recipients=(leeds,), end_date=MOMENT.date())
        NoticeService.schedule(notice.pk, MOMENT, actor=alice)
        with pytest.raises(NoticeError, match="would end before it is published"):
            NoticeService.reschedule(notice.pk, MOMENT + DAY, actor=alice)


class TestCancelling:
    def test_it_makes_it_a_draft_again_that_is_not_published(self, scheduled, alice):
        notice = NoticeService.cancel_schedule(scheduled.pk, actor=alice)
        assert (notice.status, notice.publish_at) == ("draft", None)
        come()
        assert publish_due() == 0
        assert not Delivery.objects.exists()

    def test_it_needs_the_right_and_a_schedule(self, scheduled, alice, bob):
        with pytest.raises(PermissionDenied):
            NoticeService.cancel_schedule(scheduled.pk, actor=bob)
        NoticeService.cancel_schedule(scheduled.pk, actor=alice)
        with pytest.raises(NoticeError, match="is not scheduled: it is draft"):
            NoticeService.cancel_schedule(scheduled.pk, actor=alice)


class TestNoLongerPublishable:
    def check(self, notice, sentence):
        come()
        assert publish_due() == 0
        stored = Notice.objects.get(pk=notice.pk)
        assert (stored.status, stored.publish_at) == ("draft", None)
        assert sentence in stored.status_reason
        assert sentence in stored.history.first().history_change_reason
        assert not Delivery.objects.filter(notice=notice).exists()
        assert publish_due() == 0

    def test_a_group_went_into_the_trash(self, alice, dave):
        group = make_group("Night shift", people=(dave,))
        notice = NoticeService.schedule(make_draft(author=alice, groups=(group,)).pk, MOMENT, actor=alice)
        RecipientGroup.objects.filter(pk=group.pk).update(is_deleted=True)  # past the rule that refuses it
        self.check(notice, "The group “Night shift” is in the trash")

    def test_nobody_is_left(self, scheduled):
        RoleAssignment.objects.all().delete()
        self.check(scheduled, "Nobody active is in the audience")

    def test_it_ended_meanwhile(self, scheduled):
        Notice.objects.update(start_date=today() - 2 * DAY, end_date=today() - DAY)
        self.check(scheduled, "ended on")

    def test_who_scheduled_it_may_publish_no_more(self, scheduled, alice):
        alice.is_active = False
        alice.save()
        self.check(scheduled, "Alice Tester may not publish")

    def test_the_others_that_are_due_are_published_all_the_same(self, scheduled, alice, grace, leeds):
        second = NoticeService.schedule(make_draft("Second", author=grace, recipients=(leeds,)).pk, MOMENT, actor=grace)
        alice.groups.clear()
        come()
        assert publish_due() == 1
        assert Notice.objects.get(pk=second.pk).is_published
        assert Notice.objects.get(pk=scheduled.pk).status == "draft"
