import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from guardian.shortcuts import assign_perm

from notices.exceptions import NoticeError
from notices.models import AudienceKey, Delivery, Notice, NoticeAdditionalRecipient
from notices.services import NoticeService
from recipients.models import RecipientGroup, User
from recipients.services import RecipientGroupService
from tests.makers import make_draft, make_group, make_published


@pytest.fixture
def draft(alice, dave):
    return make_draft(author=alice, people=(dave,))


@pytest.fixture
def withdrawn(alice, dave):
    notice = make_published(author=alice, people=(dave,))
    return NoticeService.withdraw(notice.pk, actor=alice)


@pytest.mark.parametrize("state", ["draft", "withdrawn"])
def test_a_draft_and_a_withdrawn_notice_go_into_the_trash_and_come_back_as_they_were(request, alice, state):
    notice = request.getfixturevalue(state)
    audience, deliveries = NoticeAdditionalRecipient.objects.count(), list(Delivery.objects.values())

    NoticeService.delete(notice.pk, actor=alice, reason="Not needed")
    binned = Notice.all_objects.get()
    assert (binned.is_deleted, binned.deleted_by, binned.status) == (True, alice, state)
    assert not Notice.objects.exists()

    restored = NoticeService.restore(notice.pk, actor=alice)
    assert (restored.is_deleted, restored.deleted_at, restored.deleted_by, restored.status) == (False, None, None, state)
    assert NoticeAdditionalRecipient.objects.count() == audience
    assert list(Delivery.objects.values()) == deliveries
    assert not AudienceKey.objects.exists()


def test_restoring_sends_nothing(alice, withdrawn, django_capture_on_commit_callbacks):
    NoticeService.delete(withdrawn.pk, actor=alice)
    with django_capture_on_commit_callbacks() as callbacks:
        NoticeService.restore(withdrawn.pk, actor=alice)
    assert callbacks == []


def test_a_published_notice_is_refused_with_advice(alice, dave):
    notice = make_published(author=alice, people=(dave,))
    with pytest.raises(NoticeError, match=r"“Fire drill” cannot be deleted\. It is published: withdraw it first\."):
        NoticeService.delete(notice.pk, actor=alice)
    assert Notice.objects.get().is_published


def test_deleting_needs_the_permission_on_this_very_notice(alice, bob, erin, draft):
    for stranger in (bob, erin):
        with pytest.raises(PermissionDenied, match="may not delete “Fire drill”"):
            NoticeService.delete(draft.pk, actor=stranger)
    assign_perm("notices.delete_notice", bob, draft)
    bob = User.objects.get(pk=bob.pk)
    assert NoticeService.delete(draft.pk, actor=bob).deleted_by == bob


def test_restoring_needs_a_permission_of_its_own(alice, bob, draft):
    assign_perm("notices.delete_notice", bob, draft)
    NoticeService.delete(draft.pk, actor=bob)
    with pytest.raises(PermissionDenied, match="may not restore"):
        NoticeService.restore(draft.pk, actor=bob)
    assert NoticeService.restore(draft.pk, actor=alice) == draft


def test_each_act_expects_the_notice_where_it_belongs(alice, grace, draft):
    with pytest.raises(NoticeError, match="is not in the trash"):
        NoticeService.restore(draft.pk, actor=alice)
    with pytest.raises(NoticeError, match="is not in the trash"):
        NoticeService.destroy(draft.pk, actor=grace)
    NoticeService.delete(draft.pk, actor=alice)
    with pytest.raises(NoticeError, match="is in the trash"):
        NoticeService.delete(draft.pk, actor=alice)


class TestDestroying:
    def test_it_needs_the_permission_to_destroy(self, alice, grace, draft):
        NoticeService.delete(draft.pk, actor=alice)
        with pytest.raises(PermissionDenied, match="may not destroy"):
            NoticeService.destroy(draft.pk, actor=alice)

        assert NoticeService.destroy(draft.pk, actor=grace) == "Fire drill"
        assert not Notice.all_objects.exists()
        assert not NoticeAdditionalRecipient.objects.exists()

    def test_what_was_ever_delivered_stays(self, alice, grace, withdrawn):
        NoticeService.delete(withdrawn.pk, actor=alice)
        with pytest.raises(NoticeError, match="Who was told of it must stay on record"):
            NoticeService.destroy(withdrawn.pk, actor=grace)
        assert Notice.all_objects.get() == withdrawn

    def test_so_does_what_was_ever_read(self, alice, dave, grace, withdrawn):
        withdrawn.readacknowledgment_set.create(user=dave)
        Delivery.objects.all().delete()
        NoticeService.delete(withdrawn.pk, actor=alice)
        with pytest.raises(NoticeError, match="must stay on record"):
            NoticeService.destroy(withdrawn.pk, actor=grace)

    def test_it_leaves_its_history_with_actor_and_reason(self, alice, grace, draft):
        pk = draft.pk
        NoticeService.delete(pk, actor=alice)
        NoticeService.destroy(pk, actor=grace, reason="Never used")

        last = Notice.history.filter(id=pk).first()
        assert (last.history_type, last.history_user, last.history_change_reason) == ("-", grace, "Never used")
        assert NoticeAdditionalRecipient.history.filter(notice_id=pk, history_type="-").count() == 1


def test_deleting_and_restoring_leave_rows_with_actor_and_reason(alice, grace, draft):
    before = draft.history.count()
    NoticeService.delete(draft.pk, actor=alice, reason="Not needed")
    NoticeService.restore(draft.pk, actor=grace)

    restored, deleted = draft.history.all()[: draft.history.count() - before]
    assert (deleted.history_user, deleted.history_change_reason, deleted.is_deleted) == (alice, "Not needed", True)
    assert (restored.history_user, restored.history_change_reason, restored.is_deleted) == (grace, "Restored from the trash", False)


def test_a_group_that_a_living_notice_addresses_cannot_be_deleted(alice, grace, frank, dave):
    group = make_group("Night shift", people=(dave,))
    notice = make_published("Canteen hours", author=alice, groups=(group,))

    with pytest.raises(ValidationError, match=r"“Night shift” is addressed by “Canteen hours”\. Withdraw them"):
        RecipientGroupService.delete(group.pk, actor=grace)
    with pytest.raises(ValidationError, match=r"“Night shift” is addressed by 1 notice\. Withdraw them"):
        RecipientGroupService.delete(group.pk, actor=frank)  # who sees no notices
    NoticeService.withdraw(notice.pk, actor=alice)
    RecipientGroupService.delete(group.pk, actor=grace)

    assert not RecipientGroup.objects.filter(pk=group.pk).exists()
