"""What the top of a notice's pages offers about changing what is on show."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from backoffice.permissions import may
from notices.contributors import contributors_of_change
from notices.models import Amendment, Notice
from notices.services.amending import open_amendment


def may_amend(user: Any, notice: Notice) -> bool:
    return may(user, "change", notice) and may(user, "publish", notice)


def change_buttons(user: Any, notice: Notice) -> list[tuple[str, str, str]]:
    """Text, address and style: to begin a change, to go on with it, to decide on it, or to read what was changed."""
    if notice.status != Notice.Status.PUBLISHED or notice.is_deleted:
        return []
    writes, decides = may_amend(user, notice), may(user, "approve", notice)
    change = open_amendment(notice) if writes or decides else None
    waits = change is not None and change.state == Amendment.State.WAITING
    if change is not None and waits and decides and user.pk not in contributors_of_change(change):
        return [(_("Decide on the change"), _url("amend_review", notice), "primary")]
    if not writes:
        return [(_("Changes"), _url("amend_review", notice), "plain")] if notice.amendments.exists() else []
    if change is None:
        return [(_("Change…"), _url("amend", notice), "plain")]
    return [(_("The change that waits") if waits else _("Go on with the change"), _url("amend_review", notice), "plain")]


def _url(page: str, notice: Notice) -> str:
    return reverse(f"admin:notices_notice_{page}", args=[notice.pk])
