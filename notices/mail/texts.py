"""What is mailed about a notice, by kind and occasion of the delivery."""

from datetime import date
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from notices.mail.mailer import Mailer
from notices.mail.template import ID, template
from notices.models import Amendment, Delivery, Notice
from notices.rendering import account_url, notice_url, render


class NoticeMailer(Mailer):
    def __init__(self, notice: Notice, *, due_on: date | None = None) -> None:
        """`due_on`: the day by which these people are asked to acknowledge it, if it is not that of the notice."""
        super().__init__()
        self.notice, self._due_on = notice, due_on or notice.due_date

    @property
    def _name(self) -> str:
        return f"delivery-{ID.decode()}.{self.notice.pk}.{self.notice.revision}"

    def _render(self) -> bytes:
        context = notice_context(self.notice) | {"due_on": self._due_on}
        return self._written(self.notice.title, "notices/mail/notice", context)

    def _written(self, subject: str, body: str, context: dict[str, Any]) -> bytes:
        return template(self.sender, self._name, subject, body, context, stop_url=context["stop_url"])


class ChangeMailer(NoticeMailer):
    """Says what changed and why, and shows the text that is on show now."""

    def __init__(self, notice: Notice, change: Amendment) -> None:
        super().__init__(notice)
        self.change = change

    def _render(self) -> bytes:
        context = notice_context(self.notice) | {"reason": self.change.reason, "changes": self.change.summary.splitlines()}
        return self._written(_("Changed: %(title)s") % {"title": self.notice}, "notices/mail/change", context)


def mailer_for(notice: Notice, kind: str, occasion: int, due_on: date | None = None) -> Mailer:
    """`due_on`: the day by which these people are asked to acknowledge it, if it is not that of the notice."""
    if kind == Delivery.Kind.CHANGE:
        return ChangeMailer(notice, Amendment.objects.get(notice=notice, number=occasion))
    return NoticeMailer(notice, due_on=due_on)


def notice_context(notice: Notice) -> dict[str, Any]:
    rendered = render(notice)
    return {
        "notice": notice,
        "due_on": notice.due_date,
        "content_html": rendered.html,
        "content_text": rendered.text,
        "url": notice_url(notice),
        "stop_url": account_url() if notice.optional_category_id else "",
        "organisation": settings.ORGANISATION_NAME,
    }
