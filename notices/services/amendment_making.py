"""Making a change: what is on show says the new text, and whoever is to hear of it is owed a mail. One transaction or nothing."""

from functools import partial
from typing import Any, cast

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from audit.attribution import acting
from backoffice import clock
from backoffice.permissions import may
from notices.amended import amended, comparison, in_words
from notices.events import notice_published
from notices.exceptions import NoticeError, StaleNotice
from notices.models import Amendment, Delivery, Notice, ReadAcknowledgment
from notices.repositories import NoticeRepository
from notices.services.addressing import not_addressable, refuse_unless_addressable
from notices.services.amendment_record import close
from notices.services.audience_keys import AudienceKeyService
from notices.services.delivery import DeliveryService
from notices.services.publishing import Confirmation, refuse_empty_audience, refuse_other_number
from notices.services.reading import content_digest

Kind, State = Amendment.Kind, Amendment.State


def refuse_unless_it_can_be_made(notice: Notice, change: Amendment, *, actor: Any) -> None:
    """Every reason that stands between a change and the notice. The change is kept, whatever is found."""
    _refuse_other_notice(notice, change)
    if not comparison(notice, change):
        raise NoticeError(_("The change changes nothing: it says what is on show already. Write the change first, or discard it."))
    _refuse_passed_days(notice, change)
    if change.by != actor:
        _refuse_lost_rights(notice, change)
    if change.kind != Kind.TYPO:
        refuse_unless_addressable(NoticeRepository.address_of(notice), actor=change.by)
        refuse_empty_audience(notice)


def _refuse_lost_rights(notice: Notice, change: Amendment) -> None:
    """Asked when it was handed in, and again now: a second person lends nobody a right."""
    names, unseen = not_addressable(NoticeRepository.address_of(notice), actor=change.by)
    tells = change.kind != Kind.TYPO
    if not (may(change.by, "change", notice) and may(change.by, "publish", notice)) or (tells and (names or unseen)):
        raise NoticeError(
            _("%(person)s, whose change it is, may not make it any more. Return it: someone who may has to hand it in.")
            % {"person": change.by}
        )


def _refuse_other_notice(notice: Notice, change: Amendment) -> None:
    if notice.status != Notice.Status.PUBLISHED:
        raise NoticeError(
            _(
                "“%(title)s” is %(status)s, so nothing on show can be changed. "
                "The change is kept: it can be made when the notice is published."
            )
            % {"title": notice, "status": notice.get_status_display().lower()}
        )
    if notice.version != change.base_version:
        raise StaleNotice(
            _(
                "“%(title)s” is not what this change was written against any more: %(person)s changed it. "
                "The change is kept: save it again to set it against what is on show now."
            )
            % {"title": notice, "person": notice.modified_by or _("someone")}
        )


def _refuse_passed_days(notice: Notice, change: Amendment) -> None:
    after = amended(notice, change)
    if change.kind == Kind.TYPO:
        if notice.is_expired and not after.is_expired:
            raise NoticeError(_("It has ended, and would be on show again by this. That is no typo: choose “material” or “tell only”."))
        return
    if after.is_expired:
        raise NoticeError(
            _("“%(title)s” ended on %(day)s, so nobody would find it. Set a later end first.")
            % {"title": notice, "day": date_format(cast("Any", after.end_date))}
        )
    if change.kind == Kind.MATERIAL and after.due_date and after.due_date < clock.today():
        raise NoticeError(
            _("Everyone would be asked to acknowledge it by %(day)s, which has passed. Set a later day first.")
            % {"day": date_format(after.due_date)}
        )


def make(notice: Notice, change: Amendment, *, actor: Any, seen: Confirmation) -> None:
    """What workers hold goes out with the new text: they have to take it up again, and its version is another one."""
    change.content_before, change.summary = content_digest(notice), in_words(notice, change)
    change.acknowledged = ReadAcknowledgment.objects.filter(notice=notice, revision=notice.revision).acknowledged().count()
    _write(notice, change, actor)
    change.content_after, change.revision = content_digest(notice), notice.revision
    AudienceKeyService.refresh(notice)
    change.people = _owe(notice, change, seen)
    handed_back = DeliveryService.hand_back(notice)
    close(change, State.APPLIED, actor=actor, reason=change.decision_reason)
    if change.people or handed_back:
        transaction.on_commit(partial(notice_published.send_robust, Notice, notice_id=notice.pk))


def _write(notice: Notice, change: Amendment, actor: Any) -> None:
    fields = [*Amendment.TEXT, "modified_by", "modified_at", "version"]
    for name in Amendment.TEXT:
        setattr(notice, name, getattr(change, name))
    notice.modified_by, notice.version = change.by, notice.version + 1
    if change.kind == Kind.MATERIAL:
        notice.revision, notice.published_at, notice.status_reason = notice.revision + 1, clock.now(), change.reason
        fields += ["revision", "published_at", "status_reason"]
    notice.full_clean()
    with acting(actor, reason=change.reason):
        _write_files(notice, change)
        notice.save(update_fields=fields)


def _write_files(notice: Notice, change: Amendment) -> None:
    """Bytes stay on disk: history names them by digest."""
    for file in change.files.all():
        if file.takes_off is None:
            file.as_attachment(notice).save()
        elif (attachment := notice.attachments.filter(pk=file.takes_off).first()) is not None:
            attachment.delete()


def _owe(notice: Notice, change: Amendment, seen: Confirmation) -> int:
    """Who is to hear of it by mail; returns how many that are."""
    if change.kind == Kind.TYPO:
        return 0
    if change.kind == Kind.MATERIAL:
        DeliveryService.call_off(notice, reason=_("The notice was changed before the mail left. The new version is mailed instead."))
        owed = DeliveryService.owe(notice)
    else:
        owed = DeliveryService.owe(notice, Delivery.Kind.CHANGE, change.number)
    refuse_other_number(seen, owed)
    return owed
