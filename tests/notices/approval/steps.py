"""What the tests of approval do again and again."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from notices.exceptions import NoticeError
from notices.models import Approval, Delivery, Notice
from notices.services import NoticeService
from notices.uploads import attachment_from


def stored(notice) -> Notice:
    return Notice.all_objects.select_related("category").get(pk=notice.pk)


def edit(notice, actor, **changes) -> Notice:
    now = stored(notice)
    for name, value in changes.items():
        setattr(now, name, value)
    NoticeService.save_changes(now, actor=actor, version=stored(notice).version)
    return stored(notice)


def a_file(name="plan.txt", content=b"Assemble at the gate."):
    return attachment_from(SimpleUploadedFile(name, content))


def refused(match, act, *args, **kwargs):
    before = list(Notice.all_objects.order_by("pk").values()), Approval.objects.count(), Delivery.objects.count()
    with pytest.raises(NoticeError, match=match):
        act(*args, **kwargs)
    assert (list(Notice.all_objects.order_by("pk").values()), Approval.objects.count(), Delivery.objects.count()) == before
