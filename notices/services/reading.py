"""What readers do: open, acknowledge, keep as a favourite."""

import hashlib
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.db.models import Model
from django.utils.translation import gettext as _

from audit.attribution import acting
from backoffice import clock
from notices.exceptions import NoticeError, StaleNotice
from notices.models import Favourite, Notice, ReadAcknowledgment
from notices.repositories import NoticeRepository
from notices.services.unread import UnreadCountService

UNREAD_ON_DASHBOARD = 5
RECENT_ON_DASHBOARD = 10


class ReadingMixin:
    @staticmethod
    @transaction.atomic
    def mark_as_read(notice: Notice, user: Any, *, revision: int | None = None) -> ReadAcknowledgment:
        """Record that `user` opened the current revision. Twice is once; the first time is kept.

        `revision` is the one the person saw: a page may lie in the background for days.

        Raises:
            PermissionDenied: the notice is not on show for `user`.
            StaleNotice: there is a newer revision than the one that was seen.
        """
        _require_reader(notice, user)
        _refuse_other_revision(notice, revision)
        return _opened(notice, user)

    @staticmethod
    @transaction.atomic
    def acknowledge(notice: Notice, user: Any, *, revision: int | None = None) -> ReadAcknowledgment:
        """Record that `user` confirmed the current revision, with a digest of exactly what it said.

        `revision` is the one the person saw; a newer one has to be read first.
        """
        notice = _held_still(notice)
        _require_reader(notice, user)
        if not notice.requires_acknowledgement:
            raise NoticeError(_("“%(title)s” does not ask to be acknowledged.") % {"title": notice})
        _refuse_other_revision(notice, revision)
        reading = ReadAcknowledgment.objects.select_for_update().get(pk=_opened(notice, user).pk)
        if reading.acknowledged_at is None:
            reading.acknowledged_at = max(clock.now(), reading.read_at)  # two processes may count a moment apart
            reading.content_sha256 = content_digest(notice)
            with acting(user):
                reading.save(update_fields=["acknowledged_at", "content_sha256"])
        return reading

    @staticmethod
    @transaction.atomic
    def set_favourite(notice: Notice, user: Any, *, favourite: bool) -> None:
        _require_reader(notice, user)
        existing = Favourite.objects.filter(notice=notice, user=user).first()
        if favourite and existing is None:
            _create_once(Favourite, {"notice": notice, "user": user}, actor=user)
        elif existing and not favourite:
            with acting(user):
                existing.delete()

    @staticmethod
    def get_unread_count(user: Any) -> int:
        return UnreadCountService.count(user)

    @staticmethod
    def get_user_dashboard(user: Any) -> dict[str, Any]:
        """`unread_notices` (the newest 5), `recent_notices` (the newest 10) and `unread_count`."""
        return {
            "unread_notices": list(NoticeRepository.get_unread_for_user(user)[:UNREAD_ON_DASHBOARD]),
            "recent_notices": list(NoticeRepository.get_published_for_user(user)[:RECENT_ON_DASHBOARD]),
            "unread_count": UnreadCountService.count(user),
        }


def content_digest(notice: Notice) -> str:
    """SHA-256 over title, content and the digests of the attachments, each with its length before it."""
    digest = hashlib.sha256()
    parts = [notice.title, notice.content, *notice.attachments.order_by("pk").values_list("sha256", flat=True)]
    for part in parts:
        data = part.encode()
        digest.update(len(data).to_bytes(8) + data)
    return digest.hexdigest()


def _create_once[M: Model](model: type[M], key: dict[str, Any], *, actor: Any) -> M:
    """Create a row, or give the one that another request made at the same time."""
    row = model(**key)
    try:
        with transaction.atomic(), acting(actor):
            row.save(force_insert=True)
    except IntegrityError:
        row = model._default_manager.get(**key)
    return row


def _held_still(notice: Notice) -> Notice:
    """The notice as it is now; no act on it commits before this transaction. Readers do not wait for readers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM notices WHERE id = %s FOR SHARE", [notice.pk])
    return Notice.all_objects.get(pk=notice.pk)


def _opened(notice: Notice, user: Any) -> ReadAcknowledgment:
    key = {"user": user, "notice": notice, "revision": notice.revision}
    return ReadAcknowledgment.objects.filter(**key).first() or _create_once(ReadAcknowledgment, key, actor=user)


def _refuse_other_revision(notice: Notice, seen: int | None) -> None:
    if seen is not None and seen != notice.revision:
        raise StaleNotice(_("“%(title)s” was changed since you opened it. Read it again first.") % {"title": notice})


def _require_reader(notice: Notice, user: Any) -> None:
    if not user.is_active or not Notice.objects.published().for_user(user).filter(pk=notice.pk).exists():
        raise PermissionDenied(_("“%(title)s” is not on show for %(user)s.") % {"title": notice, "user": user})
