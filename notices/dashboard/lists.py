"""What a list of *Today* is made of."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

SHOWN = 5  # rows of each list


@dataclass(frozen=True, slots=True)
class Link:
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Row:
    """One notice that wants attention: where to go, and why."""

    title: str
    url: str
    what: str
    moment: datetime | None = None
    links: tuple[Link, ...] = ()  # what can be done about it at once


@dataclass(frozen=True, slots=True)
class Section:
    slug: str
    title: str
    rows: tuple[Row, ...]
    nothing: str  # said when there are no rows; empty: then the section is left out
    more: str = ""  # said below them when some are not shown


def notice_list(**filters: Any) -> str:
    return f"{reverse('admin:notices_notice_changelist')}?{urlencode(filters)}"
