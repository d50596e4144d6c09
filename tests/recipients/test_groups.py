import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction

from recipients.models import RecipientGroup, RecipientGroupAdditionalRecipient, RecipientGroupRecipient
from tests.makers import make_draft, make_group, make_recipient


def test_a_code_is_unique_among_the_living_only(db):
    first = RecipientGroup.objects.create(code="NIGHT", name="Night shift")
    with pytest.raises(IntegrityError), transaction.atomic():
        RecipientGroup.objects.create(code="NIGHT", name="Another")
    with pytest.raises(ValidationError, match="Another group has this code"):
        RecipientGroup(code="NIGHT", name="Another").full_clean()

    first.delete()
    second = RecipientGroup(code="NIGHT", name="Another")
    second.full_clean()
    second.save()
    with pytest.raises(IntegrityError), transaction.atomic():
        first.restore()
    assert RecipientGroup.objects.get() == second


@pytest.mark.parametrize("kind", ["recipients", "people"])
def test_a_member_is_in_a_group_once(dave, kind):
    member = dave if kind == "people" else make_recipient()
    with pytest.raises(IntegrityError), transaction.atomic():
        make_group(**{kind: (member, member)})


def test_a_group_in_the_trash_keeps_its_members_and_brings_them_back(dave):
    group = make_group(recipients=(make_recipient(),), people=(dave,))
    group.delete()
    assert not RecipientGroup.objects.exists()
    group.restore()
    assert group.recipientgrouprecipient_set.count() == group.recipientgroupadditionalrecipient_set.count() == 1


def test_a_group_that_a_notice_names_cannot_be_destroyed(alice, dave):
    group = make_group(people=(dave,))
    make_draft(author=alice, groups=(group,))
    with pytest.raises(models.ProtectedError), transaction.atomic():
        group.hard_delete()
    group.delete()
    assert RecipientGroup.all_objects.get().is_deleted


def test_members_leave_history_when_they_come_and_go(dave):
    group = make_group(recipients=(make_recipient(),), people=(dave,))
    group.recipientgrouprecipient_set.get().delete()
    assert list(RecipientGroupRecipient.history.order_by("history_id").values_list("history_type", flat=True)) == ["+", "-"]
    assert RecipientGroupAdditionalRecipient.history.get().user == dave


def test_groups_and_members_say_who_they_are(dave):
    group = make_group("Night shift", recipients=(make_recipient("Leeds"),), people=(dave,))
    assert str(group) == "Night shift"
    assert str(group.recipientgrouprecipient_set.get()) == "Leeds in Night shift"
    assert str(group.recipientgroupadditionalrecipient_set.get()) == "Dave Tester in Night shift"
