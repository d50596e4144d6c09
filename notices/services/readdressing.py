"""Changing whom a published notice addresses: only the difference is told, and what was taken out stays on record."""

from functools import partial
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from backoffice.permissions import require
from notices.events import audience_changed
from notices.exceptions import NoticeError, StaleNotice
from notices.models import ClosedWhy, Notice
from notices.repositories import NoticeRepository
from notices.services.access import check_version, lock
from notices.services.addressing import refuse_unless_addressable
from notices.services.audience_keys import AudienceKeyService
from notices.services.following.alone import alone
from notices.services.following.comparing import bring_in_step
from notices.services.following.result import Followed
from notices.services.publishing import refuse_empty_audience, refuse_unless
from notices.services.writing import replace_links, touch
from recipients.dtos import Address, AudienceChange
from recipients.repositories import AudienceRepository


class ReaddressingMixin:
    @staticmethod
    @transaction.atomic
    def change_audience(
        notice_id: int, address: Address, *, actor: Any, reason: str, version: int | None = None, seen: AudienceChange | None = None
    ) -> Followed:
        """Make `address` the audience of a notice on show. Who comes in is told, of who goes nothing more is asked, nobody else notices.

        Raises:
            PermissionDenied: `actor` may not change, or not publish, this notice.
            MayNotAddressError: `actor` may not send to all that comes in.
            NoticeError: not now, or not as `seen`; the message says why and what to do.
        """
        notice = lock(notice_id, verb="change", actor=actor)
        require(actor, "publish", notice)
        refuse_unless_readdressable(notice)
        check_version(notice, version)
        if not reason.strip():
            raise NoticeError(_("Say why the audience is changed: those who look later will ask."))
        alone()
        before = NoticeRepository.address_of(notice)
        _refuse_other(notice, before, address, seen)
        refuse_unless_addressable(address.without(before), actor=actor)
        bring_in_step(notice)  # whoever left by themselves was not taken out
        replace_links(notice, address, actor=actor, reason=reason)
        refuse_empty_audience(notice)
        touch(notice, actor=actor, reason=reason)
        AudienceKeyService.refresh(notice)
        followed = bring_in_step(notice, why=ClosedWhy.TAKEN_OUT, gone=_taken_out(reason), reason=reason, tell_all=True)
        transaction.on_commit(partial(audience_changed.send_robust, Notice, notice_id=notice.pk))
        return followed


def refuse_unless_readdressable(notice: Notice) -> None:
    """Every reason that stands between a published notice and another audience."""
    refuse_unless(notice, Notice.Status.PUBLISHED, _("cannot change its audience this way"))
    if notice.is_expired:
        raise NoticeError(_("“%(title)s” has ended. Nobody can be told of it any more.") % {"title": notice})
    if notice.must_be_approved:
        raise NoticeError(
            _("“%(title)s” was approved for the people whom it addresses. Withdraw it, change its audience and submit it for review again.")
            % {"title": notice}
        )


def _refuse_other(notice: Notice, before: Address, address: Address, seen: AudienceChange | None) -> None:
    if before == address:
        raise NoticeError(_("“%(title)s” addresses exactly this already.") % {"title": notice})
    if seen is not None and seen != AudienceRepository.change(before, address):
        raise StaleNotice(_("The number of people changed while you were deciding. Look at the difference again."))


def _taken_out(reason: str) -> str:
    return _("Taken out of the audience before the mail left: %(reason)s") % {"reason": reason}
