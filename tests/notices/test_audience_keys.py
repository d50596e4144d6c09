from datetime import timedelta

import pytest

from backoffice.clock import today
from notices.models import AudienceKey, Notice
from notices.repositories import AudienceKeyRepository, NoticeRepository
from notices.services import AudienceKeyService, DeliveryService, NoticeService
from recipients.audience import GROUP, PERSON, RECIPIENT, audience_key
from recipients.models import RoleAssignment
from tests.makers import make_draft, make_group, make_person, make_published, make_recipient

DAY = timedelta(days=1)


@pytest.fixture
def leeds(dave):
    return make_recipient("Leeds", members=(dave,))


@pytest.fixture
def notice(alice, dave, leeds):
    return make_published(author=alice, recipients=(leeds,), groups=(make_group(recipients=(leeds,)),), people=(dave,))


def keys(notice) -> set[int]:
    return set(AudienceKey.objects.filter(notice=notice).values_list("key", flat=True))


def test_a_published_notice_has_one_key_per_address(notice, leeds, dave):
    group = notice.noticerecipientgroup_set.get().recipient_group_id
    assert keys(notice) == {audience_key(RECIPIENT, leeds.pk), audience_key(GROUP, group), audience_key(PERSON, dave.pk)}
    assert AudienceKeyRepository.differences() == (0, 0)


def test_the_three_kinds_never_share_a_key():
    packed = [audience_key(kind, pk) for kind in (RECIPIENT, GROUP, PERSON) for pk in range(100)]
    assert len(set(packed)) == 300


def test_a_key_carries_what_an_inbox_needs(notice):
    key = AudienceKey.objects.filter(notice=notice).first()
    assert (key.published_at, key.starts_on, key.ends_on, key.revision) == (notice.published_at, today(), None, 1)


def test_a_draft_has_none_and_a_withdrawn_notice_none_any_more(alice, notice, leeds):
    assert keys(make_draft(author=alice, recipients=(leeds,))) == set()
    NoticeService.withdraw(notice.pk, actor=alice)
    assert keys(notice) == set()
    NoticeService.publish(notice.pk, actor=alice)
    assert AudienceKey.objects.filter(notice=notice, revision=2).count() == 3


class TestDifferences:
    def test_a_missing_key_and_one_without_a_reason_are_both_found(self, notice):
        AudienceKey.objects.filter(notice=notice).first().delete()
        assert AudienceKeyRepository.differences() == (1, 0)
        AudienceKey.objects.filter(notice=notice).update(revision=9)
        assert AudienceKeyRepository.differences() == (3, 2)

    def test_rebuilding_makes_them_equal(self, notice, alice, leeds):
        make_published("Second", author=alice, recipients=(leeds,))
        AudienceKey.objects.filter(notice=notice).update(revision=9)
        assert AudienceKeyService.rebuild() == 4
        assert AudienceKeyRepository.differences() == (0, 0)

    def test_refreshing_mends_one_notice(self, notice):
        AudienceKey.objects.all().delete()
        AudienceKeyService.refresh(notice)
        assert AudienceKeyRepository.differences() == (0, 0)


class TestSweep:
    def test_a_publication_by_instance_alone_gets_its_keys(self, alice, dave, leeds):
        draft = make_draft(author=alice, recipients=(leeds,))
        draft.publish()
        assert NoticeRepository.inbox_page(dave) == []

        DeliveryService.mend()
        assert NoticeRepository.inbox_page(dave) == [draft]
        assert AudienceKeyRepository.differences() == (0, 0)

    def test_a_withdrawal_by_instance_alone_loses_them(self, notice, dave):
        notice.unpublish()
        DeliveryService.mend()
        assert NoticeRepository.inbox_page(dave) == []
        assert AudienceKeyRepository.differences() == (0, 0)


class TestInbox:
    def test_membership_is_read_when_the_inbox_is(self, notice, leeds):
        person = make_person()
        assert NoticeRepository.unread_count(person) == 0
        membership = RoleAssignment.objects.create(user=person, recipient=leeds)
        assert NoticeRepository.unread_count(person) == 1
        membership.ends_on = today() - DAY
        membership.save()
        assert NoticeRepository.unread_count(person) == 0

    def test_a_notice_shows_from_its_first_day_to_its_last(self, alice, dave, leeds):
        make_published("Tomorrow", author=alice, recipients=(leeds,), start_date=today() + DAY)
        make_published("Today", author=alice, recipients=(leeds,), end_date=today())
        gone = make_published("Gone", author=alice, recipients=(leeds,), start_date=today() - DAY)
        Notice.objects.filter(pk=gone.pk).update(end_date=today() - DAY)
        AudienceKeyService.rebuild()
        assert [n.title for n in NoticeRepository.inbox_page(dave)] == ["Today"]
        assert NoticeRepository.unread_count(dave) == 1

    def test_a_page_is_one_statement(self, notice, dave, django_assert_num_queries):
        with django_assert_num_queries(1):
            [row] = NoticeRepository.inbox_page(dave)
            assert (row.title, row.content, row.category_id, row.was_read) == (notice.title, notice.content, None, False)
        with django_assert_num_queries(1):
            NoticeRepository.unread_count(dave)
