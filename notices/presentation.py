"""One word and one colour for each state, everywhere it is shown."""

from notices.models import Delivery, Notice

# unfold's label variants: info, danger, warning, success, primary, and "" for grey.
STATUS_LABELS: dict[str, str] = {
    Notice.Status.DRAFT: "",
    Notice.Status.IN_REVIEW: "warning",
    Notice.Status.SCHEDULED: "info",
    Notice.Status.PUBLISHED: "success",
    Notice.Status.WITHDRAWN: "danger",
}
DELIVERY_LABELS: dict[str, str] = {
    Delivery.State.WAITING: "info",
    Delivery.State.SENDING: "info",
    Delivery.State.SENT: "success",
    Delivery.State.FAILED: "danger",
    Delivery.State.UNKNOWN: "warning",
    Delivery.State.SUPPRESSED: "",
}
