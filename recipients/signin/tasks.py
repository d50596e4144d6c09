"""Tasks are doors too: ids in, a count out. Every task may run twice, or never."""

from celery import shared_task

from recipients.signin import counting, mail
from recipients.signin.services import SessionService


@shared_task(name="signin.sweep")
def sweep() -> int:
    """Remove sessions and counts that are over. Returns how many rows."""
    return SessionService.sweep() + counting.sweep()


@shared_task(name="signin.mail_reset")
def mail_reset(person_id: int) -> int:
    """Mail a link to set a new password; 0 is nobody. Returns how many mails that were."""
    return mail.send_reset(person_id)
