"""What a reader asked the list for, to and from the address of the page."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from django.core import signing
from django.db.models import TextChoices
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from notices.models import Category
from notices.repositories import InboxCursor

LONGEST_QUERY = 200  # characters
LONGEST_NUMBER = 18  # digits; int() refuses endless ones
_SALT = "inbox.cursor"


class Show(TextChoices):
    ALL = "all", _("All notices")
    UNREAD = "unread", _("Unread")
    TO_ACKNOWLEDGE = "to-acknowledge", _("To acknowledge")
    FAVOURITES = "favourites", _("Favourites")


@dataclass(frozen=True, slots=True)
class Filters:
    show: str = Show.ALL
    category: Category | None = None
    query: str = ""

    @classmethod
    def of(cls, parameters: Mapping[str, str], categories: dict[int, Category]) -> Self:
        """What the query string asks for. What it gets wrong is as if it were not there."""
        show, category = parameters.get("show", ""), parameters.get("category", "")
        return cls(
            show=show if show in Show else Show.ALL,
            category=categories.get(int(category)) if category.isdecimal() and len(category) <= LONGEST_NUMBER else None,
            query=parameters.get("q", "").strip()[:LONGEST_QUERY],
        )

    @property
    def is_default(self) -> bool:
        return self == Filters()

    def url(self, *, after: InboxCursor | None = None, **changes: Any) -> str:
        """The address of this list with `changes` made to it."""
        wanted = replace(self, **changes)
        parameters = {
            "show": "" if wanted.show == Show.ALL else wanted.show,
            "category": wanted.category.pk if wanted.category else "",
            "q": wanted.query,
            "after": write_cursor(after) if after else "",
        }
        query = urlencode({name: value for name, value in parameters.items() if value})
        return reverse("inbox:index") + (f"?{query}" if query else "")


def write_cursor(cursor: InboxCursor) -> str:
    return signing.dumps([cursor.was_read, cursor.published_at.isoformat(), cursor.notice_id], salt=_SALT)


def read_cursor(text: str) -> InboxCursor | None:
    """None is the first page, which a text that we did not write gives too."""
    try:
        was_read, published_at, notice_id = signing.loads(text, salt=_SALT)
    except signing.BadSignature:
        return None
    return InboxCursor(was_read, datetime.fromisoformat(published_at), notice_id)
