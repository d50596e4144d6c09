"""A steward, a group with members, and a file to import."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from backoffice.models import Job
from recipients.models import Import, Recipient, RecipientGroup, User
from recipients.services import ImportService
from tests.makers import make_group, make_person, make_recipient

PEOPLE = "Employee number,E-mail,First name,Last name,Job title,Username,Active,Recipient code,Role,From,Until"
ZOE = "00050,Zoe@example.org,Zoë,Okafor,Planner,,,"


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


@pytest.fixture
def sec(db, ann) -> Recipient:
    """Security, to which Ann belongs."""
    return make_recipient("Security", code="SEC", members=(ann,))


@pytest.fixture
def hr(db) -> Recipient:
    return make_recipient("People", code="HR")


@pytest.fixture
def people(upload):
    def uploaded(*rows: str, mode: str = "update", **options) -> Import:
        return upload(PEOPLE, *rows, kind="people", mode=mode, **options)

    return uploaded


def entries(person: User) -> set[tuple]:
    return set(person.roleassignment_set.values_list("recipient__code", "role", "starts_on", "ends_on"))


def told(batch: Import) -> list[tuple]:
    return list(batch.problems.order_by("line", "pk").values_list("line", "column", "code"))


def numbers(batch: Import) -> list[int]:
    return [batch.summary[name] for name in ("new", "changed", "unchanged", "repeated", "wrong_rows")]
