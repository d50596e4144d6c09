"""The tasks as Celery finds them, by name: what the clock starts does what it says, and is harmless when it runs twice."""

from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.utils import timezone

from backoffice.celery import app
from notices.models import AudienceKey, Delivery, Notice
from notices.services import NoticeService
from notices.services.delivery import DeliveryService
from notices.services.sending.claims import LEASE, Marks
from notices.tasks import send_notice_notifications, send_one_turn
from tests.clock import pass_time
from tests.makers import make_draft, make_published

MOMENT = timedelta(hours=1)


def run(name: str) -> int:
    """What the task answers. Nothing is caught on its way."""
    return app.tasks[name].apply(throw=True).get()


@pytest.fixture
def woken(monkeypatch) -> list[int]:
    """The ids of the notices that a worker was told to mail."""
    ids: list[int] = []
    for task in (send_notice_notifications, send_one_turn):
        monkeypatch.setattr(task, "delay", ids.append)
    return ids


def test_the_clock_starts_only_tasks_that_exist(db):  # importing them runs the checks of the models
    started = {entry["task"] for entry in django_settings.CELERY_BEAT_SCHEDULE.values()}
    assert started == {
        *("notices.publish_due", "notices.sweep", "notices.take_bounces", "audit.seal", "audit.mail_anchor"),
        *("notices.follow_audiences", "notices.compare_audiences", "notices.note_reminders", "notices.remind"),
        *("recipients.erase_leavers", "recipients.sweep_imports", "signin.sweep"),
        *("audit.sweep_exports", "audit.forget_exports"),
        "backoffice.tick",
    }
    app.loader.import_default_modules()
    assert started <= app.tasks.keys()


class TestPublishDue:
    def test_it_publishes_what_is_due_once_and_leaves_the_rest(self, alice, dave, django_capture_on_commit_callbacks, woken):
        first, second, later = (make_draft(title, author=alice, people=(dave,)) for title in ("First", "Second", "Later"))
        for number, notice in enumerate((first, second, later)):
            NoticeService.schedule(notice.pk, timezone.now() + (number // 2 + 1) * MOMENT, actor=alice)

        pass_time(MOMENT * 1.5)
        with django_capture_on_commit_callbacks(execute=True):
            assert (run("notices.publish_due"), run("notices.publish_due")) == (2, 0)

        assert list(Notice.objects.filter(status="published").order_by("pk")) == [first, second]
        assert Delivery.objects.count() == 2
        assert woken == [first.pk, second.pk]

    def test_nothing_due_is_nothing_done(self, alice, dave):
        make_draft(author=alice, people=(dave,))
        assert run("notices.publish_due") == 0


class TestSweep:
    def test_it_wakes_a_worker_for_each_notice_with_mail_to_send(self, alice, dave, erin, woken):
        waiting = [make_published(f"Notice {number}", author=alice, people=(dave, erin)) for number in range(2)]
        make_draft(author=alice, people=(dave,))

        assert run("notices.sweep") == 2
        assert woken == [notice.pk for notice in waiting]

    def test_a_mail_in_the_hands_of_a_worker_that_died_may_have_arrived_and_is_not_sent_again(self, alice, dave, woken):
        notice = make_published(author=alice, people=(dave,))
        claim = DeliveryService.claim(notice)
        with Marks() as marks:
            marks.begin(claim, 1)
        assert run("notices.sweep") == 0  # it may still be at work

        pass_time(LEASE + timedelta(seconds=1))
        assert run("notices.sweep") == 0

        delivery = Delivery.objects.get()
        assert (delivery.state, woken) == ("unknown", [])
        assert "The worker stopped while sending" in delivery.reason

    def test_it_gives_a_publication_that_has_none_its_deliveries_and_keys(self, alice, dave, woken):
        notice = make_draft(author=alice, people=(dave,))
        notice.publish()

        assert (run("notices.sweep"), woken) == (1, [notice.pk])
        assert [d.person for d in Delivery.objects.filter(notice=notice)] == [dave]
        assert AudienceKey.objects.filter(notice=notice).count() == 1
        run("notices.sweep")
        assert (Delivery.objects.count(), AudienceKey.objects.count()) == (1, 1)

    def test_it_takes_what_is_off_show_out_of_the_inbox_and_the_queue(self, alice, dave, woken):
        notice = make_published(author=alice, people=(dave,))
        notice.unpublish()

        assert run("notices.sweep") == 0
        assert not AudienceKey.objects.filter(notice=notice).exists()
        assert (Delivery.objects.get().state, woken) == ("cancelled", [])
