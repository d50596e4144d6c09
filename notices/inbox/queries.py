"""The questions that only the inbox asks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery

from notices.inbox.filters import Filters, Show
from notices.models import Delivery, Notice, ReadAcknowledgment
from notices.repositories import InboxCursor, NoticeRepository

PAGE_SIZE = 25


@dataclass(frozen=True, slots=True)
class Page:
    """Notices with `was_read`, `read_at`, `acknowledged_at`, `is_favourite` and `due_on`; `next` is None on the last page."""

    notices: Sequence[Notice]
    next: InboxCursor | None


def page(user: Any, filters: Filters, *, after: InboxCursor | None = None) -> Page:
    """Unread first, newest first, whatever the filters."""
    if filters.is_default:
        found = NoticeRepository.inbox_page(user, after=after, limit=PAGE_SIZE + 1)
    else:
        found = list(_following(_filtered(user, filters), after)[: PAGE_SIZE + 1])
    notices = found[:PAGE_SIZE]
    return Page(notices, InboxCursor.after(notices[-1]) if len(found) > PAGE_SIZE else None)


def _filtered(user: Any, filters: Filters) -> QuerySet[Notice]:
    notices = _with_reading(NoticeRepository.search(filters.query, user).with_favourite(user).with_own_day(user), user)
    if filters.category:
        notices = notices.filter(category=filters.category)
    if filters.show == Show.UNREAD:
        notices = notices.filter(was_read=False)
    elif filters.show == Show.TO_ACKNOWLEDGE:
        notices = notices.filter(requires_acknowledgement=True, acknowledged_at=None)
    elif filters.show == Show.FAVOURITES:
        notices = notices.filter(is_favourite=True)
    return notices.defer("search_vector").order_by("was_read", "-published_at", "-pk")


def _with_reading(notices: QuerySet[Notice], user: Any) -> QuerySet[Notice]:
    mine = ReadAcknowledgment.objects.current_for(user, OuterRef("pk"), OuterRef("revision"))
    return notices.annotate(read_at=Subquery(mine.values("read_at")), acknowledged_at=Subquery(mine.values("acknowledged_at")))


def _following(notices: QuerySet[Notice], after: InboxCursor | None) -> QuerySet[Notice]:
    if after is None:
        return notices
    older = Q(published_at__lt=after.published_at) | Q(published_at=after.published_at, pk__lt=after.notice_id)
    same_group = Q(was_read=after.was_read) & older
    return notices.filter(same_group if after.was_read else same_group | Q(was_read=True))


def on_show(user: Any, notice_id: int) -> Notice | None:
    """The notice, if it is on show for `user` now."""
    notices = NoticeRepository.get_published_for_user(user).with_favourite(user).with_own_day(user)
    return notices.select_related("category").defer("search_vector").filter(pk=notice_id).first()


def readings(user: Any, notice_id: int) -> list[ReadAcknowledgment]:
    """What `user` did with each revision, the latest first."""
    return list(ReadAcknowledgment.objects.filter(user=user, notice_id=notice_id).order_by("-revision"))


def closed_at(user: Any, notice: Notice) -> datetime | None:
    """Since when `user` is no longer asked about the current revision."""
    mine = Delivery.objects.of_revision(notice).filter(kind=Delivery.Kind.PUBLICATION, occasion=0, person=user)
    return mine.values_list("closed_at", flat=True).first()


def was_told(user: Any, notice: Notice) -> bool:
    """Was `user` ever owed a mail about the notice? All columns are named so that the index alone answers."""
    revisions = range(1, notice.revision + 1)
    return Delivery.objects.filter(notice=notice, revision__in=revisions, kind__in=Delivery.Kind.values, person=user).exists()
