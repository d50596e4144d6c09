"""Sends what is owed about the steps of an approval: each mail once, however often it is asked for."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.seals.epochs import why_sending_is_off
from notices.approval_mail import ApprovalMailer
from notices.mail import Outcome
from notices.models import Approval, ApprovalMail, Delivery

State = ApprovalMail.State
MAX_ATTEMPTS = 50
FIRST_RETRY = timedelta(seconds=30)
LAST_RETRY = timedelta(hours=1)


class ApprovalMailService:
    @staticmethod
    def send(approval_id: int) -> int:
        """Mail everyone who waits to hear of one step. Returns how many mails were dealt with."""
        step = Approval.objects.select_related("notice", "by").filter(pk=approval_id).first()
        if step is None or why_sending_is_off():
            return 0
        done = 0
        with ApprovalMailer(step) as mailer:
            mailer.compose()
            while not mailer.is_away and ApprovalMailService._send_next(step, mailer):
                done += 1
        return done

    @staticmethod
    @transaction.atomic
    def _send_next(step: Approval, mailer: ApprovalMailer) -> bool:
        """Send one mail, holding its row: another worker passes over it, and finds it sent afterwards."""
        due = step.mails.filter(state=State.WAITING, next_attempt_at__lte=timezone.now()).order_by("pk")
        mail = due.select_for_update(of=("self",), skip_locked=True).select_related("person").first()
        if mail is None:
            return False
        person = mail.person
        if not person.is_active:
            outcome = Outcome(Delivery.State.FAILED, _("No longer active."))
        elif not person.email:
            outcome = Outcome(Delivery.State.FAILED, _("No e-mail address."))
        else:
            outcome = mailer.send(mail.pk, person.get_full_name() or person.username, person.email)
        _note(mail, outcome)
        return True

    @staticmethod
    def due() -> list[int]:
        """The steps about which somebody is still to be mailed now: the sweep wakes them."""
        waiting = ApprovalMail.objects.filter(state=State.WAITING, next_attempt_at__lte=timezone.now())
        return list(waiting.order_by("approval_id").values_list("approval_id", flat=True).distinct())


def _note(mail: ApprovalMail, outcome: Outcome) -> None:
    mail.attempts += 1
    mail.reason = outcome.reason
    if outcome.state != Delivery.State.WAITING:
        # A mail in doubt counts as sent: it may have arrived, and each leaves once.
        mail.state = State.FAILED if outcome.state == Delivery.State.FAILED else State.SENT
    elif mail.attempts >= MAX_ATTEMPTS:
        mail.state = State.FAILED
    else:
        mail.next_attempt_at = timezone.now() + min(FIRST_RETRY * 2 ** min(mail.attempts - 1, 10), LAST_RETRY)
    mail.save(update_fields=["state", "attempts", "reason", "next_attempt_at"])
