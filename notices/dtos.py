"""What crosses the boundary of the app: frozen, plain, JSON-safe on demand."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any, Self

from django.core.serializers.json import DjangoJSONEncoder

from notices.models import Favourite, Notice, ReadAcknowledgment
from notices.models.notice import days_after, days_before


@dataclass(frozen=True, slots=True)
class NoticeCreationData:
    """A notice to be. `created_by` is the person whose rights are asked."""

    title: str
    content: str
    status: str = Notice.Status.DRAFT
    start_date: date | None = None  # None: today
    end_date: date | None = None
    recipient_ids: tuple[int, ...] = ()
    recipient_group_ids: tuple[int, ...] = ()
    additional_recipient_ids: tuple[int, ...] = ()
    created_by: Any = None
    category_id: int | None = field(default=None, kw_only=True)
    requires_acknowledgement: bool = field(default=False, kw_only=True)
    due_date: date | None = field(default=None, kw_only=True)
    department_id: int | None = field(default=None, kw_only=True)
    remind_before: tuple[int, ...] = field(default=tuple(days_before()), kw_only=True)
    remind_after: tuple[int, ...] = field(default=tuple(days_after()), kw_only=True)
    tells_joiners: bool = field(default=True, kw_only=True)
    joiner_days: int | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class RecipientDTO:
    """One address of a notice. `type` is direct (an entity), group, or additional (a person)."""

    id: int
    name: str
    email: str
    type: str


@dataclass(frozen=True, slots=True)
class NoticeDTO:
    """A notice as one person sees it."""

    id: int
    title: str
    content: str
    status: str
    is_published: bool
    published_at: datetime | None
    start_date: date
    end_date: date | None
    requires_acknowledgement: bool
    due_date: date | None
    created_by: str
    was_read: bool
    is_favourite: bool
    recipient_count: int
    recipients: tuple[RecipientDTO, ...]

    @classmethod
    def from_model(cls, notice: Notice, user: Any) -> Self:
        """Read what is missing from the database, unless `notice` was annotated with it."""
        recipients = tuple(_recipients(notice))
        return cls(
            id=notice.pk,
            title=notice.title,
            content=notice.content,
            status=notice.status,
            is_published=notice.is_published,
            published_at=notice.published_at,
            start_date=notice.start_date,
            end_date=notice.end_date,
            requires_acknowledgement=notice.requires_acknowledgement,
            due_date=notice.due_date,
            created_by=str(notice.created_by or ""),
            was_read=_annotated(
                notice, "was_read", lambda: ReadAcknowledgment.objects.current_for(user, notice.pk, notice.revision).exists()
            ),
            is_favourite=_annotated(notice, "is_favourite", lambda: Favourite.objects.filter(user=user, notice=notice).exists()),
            recipient_count=_annotated(notice, "recipient_count", lambda: sum(r.type == "direct" for r in recipients)),
            recipients=recipients,
        )

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), cls=DjangoJSONEncoder)


def _annotated(notice: Notice, name: str, otherwise: Any) -> Any:
    return getattr(notice, name) if hasattr(notice, name) else otherwise()


def _recipients(notice: Notice) -> Iterator[RecipientDTO]:
    for recipient in notice.recipients.all():
        yield RecipientDTO(recipient.pk, recipient.name, recipient.email, "direct")
    for link in notice.noticerecipientgroup_set.select_related("recipient_group"):
        yield RecipientDTO(link.recipient_group_id, link.recipient_group.name, "", "group")
    for named in notice.noticeadditionalrecipient_set.select_related("user"):
        yield RecipientDTO(named.user_id, str(named.user), named.user.email, "additional")
