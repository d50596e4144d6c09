"""The organisation that `load_organisation` makes: large enough, consistent, and with a past."""

from datetime import timedelta
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import transaction
from django.db.models import Count, F
from django.utils import timezone

from audit.models import Entry
from backoffice.demo import cast
from notices.models import AudienceKey, Delivery, Favourite, Notice, ReadAcknowledgment
from notices.repositories import AudienceKeyRepository, NoticeRepository
from notices.services.reading import content_digest
from recipients.models import Import, ImportFile, Recipient, RecipientGroup, User


def run(command: str, *arguments: object) -> str:
    output = StringIO()
    call_command(command, *arguments, stdout=output)
    return output.getvalue()


def audited_models() -> list:
    return [model for model in apps.get_models() if hasattr(model, "history")]


@pytest.fixture(scope="module")
def organisation(django_db_setup, django_db_blocker):
    """Loaded once for this module, and gone after it."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield run("load_organisation")
        transaction.set_rollback(True)


@pytest.fixture
def loaded(organisation, db) -> str:
    return organisation


def test_the_organisation_is_as_large_as_promised(loaded):
    assert User.objects.count() >= 400
    assert Recipient.objects.count() >= 40
    assert set(Recipient.objects.values_list("kind", flat=True)) == set(Recipient.Kind.values)
    assert RecipientGroup.objects.count() >= 25
    assert Notice.all_objects.count() >= 30
    assert set(Notice.objects.values_list("status", flat=True)) == set(Notice.Status.values)
    assert {"sent", "failed", "suppressed"} <= set(Delivery.objects.values_list("state", flat=True))
    assert ReadAcknowledgment.objects.acknowledged().exists()
    assert Favourite.objects.exists()
    assert f"{User.objects.count()} people" in loaded


def test_loading_twice_changes_nothing(loaded):
    def everything() -> dict:
        counts = {model: model._base_manager.count() for model in apps.get_models()}
        return counts | dict(Notice.all_objects.values_list("pk", "modified_at"))

    before = everything()
    assert "Nothing was changed" in run("load_organisation")
    assert everything() == before


def test_every_loaded_balance_adds_up(loaded):
    people = dict(Delivery.objects.values_list("notice").annotate(n=Count("person", distinct=True)).order_by())
    for notice in Notice.all_objects.all():
        figures = NoticeRepository.figures(notice)
        assert figures["expected"] == sum(figures[state] for state in Delivery.State.values) == people.get(notice.pk, 0)
        assert figures["acknowledged"] <= figures["opened"] <= figures["expected"]
        assert bool(figures["expected"]) == (notice.status in {Notice.Status.PUBLISHED, Notice.Status.WITHDRAWN})
    assert not Delivery.objects.unfinished().exists()


def test_loaded_audience_keys_are_right(loaded):
    assert AudienceKey.objects.exists()
    assert AudienceKeyRepository.differences() == (0, 0)


def test_loaded_notices_were_read_after_publication_and_before_now(loaded):
    readings = ReadAcknowledgment.objects.all()
    assert not readings.filter(notice__status=Notice.Status.PUBLISHED, read_at__lt=F("notice__published_at")).exists()
    assert not readings.filter(notice__status=Notice.Status.WITHDRAWN, read_at__gt=F("notice__withdrawn_at")).exists()
    assert not readings.filter(read_at__gt=timezone.now()).exists()
    assert not readings.filter(acknowledged_at__gt=timezone.now()).exists()


def test_loaded_acknowledgements_pin_what_the_notice_says(loaded):
    for notice in Notice.all_objects.filter(readacknowledgment__acknowledged_at__isnull=False).distinct():
        digests = ReadAcknowledgment.objects.acknowledged().filter(notice=notice).values_list("content_sha256", flat=True)
        assert set(digests) == {content_digest(notice)}


def test_whatever_was_loaded_has_a_history_with_an_actor(loaded):
    for model in audited_models():
        history = model.history.exclude(history_entry__reason__startswith="Roles that every installation")
        created = model._base_manager.count() - (model.history.count() - history.count())
        assert history.filter(history_type="+").count() == created, model
        assert not history.filter(history_user_id=None).exists(), model
        is_recent = history.filter(history_date__gt=timezone.now() - timedelta(hours=1), history_type="+").exists()
        assert is_recent == (model in {Import, ImportFile}), model  # spreadsheets are uploaded now, and wait for the worker
    assert not Entry.objects.filter(source="").exists()


def test_the_last_version_of_a_loaded_notice_is_the_notice(loaded):
    for notice in Notice.all_objects.all():
        last = notice.history.latest()
        assert (last.status, last.published_at, last.is_deleted) == (notice.status, notice.published_at, notice.is_deleted)


def test_only_those_who_are_shown_in_the_demo_can_sign_in(loaded):
    able = {person.username for person in User.objects.all() if person.has_usable_password()}
    assert able >= cast.USERNAMES
    assert len(able) < 20
    assert User.objects.get(username="alice").check_password(cast.PASSWORD)
    assert not User.objects.filter(is_superuser=True).exists()
    for username, role, _ in cast.SIGN_INS:
        assert User.objects.get(username=username).is_staff == (role != "reader")
