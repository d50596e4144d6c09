"""The questions about notices that several screens ask."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.search import SearchQuery
from django.db import connection, transaction
from django.db.models import Count, QuerySet
from django.utils import timezone
from simple_history.utils import bulk_create_with_history

from notices.models import (
    AudienceKey,
    Delivery,
    Notice,
    NoticeAdditionalRecipient,
    NoticeRecipient,
    NoticeRecipientGroup,
    ReadAcknowledgment,
)
from recipients.audience import KEYS_OF_PERSON
from recipients.dtos import Address

# Every notice on show for one person, each once, from indexes alone. Parameters: day, user.
_ON_SHOW = f"""
    SELECT DISTINCT a.published_at, a.notice_id, a.revision
    FROM ({KEYS_OF_PERSON}) mine
    JOIN notices_audiencekey a ON a.key = mine.key
    WHERE a.starts_on <= %(day)s AND (a.ends_on IS NULL OR a.ends_on >= %(day)s)
"""  # noqa: S608 - constants only
_READ = """
    LEFT JOIN notices_readacknowledgment ack
    ON ack.user_id = %(user)s AND ack.notice_id = s.notice_id AND ack.revision = s.revision
"""
UNREAD_COUNT = f"SELECT count(*) FROM ({_ON_SHOW}) s {_READ} WHERE ack.id IS NULL"  # noqa: S608
INBOX_PAGE = f"""
    WITH page AS (
        SELECT s.notice_id, s.published_at, ack.read_at, ack.acknowledged_at
        FROM ({_ON_SHOW}) s {_READ}
        {{where}}
        ORDER BY (ack.id IS NOT NULL), s.published_at DESC, s.notice_id DESC
        LIMIT %(limit)s
    )
    SELECT n.id, n.title, n.content, n.category_id, n.status, n.start_date, n.end_date, n.published_at, n.revision,
           n.requires_acknowledgement, n.due_date,
           page.read_at IS NOT NULL AS was_read, page.read_at, page.acknowledged_at,
           EXISTS (SELECT FROM notices_favourite f WHERE f.user_id = %(user)s AND f.notice_id = n.id) AS is_favourite
    FROM page JOIN notices n ON n.id = page.notice_id
    ORDER BY (page.read_at IS NOT NULL), page.published_at DESC, n.id DESC
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class InboxCursor:
    """The last notice of a page; the next page begins after it."""

    was_read: bool
    published_at: datetime
    notice_id: int

    @classmethod
    def after(cls, notice: Notice) -> "InboxCursor":
        return cls(notice.was_read, notice.published_at, notice.pk)


class NoticeRepository:
    @staticmethod
    def get_by_id(notice_id: int) -> Notice | None:
        """The living notice, or None if there is none."""
        return Notice.objects.select_related("category", "created_by").filter(pk=notice_id).first()

    @staticmethod
    def get_published_for_user(user: Any) -> QuerySet[Notice]:
        return Notice.objects.published().for_user(user).with_read_status(user).newest_first()

    @staticmethod
    def get_unread_for_user(user: Any) -> QuerySet[Notice]:
        return NoticeRepository.get_published_for_user(user).filter(was_read=False)

    @staticmethod
    def search(query: str, user: Any) -> QuerySet[Notice]:
        """Notices on show for `user` that hold every word of `query`, or words beginning with it."""
        return matching(NoticeRepository.get_published_for_user(user), query)

    @staticmethod
    @transaction.atomic
    def bulk_create(notices: Iterable[Notice]) -> list[Notice]:
        """Create many notices with their history rows. Sends no signals, as Django's own does."""
        notices = list(notices)
        for notice in notices:
            if notice.status == Notice.Status.PUBLISHED and notice.published_at is None:
                notice.published_at = timezone.now()
        return bulk_create_with_history(notices, Notice)

    @staticmethod
    def inbox_page(user: Any, *, after: InboxCursor | None = None, limit: int = 25) -> Sequence[Notice]:
        """The next `limit` notices on show for `user`: unread first, newest first.

        Each has `was_read`, `read_at`, `acknowledged_at` and `is_favourite`. One statement over
        the audience keys: its cost follows what the reader can see, not how many notices exist.
        """
        where, parameters = "", _reader(user) | {"limit": limit}
        if after is not None:
            where = "WHERE ((ack.id IS NULL), s.published_at, s.notice_id) < (NOT %(was_read)s, %(published_at)s, %(notice_id)s)"
            parameters |= {"was_read": after.was_read, "published_at": after.published_at, "notice_id": after.notice_id}
        return list(Notice.all_objects.raw(INBOX_PAGE.format(where=where), parameters))

    @staticmethod
    def unread_count(user: Any) -> int:
        with connection.cursor() as cursor:
            cursor.execute(UNREAD_COUNT, _reader(user))
            return cursor.fetchone()[0]

    @staticmethod
    def address_of(notice: Notice) -> Address:
        return Address.of(
            NoticeRecipient.objects.filter(notice=notice).values_list("recipient_id", flat=True),
            NoticeRecipientGroup.objects.filter(notice=notice).values_list("recipient_group_id", flat=True),
            NoticeAdditionalRecipient.objects.filter(notice=notice).values_list("user_id", flat=True),
        )

    @staticmethod
    def figures(notice: Notice) -> dict[str, int]:
        """The balance of the current revision: one number per delivery state, `expected`, `opened`, `acknowledged`."""
        figures = dict.fromkeys(Delivery.State.values, 0)
        figures |= dict(
            Delivery.objects.of_revision(notice)
            .filter(kind=Delivery.Kind.PUBLICATION)
            .values_list("state")
            .annotate(n=Count("pk"))
            .order_by()
        )
        figures["expected"] = sum(figures.values())
        readings = ReadAcknowledgment.objects.filter(notice=notice, revision=notice.revision)
        figures |= readings.aggregate(opened=Count("pk"), acknowledged=Count("acknowledged_at"))
        return figures


def matching(notices: QuerySet[Notice], query: str) -> QuerySet[Notice]:
    """Keep notices whose title or content holds every word of `query`, each as a beginning."""
    words = re.findall(r"\w+", query)
    if not words:
        return notices
    terms = " & ".join(f"{word}:*" for word in words)
    return notices.filter(search_vector=SearchQuery(terms, search_type="raw", config="english"))


def _reader(user: Any) -> dict[str, Any]:
    return {"user": user.pk, "day": timezone.localdate(timezone=timezone.get_default_timezone())}


class AudienceKeyRepository:
    """The read model against the tables it is derived from."""

    EXPECTED = """
        SELECT n.id AS notice_id, k.key, n.published_at, n.start_date AS starts_on, n.end_date AS ends_on, n.revision
        FROM notices n
        JOIN (
            SELECT notice_id, recipient_id * 4 AS key FROM notices_noticerecipient
            UNION ALL SELECT notice_id, recipient_group_id * 4 + 1 FROM notices_noticerecipientgroup
            UNION ALL SELECT notice_id, user_id * 4 + 2 FROM notices_noticeadditionalrecipient
        ) k ON k.notice_id = n.id
        WHERE n.status = 'published' AND NOT n.is_deleted
    """
    COLUMNS = "notice_id, key, published_at, starts_on, ends_on, revision"

    @classmethod
    def differences(cls) -> tuple[int, int]:
        """How many keys are missing, and how many stand there without a reason. (0, 0) is equal."""
        stored = f"SELECT {cls.COLUMNS} FROM {AudienceKey._meta.db_table}"  # noqa: S608
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT (SELECT count(*) FROM (({cls.EXPECTED}) EXCEPT ALL {stored}) m),"  # noqa: S608
                f" (SELECT count(*) FROM ({stored} EXCEPT ALL ({cls.EXPECTED})) s)"
            )
            return cursor.fetchone()
