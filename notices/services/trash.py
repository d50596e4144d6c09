"""Deleting softly, restoring, and destroying for good."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from audit.attribution import acting
from backoffice import clock
from backoffice.permissions import visible
from notices.exceptions import NoticeError
from notices.models import Notice, ReadAcknowledgment
from notices.services.access import lock
from recipients.models import RecipientGroup

NAMED_IN_A_REFUSAL = 3
WAITING_FOR_READERS = (Notice.Status.IN_REVIEW, Notice.Status.APPROVED, Notice.Status.SCHEDULED, Notice.Status.PUBLISHED)


class TrashMixin:
    @staticmethod
    @transaction.atomic
    def delete(notice_id: int, *, actor: Any, reason: str = "") -> Notice:
        """Put a draft, an approved or a withdrawn notice into the trash."""
        notice = lock(notice_id, verb="delete", actor=actor)
        refuse_deletion(notice)
        with acting(actor, reason=reason):
            notice.delete(user=actor)
        return notice

    @staticmethod
    @transaction.atomic
    def restore(notice_id: int, *, actor: Any) -> Notice:
        """Take a notice out of the trash, as what it was. Nothing is sent."""
        notice = lock(notice_id, verb="restore", actor=actor, in_trash=True)
        with acting(actor, reason=_("Restored from the trash")):
            notice.restore()
        return notice

    @staticmethod
    @transaction.atomic
    def destroy(notice_id: int, *, actor: Any, reason: str = "") -> str:
        """Destroy a notice in the trash for good. Returns its title.

        What was ever delivered or read is evidence and stays.
        """
        notice = lock(notice_id, verb="destroy", actor=actor, in_trash=True)
        if notice.delivery_set.exists() or ReadAcknowledgment.objects.filter(notice=notice).exists():
            raise NoticeError(
                _("“%(title)s” was published. Who was told of it must stay on record, so it stays in the trash.") % {"title": notice}
            )
        with acting(actor, reason=reason):
            notice.hard_delete()
        return str(notice)


def refuse_deletion(notice: Notice) -> None:
    """A notice that is on show, or about to be, cannot be deleted."""
    advice: dict[str, str] = {
        Notice.Status.PUBLISHED: _("It is published: withdraw it first."),
        Notice.Status.SCHEDULED: _("It is scheduled: cancel the schedule first."),
        Notice.Status.IN_REVIEW: _("It is in review: return it to the author first."),
    }
    if notice.status in advice:
        raise NoticeError(_("“%(title)s” cannot be deleted. %(advice)s") % {"title": notice, "advice": advice[notice.status]})


def refuse_group_deletion(group: RecipientGroup, *, actor: Any) -> None:
    """A group that readers are reached through, or are about to be, cannot be deleted. `actor` is told what they may see."""
    living = Notice.objects.filter(noticerecipientgroup__recipient_group=group, status__in=WAITING_FOR_READERS).exclude(
        end_date__lt=clock.today()
    )
    count = living.count()
    if not count:
        return
    titles = list(visible(actor, "view", living).order_by("-pk").values_list("title", flat=True)[:NAMED_IN_A_REFUSAL])
    raise NoticeError(
        _("“%(group)s” is addressed by %(names)s. Withdraw them or change their audience first.")
        % {"group": group, "names": _named(titles, count)}
    )


def _named(titles: list[str], count: int) -> str:
    names = ", ".join(f"“{title}”" for title in titles)
    if not titles:
        return ngettext("%(count)d notice", "%(count)d notices", count) % {"count": count}
    return names if len(titles) == count else _("%(names)s and others") % {"names": names}
