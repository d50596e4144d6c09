"""What readers do: open, acknowledge, keep as a favourite."""

import hashlib
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.records import attributed
from notices.exceptions import NoticeError, StaleNotice
from notices.models import Favourite, Notice, ReadAcknowledgment
from notices.repositories import NoticeRepository

UNREAD_ON_DASHBOARD = 5
RECENT_ON_DASHBOARD = 10


class ReadingMixin:
    @staticmethod
    @transaction.atomic
    def mark_as_read(notice: Notice, user: Any) -> ReadAcknowledgment:
        """Record that `user` opened the current revision. Twice is once; the first time is kept.

        Raises:
            PermissionDenied: the notice is not on show for `user`.
        """
        _require_reader(notice, user)
        key = {"user": user, "notice": notice, "revision": notice.revision}
        existing = ReadAcknowledgment.objects.filter(**key).first()
        if existing is None:
            existing, _created = ReadAcknowledgment.objects.get_or_create(**key)
        return existing

    @staticmethod
    @transaction.atomic
    def acknowledge(notice: Notice, user: Any, *, revision: int | None = None) -> ReadAcknowledgment:
        """Record that `user` confirmed the current revision, with a digest of exactly what it said.

        `revision` is the one the person saw; a newer one has to be read first.
        """
        notice = _held_still(notice)
        if not notice.requires_acknowledgement:
            raise NoticeError(_("“%(title)s” does not ask to be acknowledged.") % {"title": notice})
        if revision is not None and revision != notice.revision:
            raise StaleNotice(_("“%(title)s” was changed since you opened it. Read it again first.") % {"title": notice})
        reading = ReadingMixin.mark_as_read(notice, user)
        reading = ReadAcknowledgment.objects.select_for_update().get(pk=reading.pk)
        if reading.acknowledged_at is None:
            reading.acknowledged_at = timezone.now()
            reading.content_sha256 = content_digest(notice)
            with attributed(reading, actor=user):
                reading.save(update_fields=["acknowledged_at", "content_sha256"])
        return reading

    @staticmethod
    @transaction.atomic
    def set_favourite(notice: Notice, user: Any, *, favourite: bool) -> None:
        _require_reader(notice, user)
        if favourite:
            Favourite.objects.get_or_create(notice=notice, user=user)
        else:
            for row in Favourite.objects.filter(notice=notice, user=user):
                row.delete()

    @staticmethod
    def get_unread_count(user: Any) -> int:
        return NoticeRepository.unread_count(user)

    @staticmethod
    def get_user_dashboard(user: Any) -> dict[str, Any]:
        """`unread_notices` (the newest 5), `recent_notices` (the newest 10) and `unread_count`."""
        return {
            "unread_notices": list(NoticeRepository.get_unread_for_user(user)[:UNREAD_ON_DASHBOARD]),
            "recent_notices": list(NoticeRepository.get_published_for_user(user)[:RECENT_ON_DASHBOARD]),
            "unread_count": NoticeRepository.unread_count(user),
        }


def content_digest(notice: Notice) -> str:
    """SHA-256 over title, content and the digests of the attachments, each with its length before it."""
    digest = hashlib.sha256()
    parts = [notice.title, notice.content, *notice.attachments.order_by("pk").values_list("sha256", flat=True)]
    for part in parts:
        data = part.encode()
        digest.update(len(data).to_bytes(8) + data)
    return digest.hexdigest()


def _held_still(notice: Notice) -> Notice:
    """The notice as it is now; no act on it commits before this transaction. Readers do not wait for readers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM notices WHERE id = %s FOR SHARE", [notice.pk])
    return Notice.all_objects.get(pk=notice.pk)


def _require_reader(notice: Notice, user: Any) -> None:
    if not user.is_active or not Notice.objects.published().for_user(user).filter(pk=notice.pk).exists():
        raise PermissionDenied(_("“%(title)s” is not on show for %(user)s.") % {"title": notice, "user": user})
