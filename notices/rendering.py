"""A notice as HTML and as text: the same content in the back office, the inbox and the mail."""

from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.urls import reverse
from django.utils.safestring import SafeString

from backoffice.richtext import plain_text, render_rich_text
from notices.models import Notice

CACHE_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class RenderedNotice:
    html: SafeString
    text: str


def cache_key(notice_id: int) -> str:
    return f"notice:{notice_id}:rendered"


def render(notice: Notice) -> RenderedNotice:
    """The cleaned content. Cached until the notice is saved or deleted; the content itself is part
    of the entry, so that another process with a cache of its own never serves an older text."""
    source, rendered = cache.get(cache_key(notice.pk), (None, None))
    if source != notice.content:
        rendered = RenderedNotice(render_rich_text(notice.content), plain_text(notice.content))
        cache.set(cache_key(notice.pk), (notice.content, rendered), CACHE_SECONDS)
    return rendered


def notice_url(notice: Notice) -> str:
    """The address of the notice in the inbox, as it stands in mails."""
    return address_of_notice(notice.pk)


def account_url() -> str:
    """Where somebody chooses what to be mailed about, as it stands in mails."""
    return settings.SITE_URL + reverse("inbox:account")


def address_of_notice(notice_id: int) -> str:
    return settings.SITE_URL + reverse("inbox:notice", args=[notice_id])
