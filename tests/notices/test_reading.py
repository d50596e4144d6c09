import hashlib
from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from backoffice.clock import today
from notices.exceptions import NoticeError, StaleNotice
from notices.models import Favourite, Notice, ReadAcknowledgment
from notices.repositories import NoticeRepository
from notices.services import NoticeService
from notices.services.reading import content_digest
from tests.clock import travel
from tests.makers import make_draft, make_person, make_published

DAY = timedelta(days=1)


@pytest.fixture
def notice(alice, dave):
    return make_published(author=alice, people=(dave,), requires_acknowledgement=True)


ACTS = {
    "open": NoticeService.mark_as_read,
    "acknowledge": NoticeService.acknowledge,
    "favourite": lambda notice, person: NoticeService.set_favourite(notice, person, favourite=True),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
class TestWhoMay:
    def test_someone_not_addressed_is_refused(self, notice, dave, act):
        for stranger in (make_person(), AnonymousUser()):
            with pytest.raises(PermissionDenied, match="“Fire drill” is not on show for"):
                act(notice, stranger)
        act(notice, dave)

    def test_even_the_author_and_the_administrator(self, notice, alice, grace, act):
        for person in (alice, grace):
            with pytest.raises(PermissionDenied):
                act(notice, person)

    def test_someone_inactive_is_refused(self, notice, dave, act):
        dave.is_active = False
        dave.save()
        with pytest.raises(PermissionDenied):
            act(notice, dave)

    def test_what_is_not_on_show_is_refused(self, notice, alice, dave, act):
        NoticeService.withdraw(notice.pk, actor=alice)
        later = make_published(author=alice, people=(dave,), start_date=today() + DAY, requires_acknowledgement=True)
        draft = make_draft(author=alice, people=(dave,), requires_acknowledgement=True)
        for hidden in (notice, later, draft):
            with pytest.raises(PermissionDenied):
                act(hidden, dave)
        assert not ReadAcknowledgment.objects.exists()
        assert not Favourite.objects.exists()


class TestOpening:
    def test_the_first_time_is_kept(self, notice, dave):
        NoticeService.mark_as_read(notice, dave)
        first = ReadAcknowledgment.objects.get().read_at
        with travel(timezone.now() + timedelta(minutes=5)):
            assert NoticeService.mark_as_read(notice, dave).read_at == first
        assert ReadAcknowledgment.objects.count() == 1

    def test_opened_is_not_acknowledged(self, notice, dave):
        reading = NoticeService.mark_as_read(notice, dave)
        assert (reading.acknowledged_at, reading.content_sha256) == (None, "")

    def test_a_new_revision_is_opened_anew(self, notice, alice, dave):
        NoticeService.mark_as_read(notice, dave)
        NoticeService.withdraw(notice.pk, actor=alice)
        again = NoticeService.publish(notice.pk, actor=alice)
        assert NoticeService.get_unread_count(dave) == 1
        NoticeService.mark_as_read(again, dave)
        assert NoticeService.get_unread_count(dave) == 0
        assert ReadAcknowledgment.objects.filter(user=dave).count() == 2


class TestAcknowledging:
    def test_it_pins_what_was_confirmed_and_when(self, notice, dave):
        reading = NoticeService.acknowledge(notice, dave, revision=1)
        stored = ReadAcknowledgment.objects.get()

        assert stored.acknowledged_at == reading.acknowledged_at
        assert stored.acknowledged_at >= stored.read_at
        assert stored.content_sha256 == content_digest(Notice.objects.get())

    def test_twice_is_once_and_the_first_moment_stays(self, notice, dave):
        first = NoticeService.acknowledge(notice, dave)
        with travel(timezone.now() + timedelta(minutes=5)):
            again = NoticeService.acknowledge(notice, dave)
        assert (again.pk, again.acknowledged_at) == (first.pk, first.acknowledged_at)
        assert ReadAcknowledgment.history.filter(history_type="~").count() == 1

    def test_it_keeps_the_moment_of_opening(self, notice, dave):
        opened = NoticeService.mark_as_read(notice, dave)
        with travel(timezone.now() + timedelta(minutes=5)):
            assert NoticeService.acknowledge(notice, dave).read_at == opened.read_at

    def test_a_clock_that_was_set_back_a_little_says_nothing_odd(self, notice, dave):
        opened = NoticeService.mark_as_read(notice, dave)
        with travel(timezone.now() - timedelta(seconds=30)):
            assert NoticeService.acknowledge(notice, dave).acknowledged_at == opened.read_at

    def test_a_notice_that_does_not_ask_for_it_is_refused(self, alice, dave):
        notice = make_published(author=alice, people=(dave,))
        with pytest.raises(NoticeError, match="does not ask to be acknowledged"):
            NoticeService.acknowledge(notice, dave)

    def test_a_newer_revision_has_to_be_read_first(self, notice, alice, dave):
        NoticeService.withdraw(notice.pk, actor=alice)
        NoticeService.publish(notice.pk, actor=alice)
        with pytest.raises(StaleNotice, match=r"was changed since you opened it\. Read it again first"):
            NoticeService.acknowledge(notice, dave, revision=1)
        assert not ReadAcknowledgment.objects.exists()
        assert NoticeService.acknowledge(notice, dave, revision=2).revision == 2

    def test_it_counts_in_the_figures(self, notice, dave):
        NoticeService.mark_as_read(notice, dave)
        assert NoticeRepository.figures(notice) | {"opened": 1, "acknowledged": 0} == NoticeRepository.figures(notice)
        NoticeService.acknowledge(notice, dave)
        assert NoticeRepository.figures(notice) | {"opened": 1, "acknowledged": 1} == NoticeRepository.figures(notice)


class TestDigest:
    def test_it_is_sha256_over_each_part_with_its_length(self, notice):
        parts = [notice.title.encode(), notice.content.encode()]
        by_hand = hashlib.sha256(b"".join(len(part).to_bytes(8) + part for part in parts)).hexdigest()
        assert content_digest(notice) == by_hand

    def test_moving_a_letter_from_one_part_to_the_next_changes_it(self, notice):
        before = content_digest(notice)
        notice.title, notice.content = notice.title[:-1], notice.title[-1] + notice.content
        assert content_digest(notice) != before

    def test_an_attachment_changes_it(self, notice):
        before = content_digest(notice)
        notice.attachments.create(sha256="a" * 64)
        assert content_digest(notice) != before


class TestFavourites:
    def test_on_and_off_each_twice_is_once(self, notice, dave):
        for _ in range(2):
            NoticeService.set_favourite(notice, dave, favourite=True)
            assert Favourite.objects.get().user == dave
        for _ in range(2):
            NoticeService.set_favourite(notice, dave, favourite=False)
            assert not Favourite.objects.exists()


def test_what_a_reader_does_leaves_history_in_their_name(notice, dave):
    NoticeService.mark_as_read(notice, dave)
    NoticeService.acknowledge(notice, dave)
    NoticeService.set_favourite(notice, dave, favourite=True)
    NoticeService.set_favourite(notice, dave, favourite=False)

    readings = ReadAcknowledgment.history.order_by("history_id").values_list("history_type", "history_user__username")
    favourites = Favourite.history.order_by("history_id").values_list("history_type", "history_user__username")
    assert list(readings) == [("+", "dave"), ("~", "dave")]
    assert list(favourites) == [("+", "dave"), ("-", "dave")]
