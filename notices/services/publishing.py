"""Putting a notice on show and taking it off again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from audit.attribution import acting
from backoffice import clock
from notices.events import notice_published, notice_withdrawn
from notices.exceptions import NoticeError, StaleNotice
from notices.models import Notice, NoticeRecipientGroup
from notices.repositories import NoticeRepository
from notices.services.access import check_version, lock
from notices.services.addressing import refuse_unless_addressable
from notices.services.approval_record import next_revision, refuse_unless_approved, standing_approval
from notices.services.audience_keys import AudienceKeyService
from notices.services.delivery import DeliveryService
from recipients.repositories import AudienceRepository

Status = Notice.Status


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What the person saw when confirming: the notice's version and the number of people."""

    version: int
    people: int
    digest: str = ""  # of what a decision on it is about


class PublishingMixin:
    @staticmethod
    @transaction.atomic
    def publish(notice_id: int, *, actor: Any, reason: str = "", seen: Confirmation | None = None) -> Notice:
        """Put a notice on show and owe a delivery to everyone it names, in one transaction.

        Publishing a withdrawn notice again begins a new revision: everyone is told once more.

        Raises:
            PermissionDenied: `actor` may not publish this notice.
            MayNotAddressError: `actor` may not send to all that it addresses.
            NoticeError: it is not publishable now, or not as `seen`; the message says what to do.
        """
        notice = lock(notice_id, verb="publish", actor=actor)
        refuse_unless_publishable(notice, actor)
        check_version(notice, seen.version if seen else None)
        put_on_show(notice, actor=actor, reason=reason, seen=seen)
        return notice

    @staticmethod
    @transaction.atomic
    def schedule(notice_id: int, publish_at: datetime, *, actor: Any, seen: Confirmation | None = None) -> Notice:
        """Publish at a later moment (aware). The rights of `actor` are asked now; the audience is resolved then."""
        notice = lock(notice_id, verb="publish", actor=actor)
        refuse_unless_publishable(notice, actor)
        check_version(notice, seen.version if seen else None)
        refuse_other_number(seen, AudienceRepository.summary(NoticeRepository.address_of(notice)).total if seen else 0)
        _refuse_moment(notice, publish_at)
        return change_state(notice, Status.SCHEDULED, actor=actor, publish_at=publish_at)

    @staticmethod
    @transaction.atomic
    def reschedule(notice_id: int, publish_at: datetime, *, actor: Any, seen: Confirmation | None = None) -> Notice:
        """Publish a scheduled notice at another moment (aware), also one that missed its own. It stays what it is meanwhile.

        From now on it is published by the rights of `actor`, which are asked as if it was scheduled anew.
        """
        notice = lock(notice_id, verb="publish", actor=actor)
        refuse_unless(notice, Status.SCHEDULED, _("is not scheduled"))
        refuse_unless_publishable(notice, actor)
        check_version(notice, seen.version if seen else None)
        _refuse_moment(notice, publish_at)
        return change_state(notice, Status.SCHEDULED, actor=actor, publish_at=publish_at)

    @staticmethod
    @transaction.atomic
    def cancel_schedule(notice_id: int, *, actor: Any) -> Notice:
        notice = lock(notice_id, verb="publish", actor=actor)
        refuse_unless(notice, Status.SCHEDULED, _("is not scheduled"))
        back = Status.APPROVED if notice.must_be_approved and standing_approval(notice) else Status.DRAFT
        return change_state(notice, back, actor=actor, publish_at=None)

    @staticmethod
    @transaction.atomic
    def publish_due(notice_id: int) -> bool:
        """Publish a scheduled notice whose moment has come. False if there is nothing to do.

        The rights were asked when it was scheduled; who scheduled it stays the one who changed
        it last. What no longer can be published goes back to draft, with the reason.
        """
        notice = Notice.objects.select_for_update(of=("self",)).due_for_publication().filter(pk=notice_id).first()
        if notice is None:
            return False
        scheduled_by = notice.modified_by
        try:
            with transaction.atomic():
                PublishingMixin.publish(notice_id, actor=scheduled_by, reason=_("On schedule"))
        except (NoticeError, PermissionDenied) as error:
            change_state(notice, Status.DRAFT, actor=scheduled_by, publish_at=None, status_reason=str(error))
            return False
        return True

    @staticmethod
    @transaction.atomic
    def withdraw(notice_id: int, *, actor: Any, reason: str = "") -> Notice:
        """Take a published notice off show. Mails that have not left are not sent any more."""
        notice = lock(notice_id, verb="publish", actor=actor)
        refuse_unless(notice, Status.PUBLISHED, _("is not published"))
        notice.withdrawn_at, notice.status_reason = clock.now(), reason
        notice.version += 1
        with acting(actor, reason=reason):
            notice.unpublish(also=["withdrawn_at", "status_reason", "version", "modified_at"])
        AudienceKeyService.refresh(notice)
        DeliveryService.call_off(notice, reason=_("The notice was withdrawn before the mail left."))
        transaction.on_commit(partial(notice_withdrawn.send_robust, Notice, notice_id=notice.pk))
        return notice


def _refuse_moment(notice: Notice, publish_at: datetime) -> None:
    """Its days are the organisation's, wherever whoever schedules it is."""
    if publish_at <= clock.now():
        raise NoticeError(_("That moment has passed. Choose a later one, or publish now."))
    day = timezone.localdate(publish_at, timezone.get_default_timezone())
    if notice.end_date and day > notice.end_date:
        raise NoticeError(_("The notice would end before it is published. Choose an earlier moment or a later end."))
    if notice.due_date and day > notice.due_date:
        raise NoticeError(_("The day to acknowledge by would have passed. Choose an earlier moment or a later day."))


def put_on_show(notice: Notice, *, actor: Any, reason: str, seen: Confirmation | None, also: Sequence[str] = ()) -> None:
    """What publishing does once nothing stands in its way. `also` names further fields that changed."""
    notice.revision = next_revision(notice)
    notice.publish_at, notice.withdrawn_at, notice.status_reason = None, None, reason
    notice.version += 1
    with acting(actor, reason=reason):
        notice.publish(also=["publish_at", "withdrawn_at", "status_reason", "revision", "version", "modified_at", *also])
    AudienceKeyService.refresh(notice)
    # Counted by the statement that wrote them: whoever joins or leaves meanwhile makes the confirmation stale.
    refuse_other_number(seen, DeliveryService.owe(notice))
    transaction.on_commit(partial(notice_published.send_robust, Notice, notice_id=notice.pk))


def refuse_unless_publishable(notice: Notice, actor: Any, *, approved: bool = True) -> None:
    """Every reason that stands between a notice and its readers, checked before numbers are.

    `approved=False` leaves out the approval, for those who publish without it.
    """
    if notice.status == Status.PUBLISHED:
        raise NoticeError(_("“%(title)s” is already published.") % {"title": notice})
    if notice.is_expired:
        raise NoticeError(
            _("“%(title)s” ended on %(day)s. Set a later end first.") % {"title": notice, "day": date_format(cast("date", notice.end_date))}
        )
    if notice.due_date and notice.due_date < clock.today():
        raise NoticeError(
            _("“%(title)s” was to be acknowledged by %(day)s. Set a later day first.")
            % {"title": notice, "day": date_format(notice.due_date)}
        )
    if approved:
        refuse_unless_approved(notice)
    refuse_unless_addressable(NoticeRepository.address_of(notice), actor=actor)  # first: what follows names what is in it
    refuse_empty_audience(notice)


def refuse_empty_audience(notice: Notice) -> None:
    address = NoticeRepository.address_of(notice)
    if not address:
        raise NoticeError(_("“%(title)s” addresses nobody. Choose its audience first.") % {"title": notice})
    _hold_still(address.group_ids)
    gone = NoticeRecipientGroup.objects.filter(notice=notice, recipient_group__is_deleted=True).select_related("recipient_group")
    if names := ", ".join(f"“{link.recipient_group}”" for link in gone):
        raise NoticeError(_("The group %(names)s is in the trash. Restore it, or take it out of the audience.") % {"names": names})
    if not AudienceRepository.people(address).exists():
        raise NoticeError(_("Nobody active is in the audience of “%(title)s”. Choose others.") % {"title": notice})


def _hold_still(group_ids: Sequence[int]) -> None:
    """No group of the audience is deleted before this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM recipients_recipientgroup WHERE id = ANY(%s) ORDER BY id FOR SHARE", [list(group_ids)])


def refuse_other_number(seen: Confirmation | None, people: int) -> None:
    if seen is not None and people != seen.people:
        raise StaleNotice(
            _("The audience changed while you were deciding: it was %(then)d people and is %(now)d now. Look again.")
            % {"then": seen.people, "now": people}
        )


def refuse_unless(notice: Notice, status: str, problem: str) -> None:
    if notice.status != status:
        raise NoticeError(
            _("“%(title)s” %(problem)s: it is %(status)s.")
            % {"title": notice, "problem": problem, "status": notice.get_status_display().lower()}
        )


def change_state(notice: Notice, status: str, *, actor: Any, reason: str = "", **fields: Any) -> Notice:
    """`reason` is kept in the history; it is the notice's own `status_reason` if not given."""
    fields = {"modified_by": actor, "status_reason": ""} | fields | {"status": status, "version": notice.version + 1}
    for name, value in fields.items():
        setattr(notice, name, value)
    with acting(actor, reason=reason or fields["status_reason"]):
        notice.save(update_fields=[*fields, "modified_at"])
    return notice
