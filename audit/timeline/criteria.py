"""What a reader of the timeline asks for."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q, QuerySet

from audit.models import Entry
from audit.models.entry import HAS_WORDS, TOLD

NEWEST_FIRST = ("-at", "-id")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of the timeline ends; the next one shows what is older."""

    at: datetime
    entry: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    words: str = ""
    person_id: int | None = None
    thing: tuple[Any, int] | None = None  # model and primary key
    model: str = ""
    kind: str = ""
    source: str | None = None  # "" asks for what is unattributed
    source_detail: str = ""
    operation: int | None = None
    since: datetime | None = None
    until: datetime | None = None  # not included

    def entries(self, before: Place | None = None) -> QuerySet[Entry]:
        """Those that fit in all but `thing` and `words`, newest first."""
        asked = {
            "user_id": self.person_id,
            "model": self.model or None,
            "kind": self.kind or None,
            "source": self.source,
            "source_detail": self.source_detail or None,
            "operation": self.operation,
            "at__gte": self.since,
            "at__lt": self.until,
        }
        entries = Entry.objects.filter(**{name: value for name, value in asked.items() if value is not None})
        if before is not None:
            entries = entries.filter(Q(at__lt=before.at) | Q(at=before.at, id__lt=before.entry), at__lte=before.at)
        return entries.order_by(*NEWEST_FIRST)

    def sought(self) -> SearchQuery | None:
        """Every word, each as a beginning; None if no word is sought."""
        degrees = self.sought_by_degrees()
        return degrees[-1] if degrees else None

    def sought_by_degrees(self) -> list[SearchQuery]:
        """The words as whole ones; the last of them as a beginning, as one types; each as a beginning.

        Every degree finds what the one before it finds, and more.
        """
        words = re.findall(r"[^\W_]+", self.words)
        return [_query(words, whole) for whole in sorted({len(words), max(len(words) - 1, 0), 0}, reverse=True)] if words else []


def _query(words: list[str], whole: int) -> SearchQuery:
    terms = [*words[:whole], *(f"{word}:*" for word in words[whole:])]
    return SearchQuery(" & ".join(terms), search_type="raw", config="simple")


def telling(entries: QuerySet[Entry], sought: SearchQuery) -> QuerySet[Entry]:
    """Keep those whose reason or origin has the words."""
    return entries.alias(told=TOLD).filter(HAS_WORDS, told=sought)
