"""The names that the seed promised, and what is needed at least to create each thing."""

from datetime import date

import pytest
from django.apps import apps
from django.db.models import Q

from backoffice.celery import app
from backoffice.models import PublishableMixin, SoftDeleteMixin, TimestampMixin, UserTrackingMixin
from notices.models import (
    Notice,
    NoticeAdditionalRecipient,
    NoticeRecipient,
    NoticeRecipientGroup,
    ReadAcknowledgment,
)
from notices.repositories import NoticeRepository
from notices.services import NoticeService
from notices.tasks import send_notice_notifications
from recipients.audience import user_role_entity_ids
from recipients.models import (
    Recipient,
    RecipientGroup,
    RecipientGroupAdditionalRecipient,
    RecipientGroupRecipient,
    RoleAssignment,
)
from tests.makers import make_draft, make_group, make_person, make_published, make_recipient

WORDS = ["published", "draft", "for_user", "with_read_status", "with_recipient_count", "active_in_date_range"]
SERVICE = ["create_notice", "mark_as_read", "get_unread_count", "get_user_dashboard"]
REPOSITORY = ["get_by_id", "get_published_for_user", "get_unread_for_user", "search", "bulk_create"]


def test_notices_live_in_the_table_of_the_seed():
    assert Notice._meta.db_table == "notices"


@pytest.mark.parametrize("word", WORDS)
def test_the_words_of_the_queryset_are_offered_by_the_manager_too(word):
    assert callable(getattr(Notice.objects, word))
    assert callable(getattr(Notice.objects.get_queryset(), word))


@pytest.mark.parametrize(("owner", "name"), [(NoticeService, n) for n in SERVICE] + [(NoticeRepository, n) for n in REPOSITORY])
def test_services_and_repositories_are_called_on_the_class(owner, name):
    assert isinstance(owner.__dict__.get(name) or next(vars(c)[name] for c in owner.__mro__ if name in vars(c)), staticmethod)


@pytest.mark.parametrize("mixin", [TimestampMixin, UserTrackingMixin, SoftDeleteMixin, PublishableMixin])
def test_a_notice_is_made_of_the_four_mixins(mixin):
    assert issubclass(Notice, mixin)


def test_the_task_takes_an_id_under_its_own_name():
    assert send_notice_notifications.name.endswith("send_notice_notifications")
    assert send_notice_notifications.name in app.tasks


def test_recipients_is_the_many_to_many_through_notice_recipient(alice):
    leeds, york = make_recipient("Leeds"), make_recipient("York")
    notice = make_draft(author=alice, recipients=(leeds, york))

    assert Notice.recipients.through is NoticeRecipient
    assert list(notice.recipients.all()) == [leeds, york]
    assert list(leeds.notice_set.all()) == [notice]


def test_code_and_name_suffice_for_an_entity_and_a_group_and_two_keys_for_an_assignment(dave):
    recipient = Recipient.objects.create(code="LDS", name="Leeds")
    group = RecipientGroup.objects.create(code="NIGHT", name="Night shift")
    assignment = RoleAssignment.objects.create(user=dave, recipient=recipient)

    for row in (recipient, group, assignment):
        row.full_clean()
    assert user_role_entity_ids(dave) == [recipient.pk]
    assert (str(recipient), str(group)) == ("Leeds", "Night shift")


def test_links_are_created_by_their_two_keys(alice, dave):
    recipient, group, notice = make_recipient(), make_group(), make_draft(author=alice)

    RecipientGroupRecipient.objects.create(recipient_group=group, recipient=recipient)
    RecipientGroupAdditionalRecipient.objects.create(recipient_group=group, user=dave)
    NoticeRecipient.objects.create(notice=notice, recipient=recipient)
    NoticeRecipientGroup.objects.create(notice=notice, recipient_group=group)
    NoticeAdditionalRecipient.objects.create(notice=notice, user=dave)
    reading = ReadAcknowledgment.objects.create(notice=notice, user=dave)

    assert reading.read_at is not None
    assert Notice.objects.for_user(dave).get() == notice


def test_a_notice_needs_only_title_and_content(db):
    notice = Notice.objects.create(title="Fire drill", content="<p>At ten.</p>")

    assert (notice.status, notice.is_published, notice.published_at, notice.end_date) == ("draft", False, None, None)
    assert isinstance(notice.start_date, date)


@pytest.mark.parametrize("model", list(apps.get_app_config("notices").get_models()))
def test_every_table_but_that_of_the_seed_has_the_name_django_gives(model):
    assert model._meta.db_table in {"notices", f"{model._meta.app_label}_{model._meta.model_name}"}


class TestDefaultReverseQueryNames:
    """Each query of the seed runs as it was written, joins and all."""

    @pytest.fixture
    def ids(self, dave):
        return user_role_entity_ids(dave)

    @pytest.fixture
    def notices(self, alice, dave):
        leeds = make_recipient("Leeds", members=(dave,))
        return [
            make_published("By entity", author=alice, recipients=(leeds,)),
            make_published("By group of entities", author=alice, groups=(make_group(recipients=(leeds,)),)),
            make_published("By group of people", author=alice, groups=(make_group(people=(dave,)),)),
            make_published("By name", author=alice, people=(dave,)),
            make_published("Not at all", author=alice, people=(make_person(),)),
        ]

    def test_entity(self, notices, ids):
        assert list(Notice.objects.filter(Q(noticerecipient__recipient_id__in=ids))) == [notices[0]]

    def test_group_of_entities(self, notices, ids):
        groups = RecipientGroup.objects.filter(recipientgrouprecipient__recipient_id__in=ids)
        assert list(Notice.objects.filter(Q(noticerecipientgroup__recipient_group__in=groups))) == [notices[1]]

    def test_group_of_people(self, notices, dave):
        groups = RecipientGroup.objects.filter(recipientgroupadditionalrecipient__user=dave)
        assert list(Notice.objects.filter(Q(noticerecipientgroup__recipient_group__in=groups))) == [notices[2]]

    def test_person(self, notices, dave):
        assert list(Notice.objects.filter(Q(noticeadditionalrecipient__user=dave))) == [notices[3]]

    def test_readings(self, notices, dave):
        NoticeService.mark_as_read(notices[0], dave)
        assert list(Notice.objects.filter(readacknowledgment__user=dave)) == [notices[0]]
