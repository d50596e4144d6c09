"""Comparing the whole audience of a notice with its deliveries: mends what no trigger saw."""

from collections.abc import Iterator
from typing import Any

from django.db import connection, transaction

from notices.models import AudienceKey, Notice
from notices.repositories import NoticeRepository
from notices.services.following.alone import alone
from notices.services.following.result import Followed
from notices.services.following.statements import FOLLOW, OF_NOTICE, words
from recipients.repositories import address_parameters


@transaction.atomic
def compare(notice_id: int) -> Followed:
    """Bring the deliveries of one notice in step with its audience, if it is on show and has been told."""
    notice = _told(notice_id)
    if notice is None or not _differs(notice):
        return Followed()
    alone()  # looked at again by the statement that writes; looking at 200,000 people keeps nobody waiting
    return bring_in_step(notice) if (notice := _told(notice_id)) else Followed()


def _told(notice_id: int) -> Notice | None:
    notice = Notice.objects.not_over().filter(pk=notice_id).first()
    return notice if notice and AudienceKey.objects.filter(notice=notice).exists() else None


def _differs(notice: Notice) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS ({OF_NOTICE})", _asked(notice))
        return cursor.fetchone()[0]


def bring_in_step(notice: Notice, **said: Any) -> Followed:
    """`said`: why people go (`why`), and the `reason`. Whoever calls it is `alone`."""
    with connection.cursor() as cursor:
        cursor.execute(FOLLOW.format(members=OF_NOTICE), words() | _asked(notice) | said)
        return Followed.of(cursor.fetchone())


def _asked(notice: Notice) -> dict[str, Any]:
    return address_parameters(NoticeRepository.address_of(notice)) | {"notice": notice.pk, "revision": notice.revision}


def on_show(after: int = 0) -> Iterator[int]:
    """The numbers of the notices that are on show, or are to be; each asked for when its turn comes."""
    notices = Notice.objects.not_over().order_by("pk")
    found: int | None = after
    while (found := notices.filter(pk__gt=found).values_list("pk", flat=True).first()) is not None:
        yield found
