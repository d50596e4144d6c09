"""What one person may see of the notices, and what of it is kept for a minute."""

from collections.abc import Callable
from typing import Any, cast

from django.core.cache import cache

from backoffice.permissions import may_everywhere, visible
from notices.models import Notice
from notices.querysets import NoticeQuerySet

KEPT = 60  # seconds


class Sight:
    """What one person may see of the notices."""

    def __init__(self, user: Any) -> None:
        self.user = user
        self.everywhere = may_everywhere(user, "view", Notice)

    def notices(self, verb: str = "view") -> NoticeQuerySet:
        return cast("NoticeQuerySet", visible(self.user, verb, Notice.objects.order_by("-pk")))

    def kept(self, name: str, answer: Callable[[], Any], seconds: int = KEPT) -> Any:
        """The answer of the last `seconds`, if this person sees everything; else a fresh one of their own."""
        return cache.get_or_set(f"today:{name}", answer, seconds) if self.everywhere else answer()
