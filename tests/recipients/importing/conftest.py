"""A steward, a group with members, and a file to import."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from backoffice.models import Job
from recipients.models import Import, RecipientGroup, User
from recipients.services import ImportService
from tests.makers import make_group, make_person, make_recipient


@pytest.fixture
def ann(db) -> User:
    return make_person("ann", employee_number="00042")


@pytest.fixture
def ben(db) -> User:
    return make_person("ben", employee_number="00043")


@pytest.fixture
def night(db, ann) -> RecipientGroup:
    """Night shift (N): Ann, and everyone of Security (SEC)."""
    return make_group("Night shift", code="N", people=(ann,), recipients=(make_recipient("Security", code="SEC"),))


@pytest.fixture(autouse=True)
def _own_media(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path / "media")


def csv(*rows: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("members.csv", "\n".join(rows).encode())


@pytest.fixture
def upload(frank) -> Callable[..., Import]:
    """Uploads rows as Frank and has them read."""

    def uploaded(*rows: str, actor: Any = None, **options: Any) -> Import:
        options = {"kind": "memberships", "mode": "add"} | options
        batch = ImportService.upload(csv(*rows), actor=actor or frank, **options)
        return read(batch)

    return uploaded


def read(batch: Import) -> Import:
    ImportService.read(batch.pk)
    batch.refresh_from_db()
    assert not Job.objects.filter(object_id=batch.pk).exists()
    return batch


def carry_out(batch: Import, **options: Any) -> Import:
    """Confirm what was shown, and do it."""
    ImportService.confirm(batch.pk, reading=batch.readings, actor=options.pop("actor", batch.created_by), **options)
    ImportService.apply(batch.pk)
    batch.refresh_from_db()
    return batch


def take_back(batch: Import, *, actor: Any = None) -> Import:
    ImportService.undo(batch.pk, actor=actor or batch.created_by)
    ImportService.revert(batch.pk)
    batch.refresh_from_db()
    return batch


def members(group: RecipientGroup) -> set[str]:
    people = group.recipientgroupadditionalrecipient_set.values_list("user__username", flat=True)
    recipients = group.recipientgrouprecipient_set.values_list("recipient__code", flat=True)
    return {*people, *recipients}
