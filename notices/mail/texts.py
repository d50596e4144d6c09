"""What is mailed about a notice, by kind and occasion of the delivery."""

from datetime import date

from django.utils.translation import gettext as _

from notices.mail.mailer import Mailer, notice_context
from notices.mail.template import ID, template
from notices.models import Amendment, Delivery, Notice


class ChangeMailer(Mailer):
    """Says what changed and why, and shows the text that is on show now."""

    def __init__(self, notice: Notice, change: Amendment) -> None:
        super().__init__(notice)
        self.change = change

    def _render(self) -> bytes:
        name = f"delivery-{ID.decode()}.{self.notice.pk}.{self.notice.revision}"
        context = notice_context(self.notice) | {"reason": self.change.reason, "changes": self.change.summary.splitlines()}
        return template(self.sender, name, _("Changed: %(title)s") % {"title": self.notice}, "notices/mail/change", context)


def mailer_for(notice: Notice, kind: str, occasion: int, due_on: date | None = None) -> Mailer:
    """`due_on`: the day by which these people are asked to acknowledge it, if it is not that of the notice."""
    if kind == Delivery.Kind.CHANGE:
        return ChangeMailer(notice, Amendment.objects.get(notice=notice, number=occasion))
    return Mailer(notice, due_on=due_on)
