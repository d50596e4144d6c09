"""The mixins, on the models that wear them."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection
from django.template import Context, Template
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backoffice.models import PublishableMixin, SoftDeleteMixin, TimestampMixin, UserTrackingMixin
from notices.models import Delivery, Notice
from recipients.models import RecipientGroup
from tests.makers import make_draft, make_group, make_published

FIELDS = {
    TimestampMixin: {"created_at", "modified_at"},
    UserTrackingMixin: {"created_by", "modified_by"},
    SoftDeleteMixin: {"is_deleted", "deleted_at", "deleted_by"},
    PublishableMixin: {"is_published", "published_at"},
}
METHODS = {SoftDeleteMixin: ("delete", "hard_delete", "restore"), PublishableMixin: ("publish", "unpublish")}


@pytest.mark.parametrize("mixin", FIELDS)
def test_a_mixin_is_abstract_and_has_the_fields_and_methods_of_the_seed(mixin):
    assert mixin._meta.abstract
    assert {field.name for field in mixin._meta.get_fields()} == FIELDS[mixin]
    assert all(callable(getattr(mixin, name)) for name in METHODS.get(mixin, ()))


class TestCheckedTogether:
    BROKEN = [
        ({"end_date": date(2026, 1, 1), "start_date": date(2026, 1, 2)}, "would end before it starts"),
        ({"status": "scheduled"}, "needs the moment to publish it"),
        ({"status": "published"}, "needs the moment it was published"),
        ({"status": "forgotten"}, "notice_status_is_known"),
    ]

    def test_that_all_constraints_hold_takes_one_question(self, alice):
        draft = make_draft(author=alice)
        with CaptureQueriesContext(connection) as asked:
            draft.validate_constraints()
        assert len([query for query in asked if "_check" in query["sql"]]) == 1

    @pytest.mark.parametrize(("fields", "sentence"), BROKEN)
    def test_what_does_not_hold_is_named(self, alice, fields, sentence):
        draft = make_draft(author=alice)
        vars(draft).update(fields)
        with pytest.raises(ValidationError, match=sentence) as refused:
            draft.validate_constraints()
        assert len(refused.value.messages) == 1

    def test_fields_that_are_left_out_leave_out_their_constraints(self, alice):
        draft = make_draft(author=alice)
        draft.start_date, draft.end_date = date(2026, 1, 2), date(2026, 1, 1)
        draft.validate_constraints(exclude={"end_date"})


class TestTimestamps:
    def test_created_stays_and_modified_moves_with_each_save(self, db):
        with time_machine.travel("2026-05-01T10:00:00Z", tick=False):
            group = make_group("Night shift")
        with time_machine.travel("2026-05-02T10:00:00Z", tick=False):
            group.save()

        group.refresh_from_db()
        assert group.created_at == datetime(2026, 5, 1, 10, tzinfo=UTC)
        assert group.modified_at == datetime(2026, 5, 2, 10, tzinfo=UTC)


class TestSoftDelete:
    @pytest.fixture
    def group(self, db):
        return make_group("Night shift")

    def test_delete_keeps_the_row_and_says_when_and_by_whom(self, group, frank):
        assert group.delete(user=frank) == (1, {"recipients.RecipientGroup": 1})

        stored = RecipientGroup.all_objects.get()
        assert (stored.is_deleted, stored.deleted_by) == (True, frank)
        assert abs((timezone.now() - stored.deleted_at).total_seconds()) < 60
        assert not RecipientGroup.objects.exists()

    def test_delete_needs_no_user(self, group):
        group.delete()
        assert RecipientGroup.all_objects.get().deleted_by is None

    def test_deleting_twice_keeps_the_first_moment_and_person(self, group, frank, alice):
        group.delete(user=frank)
        when = group.deleted_at
        assert group.delete(user=alice) == (0, {})
        assert (RecipientGroup.all_objects.get().deleted_at, RecipientGroup.all_objects.get().deleted_by) == (when, frank)

    def test_restore_brings_it_back_and_forgets_the_deletion(self, group, frank):
        group.delete(user=frank)
        group.restore()

        stored = RecipientGroup.objects.get()
        assert (stored.is_deleted, stored.deleted_at, stored.deleted_by) == (False, None, None)

    def test_hard_delete_destroys_the_row(self, group):
        assert group.hard_delete()[0] == 1
        assert not RecipientGroup.all_objects.exists()

    def test_delete_of_a_queryset_is_soft(self, group, frank):
        make_group("Day shift")
        assert RecipientGroup.objects.all().delete(user=frank) == (2, {"recipients.RecipientGroup": 2})
        assert RecipientGroup.all_objects.deleted().filter(deleted_by=frank).count() == 2
        assert RecipientGroup.all_objects.all().delete() == (0, {"recipients.RecipientGroup": 0})

    def test_hard_delete_of_a_queryset_destroys(self, group):
        RecipientGroup.objects.all().hard_delete()
        assert not RecipientGroup.all_objects.exists()

    @pytest.mark.parametrize("name", ["delete", "hard_delete"])
    @pytest.mark.parametrize("manager", [RecipientGroup.objects, RecipientGroup.all_objects, Notice.objects, Notice.all_objects])
    def test_a_manager_offers_no_way_to_delete_everything(self, manager, name):
        assert not hasattr(manager, name)

    @pytest.mark.parametrize("expression", ["group.delete", "group.hard_delete", "groups.delete", "groups.hard_delete"])
    def test_a_template_cannot_delete(self, group, expression):
        Template("{{ " + expression + " }}").render(Context({"group": group, "groups": RecipientGroup.objects.all()}))
        assert RecipientGroup.objects.get() == group

    def test_alive_and_deleted_split_all_there_is(self, group):
        other = make_group("Day shift")
        other.delete()
        assert list(RecipientGroup.all_objects.alive()) == [group]
        assert list(RecipientGroup.all_objects.deleted()) == [other]
        assert RecipientGroup.all_objects.count() == 2


class TestPublishable:
    def test_publish_changes_the_state_alone(self, alice, dave):
        notice = make_draft(author=alice, people=(dave,))
        notice.publish()

        stored = Notice.objects.get()
        assert (stored.status, stored.is_published) == ("published", True)
        assert abs((timezone.now() - stored.published_at).total_seconds()) < 60
        assert not Delivery.objects.exists()

    def test_unpublish_takes_it_off_show(self, alice, dave):
        notice = make_published(author=alice, people=(dave,))
        notice.unpublish()

        stored = Notice.objects.get()
        assert (stored.status, stored.is_published, stored.published_at) == ("withdrawn", False, None)

    def test_is_published_is_true_on_the_instance_at_once(self, alice, dave):
        notice = make_draft(author=alice, people=(dave,))
        notice.publish()
        assert notice.is_published is True
        notice.unpublish()
        assert notice.is_published is False

    def test_is_published_follows_the_status_however_it_is_written(self, alice):
        notice = make_draft(author=alice)
        Notice.objects.filter(pk=notice.pk).update(status="published", published_at=timezone.now())
        assert Notice.objects.get(is_published=True) == notice
        Notice.objects.filter(pk=notice.pk).update(status="withdrawn")
        assert not Notice.objects.filter(is_published=True).exists()

    def test_a_notice_saved_as_published_has_a_moment(self, db):
        notice = Notice.objects.create(title="Fire drill", content="<p>x</p>", status="published")
        assert notice.is_published
        assert notice.published_at is not None

    @pytest.mark.parametrize("name", ["publish", "unpublish", "restore"])
    def test_a_template_cannot_change_the_state(self, alice, name):
        notice = make_draft(author=alice)
        Template("{{ notice." + name + " }}").render(Context({"notice": notice}))
        assert Notice.objects.get().status == "draft"
