"""Reminder mails leave in the way that all mails do; what they say is looked up when they do."""

from collections.abc import Sequence

from django.db import connection

from audit.seals.epochs import why_sending_is_off
from backoffice import clock
from notices.mail.reminders import Content, Left, ReminderMailer
from notices.models import ReminderMail
from notices.services.reminding.statements import CONTENT
from notices.services.sending.claims import Scope
from notices.services.sending.working import work

IN_TIME = Scope(ReminderMail, "m.leave_by > statement_timestamp()", {})


def send() -> int:
    """Send what is due to people who are at work. Returns how many mails were dealt with. Several workers may do this at once."""
    if why_sending_is_off() or not is_due():
        return 0
    with ReminderMailer(_content) as mailer:
        return work(IN_TIME, mailer).done


def is_due() -> bool:
    return ReminderMail.objects.due().exists()


def _content(mail_ids: Sequence[int]) -> Content:
    today = clock.today()
    found: dict[int, list[Left]] = {}
    with connection.cursor() as cursor:
        cursor.execute(CONTENT, {"mails": list(mail_ids), "today": today})
        for mail_id, notice_id, title, is_to_acknowledge, due_on in cursor.fetchall():
            left = Left(notice_id, title, is_to_acknowledge, due_on, is_late=due_on is not None and due_on < today)
            found.setdefault(mail_id, []).append(left)
    return {mail_id: tuple(left) for mail_id, left in found.items()}
