from datetime import timedelta

import pytest
from celery.signals import before_task_publish
from django.core import serializers
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.signals import post_delete, post_save, pre_delete, pre_save
from django.utils import timezone

from backoffice.clock import today
from backoffice.signals import post_soft_delete, pre_soft_delete
from notices.events import notice_published, notice_withdrawn
from notices.models import Notice
from notices.rendering import cache_key, render
from notices.services import NoticeService
from tests.makers import make_draft, make_published

WAYS = {
    "instance, softly": lambda notice: notice.delete(),
    "instance, hard": lambda notice: notice.hard_delete(),
    "queryset, softly": lambda notice: Notice.objects.filter(pk=notice.pk).delete(),
    "queryset, hard": lambda notice: Notice.objects.filter(pk=notice.pk).hard_delete(),
}


@pytest.fixture
def hints():
    """The ids of the notices for which a worker was woken."""
    seen = []

    def note(sender, body, **kwargs):
        seen.append(body[0][0])

    before_task_publish.connect(note, sender="notices.send_notice_notifications")
    yield seen
    before_task_publish.disconnect(note, sender="notices.send_notice_notifications")


@pytest.mark.parametrize("signal", [pre_save, post_save, pre_delete, post_delete, pre_soft_delete, post_soft_delete])
def test_the_receivers_are_registered(signal):
    assert any(str(key[0]).startswith("notices.") for key, *_ in signal.receivers)


class TestValidatedBeforeSave:
    @pytest.mark.parametrize("save", [lambda n: n.save(), lambda n: n.save(update_fields=["end_date"])])
    def test_an_end_before_the_start_is_not_saved(self, alice, save):
        notice = make_draft(author=alice)
        notice.end_date = notice.start_date.replace(year=2000)
        with pytest.raises(ValidationError, match="The end is before the start"):
            save(notice)

        notice.end_date = notice.start_date
        save(notice)
        assert Notice.objects.get().end_date == notice.start_date

    def test_nor_created(self, db):
        with pytest.raises(ValidationError):
            Notice.objects.create(title="Fire drill", content="<p>x</p>", start_date=today(), end_date=today().replace(year=2000))
        assert not Notice.objects.exists()


class TestCache:
    @pytest.fixture
    def notice(self, alice):
        notice = make_draft(author=alice)
        assert "Tuesday" in render(notice).html
        assert cache.get(cache_key(notice.pk))
        return notice

    def test_it_is_dropped_when_the_notice_is_saved(self, notice):
        notice.save()
        assert cache.get(cache_key(notice.pk)) is None

    @pytest.mark.parametrize("way", WAYS)
    def test_it_is_dropped_when_the_notice_is_deleted(self, notice, way):
        pk = notice.pk
        WAYS[way](notice)
        assert cache.get(cache_key(pk)) is None

    def test_a_text_changed_behind_it_is_never_served_from_it(self, notice):
        Notice.objects.filter(pk=notice.pk).update(content="<p>Wednesday</p>")
        assert render(Notice.objects.get()).text == "Wednesday"


class TestPublishedCannotBeDeleted:
    @pytest.mark.parametrize("way", WAYS)
    def test_neither_softly_nor_hard_by_instance_or_queryset(self, alice, dave, way):
        notice = make_published(author=alice, people=(dave,))
        with pytest.raises(ValidationError, match="withdraw it first"), transaction.atomic():
            WAYS[way](notice)
        assert Notice.objects.get().is_deleted is False

        NoticeService.withdraw(notice.pk, actor=alice)
        WAYS[way](Notice.objects.get())
        assert not Notice.objects.exists()

    @pytest.mark.parametrize("way", WAYS)
    def test_nor_by_someone_who_still_holds_it_as_a_draft(self, alice, dave, way):
        stale = make_draft(author=alice, people=(dave,))
        NoticeService.publish(stale.pk, actor=alice)
        assert stale.status == "draft"

        with pytest.raises(ValidationError, match="withdraw it first"), transaction.atomic():
            WAYS[way](stale)
        assert Notice.objects.get().is_published

    @pytest.mark.parametrize("way", ["queryset, softly", "queryset, hard"])
    def test_one_published_among_many_keeps_them_all(self, alice, dave, way):
        make_draft("First", author=alice)
        make_published("Second", author=alice, people=(dave,))
        with pytest.raises(ValidationError), transaction.atomic():
            getattr(Notice.objects.all(), "delete" if way == "queryset, softly" else "hard_delete")()
        assert Notice.objects.count() == 2

    @pytest.mark.parametrize(("act", "advice"), [("schedule", "cancel the schedule"), ("submit_for_review", "return it to the author")])
    def test_nor_what_is_about_to_be_published(self, alice, dave, act, advice):
        notice = make_draft(author=alice, people=(dave,))
        more = (timezone.now() + timedelta(days=1),) if act == "schedule" else ()
        notice = getattr(NoticeService, act)(notice.pk, *more, actor=alice)
        with pytest.raises(ValidationError, match=advice):
            notice.delete()


class TestToldOnceAfterCommit:
    def test_publishing_wakes_a_worker_once_and_only_after_the_commit(self, alice, dave, hints, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks() as callbacks:
            notice = make_published(author=alice, people=(dave,))
        assert hints == []

        for callback in callbacks:
            callback()
        assert hints == [notice.pk]

    def test_saving_a_published_notice_again_wakes_nobody(self, alice, dave, hints, django_capture_on_commit_callbacks):
        notice = make_published(author=alice, people=(dave,))
        with django_capture_on_commit_callbacks(execute=True):
            notice.save()
            Notice.objects.get().save(update_fields=["title"])
        assert hints == []

    def test_a_draft_wakes_nobody(self, alice, dave, hints, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks(execute=True):
            make_draft(author=alice, people=(dave,))
        assert hints == []

    def test_what_was_rolled_back_wakes_nobody(self, alice, dave, hints, django_capture_on_commit_callbacks):
        draft = make_draft(author=alice, people=(dave,))

        @transaction.atomic
        def publish_and_fail():
            NoticeService.publish(draft.pk, actor=alice)
            raise ZeroDivisionError

        with django_capture_on_commit_callbacks(execute=True), pytest.raises(ZeroDivisionError):
            publish_and_fail()
        assert hints == []
        assert not draft.delivery_set.exists()

    def test_a_receiver_that_fails_undoes_nothing(self, alice, dave, hints, django_capture_on_commit_callbacks):
        def fail(**kwargs):
            raise ZeroDivisionError

        notice_published.connect(fail)
        try:
            with django_capture_on_commit_callbacks(execute=True):
                notice = make_published(author=alice, people=(dave,))
        finally:
            notice_published.disconnect(fail)
        assert hints == [notice.pk]
        assert Notice.objects.get().is_published

    def test_withdrawing_is_announced_too(self, alice, dave, django_capture_on_commit_callbacks):
        heard = []

        def listen(notice_id, **kwargs):
            heard.append(notice_id)

        notice_withdrawn.connect(listen)
        try:
            with django_capture_on_commit_callbacks(execute=True):
                notice = make_published(author=alice, people=(dave,))
                NoticeService.withdraw(notice.pk, actor=alice)
        finally:
            notice_withdrawn.disconnect(listen)
        assert heard == [notice.pk]


def test_a_loaded_fixture_is_taken_as_it_is(alice, tmp_path):
    notice = make_draft(author=alice)
    text = serializers.serialize("json", [notice]).replace('"end_date": null', '"end_date": "2099-01-01"')
    for loaded in serializers.deserialize("json", text):
        loaded.save()
    assert Notice.objects.get().end_date.year == 2099
