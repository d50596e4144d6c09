"""Writing a notice: its text, its audience, its attachments."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from audit.attribution import acting
from backoffice import clock
from backoffice.permissions import require
from notices.dtos import NoticeCreationData
from notices.exceptions import NoticeError
from notices.models import (
    Attachment,
    Notice,
    NoticeAdditionalRecipient,
    NoticeRecipient,
    NoticeRecipientGroup,
)
from notices.repositories import NoticeRepository
from notices.services.access import check_version, lock
from notices.services.addressing import refuse_unless_addressable
from notices.services.approval_record import fields_of_a_lost_approval
from notices.services.departments import refuse_other_department
from notices.services.publishing import PublishingMixin
from recipients.dtos import Address
from recipients.services import links
from recipients.services.creators import grant_to_creator

_LINKS = (
    (NoticeRecipient, "recipient_id", "recipient_ids"),
    (NoticeRecipientGroup, "recipient_group_id", "group_ids"),
    (NoticeAdditionalRecipient, "user_id", "person_ids"),
)


class WritingMixin:
    @staticmethod
    @transaction.atomic
    def create_notice(data: NoticeCreationData) -> Notice:
        """Create a notice with its audience; one that is to be published is published, and told.

        Raises:
            ValidationError: the data is not acceptable (end before start, nobody addressed, …).
            PermissionDenied: `data.created_by` may not create, or not publish, such a notice.
        """
        notice = Notice(
            department_id=data.department_id,
            title=data.title,
            content=data.content,
            start_date=data.start_date or clock.today(),
            end_date=data.end_date,
            category_id=data.category_id,
            requires_acknowledgement=data.requires_acknowledgement,
            due_date=data.due_date,
            remind_before=list(data.remind_before),
            remind_after=list(data.remind_after),
            tells_joiners=data.tells_joiners,
            joiner_days=data.joiner_days,
        )
        require(data.created_by, "add", notice)
        if data.status not in {Notice.Status.DRAFT, Notice.Status.PUBLISHED}:
            raise NoticeError(_("A new notice is a draft or published at once."))
        address = Address.of(data.recipient_ids, data.recipient_group_ids, data.additional_recipient_ids)
        if not address:
            raise NoticeError(_("Nobody is addressed. Choose at least one recipient, group or person."))
        WritingMixin.save_new(notice, actor=data.created_by)
        refuse_unless_addressable(address, actor=data.created_by)
        replace_links(notice, address, actor=data.created_by)
        if data.status == Notice.Status.PUBLISHED:
            return PublishingMixin.publish(notice.pk, actor=data.created_by)
        return notice

    @staticmethod
    @transaction.atomic
    def save_new(notice: Notice, *, actor: Any) -> None:
        """Save a notice that a form or `create_notice` filled in; its author is `actor`."""
        require(actor, "add", notice)
        notice.created_by = notice.modified_by = actor
        notice.needs_approval = notice.must_be_approved
        notice.full_clean()
        with acting(actor):
            notice.save()
            grant_to_creator(notice, actor=actor)

    @staticmethod
    @transaction.atomic
    def save_changes(notice: Notice, *, actor: Any, version: int) -> None:
        """Save an edited notice, unless it changed since `version` or may not be edited now."""
        stored = lock(notice.pk, verb="change", actor=actor)
        check_version(stored, version)
        refuse_unless_editable(stored)
        refuse_other_department(notice, before=stored.department_id, actor=actor)
        notice.modified_by, notice.version = actor, stored.version + 1
        notice.needs_approval = stored.must_be_approved or notice.must_be_approved
        notice.full_clean()
        fields_of_a_lost_approval(notice)
        with acting(actor):
            notice.save()

    @staticmethod
    @transaction.atomic
    def set_audience(notice_id: int, address: Address, *, actor: Any, version: int | None = None) -> Notice:
        """Make `address` the whole audience of a notice that is not published.

        Whom it addresses already may stay, also if `actor` may not send to them; publishing asks about the whole.
        """
        notice = lock(notice_id, verb="change", actor=actor)
        check_version(notice, version)
        refuse_unless_editable(notice)
        now = NoticeRepository.address_of(notice)
        if now != address:
            refuse_unless_addressable(address.without(now), actor=actor)
            replace_links(notice, address, actor=actor)
            touch(notice, actor=actor)
        return notice

    @staticmethod
    @transaction.atomic
    def attach(notice_id: int, attachment: Attachment, *, actor: Any) -> Attachment:
        """Add a checked file (`notices.uploads`) to a notice that is not published."""
        notice = lock(notice_id, verb="change", actor=actor)
        refuse_unless_editable(notice)
        attachment.notice = notice
        with acting(actor):
            attachment.save()
        touch(notice, actor=actor)
        return attachment

    @staticmethod
    @transaction.atomic
    def detach(attachment_id: int, *, actor: Any) -> None:
        """Take a file off a notice that is not published. Its bytes stay on disk: history names them by digest."""
        attachment = Attachment.objects.get(pk=attachment_id)
        notice = lock(attachment.notice_id, verb="change", actor=actor)
        refuse_unless_editable(notice)
        with acting(actor):
            attachment.delete()
        touch(notice, actor=actor)


def replace_links(notice: Notice, address: Address, *, actor: Any, reason: str = "") -> None:
    """Attributed to `actor`; link by link kind, each in at most two statements."""
    now, owner = NoticeRepository.address_of(notice), {"notice": notice}
    with acting(actor, reason=reason):
        for model, column, field in _LINKS:
            wanted, there = set(getattr(address, field)), set(getattr(now, field))
            try:
                links.add(model, owner, column, wanted - there)
            except links.TargetMissingError as error:
                raise NoticeError(_("One of the addressees no longer exists. Choose the audience again.")) from error
            links.remove(model, owner, column, there - wanted)


def touch(notice: Notice, *, actor: Any, reason: str = "") -> None:
    """What belongs to the notice changed: forms and confirmations opened before are refused."""
    notice.modified_by, notice.version = actor, notice.version + 1
    also = fields_of_a_lost_approval(notice)
    with acting(actor, reason=reason):
        notice.save(update_fields=["modified_by", "modified_at", "version", *also])


def refuse_unless_editable(notice: Notice) -> None:
    if notice.is_editable:
        return
    advice: dict[str, str] = {
        Notice.Status.PUBLISHED: _("It is published: choose “Change…” on its page for its text and files, or withdraw it to change it."),
        Notice.Status.SCHEDULED: _("It is scheduled: cancel the schedule to change it."),
        Notice.Status.IN_REVIEW: _("It is in review: return it to the author to change it."),
    }
    raise NoticeError(_("“%(title)s” cannot be changed now. %(advice)s") % {"title": notice, "advice": advice[notice.status]})
