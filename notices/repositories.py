"""The questions about notices that several screens ask."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self, cast

from django.contrib.postgres.search import SearchQuery
from django.db import connection, transaction
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from audit.attribution import acting
from backoffice import clock
from notices.exceptions import NoticeError
from notices.models import (
    TO_DO,
    Amendment,
    AudienceKey,
    Category,
    Delivery,
    Notice,
    NoticeAdditionalRecipient,
    NoticeRecipient,
    NoticeRecipientGroup,
)
from recipients.audience import KEYS_OF_PERSON
from recipients.dtos import Address

# The inbox reads indexes alone until it knows which notices to show. Parameters: day, user.
_ON_SHOW = "a.starts_on <= %(day)s AND (a.ends_on IS NULL OR a.ends_on >= %(day)s)"
# Asked as a set that is hashed once: a join would look up each notice on show by itself.
_MINE_READ = "SELECT ack.notice_id, ack.revision FROM notices_readacknowledgment ack WHERE ack.user_id = %(user)s"


def unread_of(keys: str) -> str:
    """How many notices on show for these keys (SQL for an array) the reader has not read."""
    return f"""
        SELECT count(DISTINCT a.notice_id)
        FROM notices_audiencekey a
        WHERE a.key = ANY({keys}) AND {_ON_SHOW} AND ((a.notice_id, a.revision) IN ({_MINE_READ})) IS FALSE
    """


UNREAD_COUNT = unread_of(f"ARRAY({KEYS_OF_PERSON})")


def _newest(part: str, was_read: str) -> str:
    """The newest notices of one part of the inbox: a few from each key, walked from its new end, and the best of those."""
    return f"""
        SELECT DISTINCT a.published_at, a.notice_id
        FROM mine, LATERAL (
            SELECT a.published_at, a.notice_id
            FROM notices_audiencekey a
            WHERE a.key = mine.key AND {_ON_SHOW} AND ((a.notice_id, a.revision) IN (SELECT notice_id, revision FROM done)) IS {was_read}
            AND (a.published_at, a.notice_id) < (%({part}_before)s::timestamptz, %({part}_before_id)s::bigint)
            ORDER BY a.published_at DESC, a.notice_id DESC LIMIT %(limit)s
        ) a
    """


_SHOWN = {
    *("id", "title", "content", "category_id", "status", "start_date", "end_date", "published_at", "revision"),
    *("requires_acknowledgement", "due_date"),
}
# `from_db` counts on the order in which the model names its fields.
INBOX_COLUMNS = tuple(field.attname for field in Notice._meta.concrete_fields if field.attname in _SHOWN)
# Rows are fetched by arrays of ids, so that neighbours share the walk through an index.
INBOX_PAGE = f"""
    WITH mine AS MATERIALIZED ({KEYS_OF_PERSON}),
    done AS MATERIALIZED ({_MINE_READ}),
    unread AS MATERIALIZED ({_newest("unread", "FALSE")} ORDER BY published_at DESC, notice_id DESC LIMIT %(limit)s),
    read AS MATERIALIZED (
        {_newest("read", "TRUE")} WHERE (SELECT count(*) FROM unread) < %(limit)s ORDER BY published_at DESC, notice_id DESC LIMIT %(limit)s
    ),
    page AS MATERIALIZED (
        SELECT array_agg(notice_id) AS ids FROM (SELECT notice_id FROM unread UNION ALL SELECT notice_id FROM read LIMIT %(limit)s) chosen
    ),
    ack AS MATERIALIZED (
        SELECT notice_id, revision, read_at, acknowledged_at FROM notices_readacknowledgment
        WHERE user_id = %(user)s AND notice_id = ANY((SELECT ids FROM page)::bigint[])
    )
    SELECT {", ".join(f"n.{column}" for column in INBOX_COLUMNS)},
           ack.read_at IS NOT NULL, ack.read_at, ack.acknowledged_at,
           n.id IN (SELECT f.notice_id FROM notices_favourite f WHERE f.user_id = %(user)s),
           CASE WHEN n.due_date IS NOT NULL THEN coalesce((
               SELECT d.due_on FROM notices_delivery d
               WHERE d.notice_id = n.id AND d.revision = n.revision AND d.kind = 'publication' AND d.occasion = 0 AND d.person_id = %(user)s
           ), n.due_date) END
    FROM notices n LEFT JOIN ack ON ack.notice_id = n.id AND ack.revision = n.revision
    WHERE n.id = ANY((SELECT ids FROM page)::bigint[])
    ORDER BY (ack.read_at IS NOT NULL), n.published_at DESC, n.id DESC
"""


# Of those who were told, how many opened and acknowledged, and of these are asked no more; and how many others opened.
# Parameters: notice, revision.
READINGS = """
    SELECT count(d.id), count(d.id) FILTER (WHERE r.acknowledged_at IS NOT NULL), count(*) - count(d.id),
           count(d.closed_at) FILTER (WHERE r.acknowledged_at IS NOT NULL)
    FROM notices_readacknowledgment r
    LEFT JOIN notices_delivery d
    ON d.notice_id = r.notice_id AND d.revision = r.revision AND d.kind = 'publication' AND d.person_id = r.user_id
    WHERE r.notice_id = %s AND r.revision = %s
"""


@dataclass(frozen=True, slots=True)
class InboxCursor:
    """The last notice of a page; the next page begins after it."""

    was_read: bool
    published_at: datetime
    notice_id: int

    @classmethod
    def after(cls, notice: Notice) -> "InboxCursor":
        return cls(notice.was_read, cast("datetime", notice.published_at), notice.pk)  # on show, so published

    @classmethod
    def bounds(cls, after: "InboxCursor | None") -> dict[str, Any]:
        """Where each part of the inbox goes on: the unread, and then the read."""
        everything, nothing = ("infinity", 0), ("-infinity", 0)
        here = (after.published_at.isoformat(), after.notice_id) if after else everything
        unread, read = (nothing, here) if after and after.was_read else (here, everything)
        return {"unread_before": unread[0], "unread_before_id": unread[1], "read_before": read[0], "read_before_id": read[1]}


class _PreparedCursor(ServerBindingCursor):
    """Plans a statement once per connection: planning the inbox takes longer than running it."""

    def execute(self, query: Any, params: Any = None) -> Self:
        return super().execute(query, params, prepare=True)


@contextmanager
def prepared_cursor() -> Iterator[Any]:
    with connection.cursor() as ordinary:
        # Django switches preparing off for the whole connection; its own cursors never prepare, whatever stands here.
        ordinary.connection.prepare_threshold = connection.settings_dict["OPTIONS"].get("prepare_threshold", 0)
        with connection._prepare_cursor(_PreparedCursor(ordinary.connection)) as cursor:  # type: ignore[call-arg]
            yield cursor


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
        demanding = set(Category.objects.filter(needs_approval=True).values_list("pk", flat=True))
        for notice in notices:
            notice.needs_approval = notice.needs_approval or notice.category_id in demanding
            if notice.status == Notice.Status.PUBLISHED and notice.needs_approval:
                raise NoticeError(_("“%(title)s” needs approval, so it cannot begin as published.") % {"title": notice})
            if notice.status == Notice.Status.PUBLISHED and notice.published_at is None:
                notice.published_at = clock.now()
        authors = {notice.created_by_id for notice in notices}
        with acting(notices[0].created_by if len(authors) == 1 else None):
            return Notice.objects.bulk_create(notices)

    @staticmethod
    def inbox_page(user: Any, *, after: InboxCursor | None = None, limit: int = 25) -> Sequence[Notice]:
        """The next `limit` notices on show for `user`: unread first, newest first.

        Each has `was_read`, `read_at`, `acknowledged_at`, `is_favourite` and `due_on`. One statement over
        the audience keys: its cost follows how many addresses lead to the reader and how much of
        the newest they have read, not how many notices exist.
        """
        with prepared_cursor() as cursor:
            cursor.execute(INBOX_PAGE, as_reader(user) | InboxCursor.bounds(after) | {"limit": limit})
            return [_notice(row) for row in cursor.fetchall()]

    @staticmethod
    def unread_count(user: Any) -> int:
        """Counted anew. `UnreadCountService` gives the same number, and remembers it."""
        with prepared_cursor() as cursor:
            cursor.execute(UNREAD_COUNT, as_reader(user))
            return cursor.fetchone()[0]

    @staticmethod
    def address_of(notice: Notice) -> Address:
        return Address.of(
            NoticeRecipient.objects.filter(notice=notice).values_list("recipient_id", flat=True),
            NoticeRecipientGroup.objects.filter(notice=notice).values_list("recipient_group_id", flat=True),
            NoticeAdditionalRecipient.objects.filter(notice=notice).values_list("user_id", flat=True),
        )

    @staticmethod
    def told_changes(notice: Notice) -> QuerySet[Amendment]:
        """The changes that its readers hear of, the newest first: the one that began this revision, and those told since."""
        kinds = (Amendment.Kind.MATERIAL, Amendment.Kind.TELL)
        made = Amendment.objects.filter(notice=notice, revision=notice.revision, state=Amendment.State.APPLIED, kind__in=kinds)
        return made.order_by("-number")

    @staticmethod
    def texts_due(notice: Notice) -> list[tuple[str, int, date | None]]:
        """Kind, occasion and own day to acknowledge by of what is to be mailed about the current revision now.

        First that there is such a notice.
        """
        due = Delivery.objects.of_revision(notice).due().values_list("kind", "occasion", "due_on").order_by().distinct()
        return sorted(due, key=lambda text: (text[0] != Delivery.Kind.PUBLICATION, text[:2], str(text[2])))

    @staticmethod
    def figures(notice: Notice) -> dict[str, int]:
        """The balance of the current revision: one number per delivery state, and of the `expected` the `opened` and `acknowledged`.

        `expected` = `outstanding` + `acknowledged` + `closed`, who are asked no more. Of all, `joined` came after the publication.
        `others_opened` were not told yet: they joined a moment ago.
        """
        figures = dict.fromkeys(Delivery.State.values, 0)
        told = Delivery.objects.of_revision(notice).filter(kind=Delivery.Kind.PUBLICATION).values_list("state").order_by()
        states = list(told.annotate(n=Count("pk"), joined=Count("joined_at"), closed=Count("closed_at")))
        figures |= {state: number for state, number, _joined, _closed in states}
        figures["expected"] = sum(figures.values())
        figures["on_their_way"] = sum(figures[state] for state in (*TO_DO, Delivery.State.CLAIMED))
        with connection.cursor() as cursor:
            cursor.execute(READINGS, [notice.pk, notice.revision])
            *read, acknowledged_before = cursor.fetchone()
        figures |= zip(("opened", "acknowledged", "others_opened"), read, strict=True)
        figures["joined"] = sum(joined for _state, _number, joined, _closed in states)
        figures["closed"] = sum(closed for _state, _number, _joined, closed in states) - acknowledged_before
        figures["outstanding"] = figures["expected"] - figures["acknowledged"] - figures["closed"]
        return figures


def matching(notices: QuerySet[Notice], query: str) -> QuerySet[Notice]:
    """Keep notices whose title or content holds every word of `query`, each as a beginning."""
    words = re.findall(r"[^\W_]+", query)
    if not words:
        return notices
    terms = " & ".join(f"{word}:*" for word in words)
    by_stem, as_written = (SearchQuery(terms, search_type="raw", config=config) for config in ("english", "simple"))
    return notices.filter(search_vector=by_stem | as_written)


def _notice(row: tuple[Any, ...]) -> Notice:
    """A row of the inbox; fields that it does not carry are read when asked for."""
    columns = len(INBOX_COLUMNS)
    notice = Notice.from_db(connection.alias, INBOX_COLUMNS, row[:columns])
    notice.was_read, notice.read_at, notice.acknowledged_at, notice.is_favourite, notice.due_on = row[columns:]
    return notice


def as_reader(user: Any) -> dict[str, Any]:
    """Parameters for the statements that a reader asks: who, and on which day of the organisation's."""
    return {"user": user.pk, "day": clock.today()}


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
        stored = f"SELECT {cls.COLUMNS} FROM {AudienceKey._meta.db_table}"
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT (SELECT count(*) FROM (({cls.EXPECTED}) EXCEPT ALL {stored}) m),"
                f" (SELECT count(*) FROM ({stored} EXCEPT ALL ({cls.EXPECTED})) s)"
            )
            return cursor.fetchone()
