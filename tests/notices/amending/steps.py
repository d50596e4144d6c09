"""What the tests of changes do again and again."""

from typing import Any

from notices.models import Amendment, Notice
from notices.services import NoticeService
from notices.services.amending import AmendedText
from notices.services.publishing import Confirmation

NEW = "<p>The drill is on Wednesday at ten.</p>"
WHY = "The day was wrong"


def write(notice: Notice, actor: Any, *, version: int = 0, **fields: Any) -> Amendment:
    text = {"title": notice.title, "content": NEW, "end_date": notice.end_date, "due_date": notice.due_date}
    return NoticeService.save_amendment(notice.pk, AmendedText(**text | fields), actor=actor, version=version)


def amend(notice: Notice, kind: str, actor: Any, *, version: int = 1, people: int = 2, reason: str = WHY) -> Amendment:
    return NoticeService.amend(notice.pk, kind=kind, reason=reason, actor=actor, seen=Confirmation(version, people))


def hand_in(notice: Notice, actor: Any, *, kind: str = "typo", version: int = 1) -> Amendment:
    return NoticeService.hand_in_amendment(notice.pk, kind=kind, reason=WHY, actor=actor, seen=Confirmation(version, 1))
