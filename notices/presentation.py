"""One word and one colour for each state, everywhere it is shown, and one address for the mails that are in it."""

from django.urls import reverse
from django.utils.translation import gettext as _

from notices.models import Approval, Delivery, Notice

ENDED = "ended"  # no state that is stored: published, and past its last day
BYPASSED = "bypassed"  # nor this: any state of a notice that was published without approval, where it has to stand out
# unfold's label variants: info, danger, warning, success, primary, and "" for grey.
STATUS_LABELS: dict[str, str] = {
    Notice.Status.DRAFT: "",
    Notice.Status.IN_REVIEW: "warning",
    Notice.Status.APPROVED: "primary",
    Notice.Status.SCHEDULED: "info",
    Notice.Status.PUBLISHED: "success",
    Notice.Status.WITHDRAWN: "danger",
    ENDED: "",
    BYPASSED: "danger",
}
DECISION_LABELS: dict[str, str] = {
    Approval.Decision.SUBMITTED: "",
    Approval.Decision.APPROVED: "success",
    Approval.Decision.RETURNED: "warning",
    Approval.Decision.REJECTED: "danger",
    Approval.Decision.BYPASSED: "danger",
    Approval.Decision.LIFTED: "info",
}
DELIVERY_LABELS: dict[str, str] = {
    Delivery.State.WAITING: "info",
    Delivery.State.CLAIMED: "info",
    Delivery.State.RETRY: "warning",
    Delivery.State.SENT: "success",
    Delivery.State.FAILED: "danger",
    Delivery.State.UNKNOWN: "warning",
    Delivery.State.SUPPRESSED: "",
    Delivery.State.CANCELLED: "",
}


def state_of(notice: Notice) -> tuple[str, str]:
    """The key of its colour, and its word."""
    if notice.status == Notice.Status.PUBLISHED and notice.is_expired:
        return ENDED, _("Ended")
    return notice.status, notice.get_status_display()


def address_of_mails(notice_id: int, state: str, change: int = 0) -> str:
    """The list of the Delivery tab: mails about the notice in this state, or those that tell of its `change`."""
    query = {"state": state} | ({"change": change} if change else {})
    return reverse("admin:notices_notice_delivery", args=[notice_id], query=query)
