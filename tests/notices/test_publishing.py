import pytest
from django.core.exceptions import PermissionDenied

from notices.models import AudienceKey, Delivery
from notices.repositories import AudienceKeyRepository, NoticeRepository
from notices.services import NoticeService
from tests.makers import make_draft, make_group, make_recipient


@pytest.fixture
def draft(alice, dave, erin):
    leeds = make_recipient("Site Leeds", members=(dave, erin))
    return make_draft(author=alice, recipients=(leeds,), groups=(make_group(recipients=(leeds,), people=(alice,)),))


def test_publish_needs_permission_on_this_very_notice(alice, bob, draft):
    with pytest.raises(PermissionDenied, match="may not publish “Fire drill”"):
        NoticeService.publish(draft.pk, actor=bob)

    assert NoticeService.publish(draft.pk, actor=alice).is_published  # same set-up


def test_publishing_owes_each_person_one_delivery(alice, dave, erin, draft):
    NoticeService.publish(draft.pk, actor=alice)

    assert set(Delivery.objects.values_list("person_id", flat=True)) == {alice.pk, dave.pk, erin.pk}
    assert Delivery.objects.count() == 3
    assert AudienceKey.objects.filter(notice=draft).count() == 2
    assert AudienceKeyRepository.differences() == (0, 0)
    assert NoticeRepository.unread_count(dave) == 1
    [mine] = NoticeRepository.inbox_page(dave)
    assert (mine.pk, mine.was_read, mine.is_favourite) == (draft.pk, False, False)
    NoticeService.mark_as_read(draft, dave)
    assert NoticeRepository.unread_count(dave) == 0
