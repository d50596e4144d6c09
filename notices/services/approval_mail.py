"""Sends what is owed about the steps of an approval, in the way that all mails are sent."""

from audit.seals.epochs import why_sending_is_off
from notices.approval_mail import ApprovalMailer
from notices.models import Approval, ApprovalMail
from notices.services.sending.claims import Scope
from notices.services.sending.working import work


class ApprovalMailService:
    @staticmethod
    def send(approval_id: int) -> int:
        """Mail everyone who waits to hear of one step. Returns how many mails were dealt with."""
        step = Approval.objects.select_related("notice", "by").filter(pk=approval_id).first()
        if step is None or why_sending_is_off():
            return 0
        with ApprovalMailer(step) as mailer:
            return work(Scope(ApprovalMail, "m.approval_id = %(step)s", {"step": step.pk}), mailer).done

    @staticmethod
    def due() -> list[int]:
        """The steps about which somebody is still to be mailed now: the sweep wakes them."""
        return list(ApprovalMail.objects.due().order_by("approval_id").values_list("approval_id", flat=True).distinct())
