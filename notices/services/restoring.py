"""Taking back an earlier version: some of its fields, or all of it as a new draft. Never a state, and nobody is told."""

import hashlib
import logging
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from audit.attribution import acting
from audit.object_history.branches import Branch
from audit.object_history.points import Point, recorded, row_at, rows_at
from backoffice.permissions import may_everywhere, require, visible
from notices.exceptions import NoticeError
from notices.models import Attachment, Category, Notice, NoticeAdditionalRecipient, NoticeRecipient, NoticeRecipientGroup
from notices.services.access import check_version, lock
from notices.services.addressing import KINDS
from notices.services.approval_record import fields_of_a_lost_approval
from notices.services.writing import WritingMixin, refuse_unless_editable, replace_links
from recipients.dtos import Address
from recipients.models import Recipient, RecipientGroup, User

logger = logging.getLogger(__name__)
# What may be taken back. Never the state, nor anything that follows from it.
FIELDS = (
    *("title", "category", "content", "start_date", "end_date", "requires_acknowledgement", "due_date"),
    *("remind_before", "remind_after", "tells_joiners", "joiner_days"),
)
LONGEST_TITLE = 200
ATTACHED = Branch(Attachment, Attachment._meta.get_field("notice"))
ADDRESSED = (
    (Branch(NoticeRecipient, NoticeRecipient._meta.get_field("notice")), "recipient_id", Recipient),
    (Branch(NoticeRecipientGroup, NoticeRecipientGroup._meta.get_field("notice")), "recipient_group_id", RecipientGroup),
    (Branch(NoticeAdditionalRecipient, NoticeAdditionalRecipient._meta.get_field("notice")), "user_id", User),
)

COPIED = (ATTACHED, *(branch for branch, _column, _model in ADDRESSED))


@dataclass(frozen=True, slots=True)
class EarlierVersion:
    """A notice as it was right after something had happened to it."""

    point: Point
    row: Any  # of the notice's own history


@dataclass(frozen=True, slots=True)
class Addressed:
    address: Address
    gone: tuple[str, ...]  # the names of what no longer exists, or is not theirs to send to


@dataclass(frozen=True, slots=True)
class NewDraft:
    notice: Notice
    left_out: tuple[str, ...]  # the names of what could not be taken over


class RestoringMixin:
    @staticmethod
    @transaction.atomic
    def restore_fields(
        notice_id: int, history_id: int, fields: Collection[str], *, actor: Any, version: int | None = None, reason: str = ""
    ) -> Notice:
        """Give `fields` of an editable notice the values they had in an earlier version.

        Raises:
            PermissionDenied: `actor` may not change this notice, or not take back versions of it.
            NoticeError: not now, not these fields, or together with the others they make no sense.
        """
        notice = lock(notice_id, verb="change", actor=actor)
        require(actor, "restore_version", notice)
        check_version(notice, version)
        refuse_unless_editable(notice)
        _refuse_other(fields)
        earlier = version_of(notice, history_id)
        needed_approval = notice.must_be_approved
        for name in fields:
            field: Any = Notice._meta.get_field(name)
            setattr(notice, field.attname, getattr(earlier.row, field.attname))
        _refuse_missing_category(notice)
        notice.modified_by, notice.version = actor, notice.version + 1
        notice.needs_approval = needed_approval or notice.must_be_approved
        notice.full_clean()
        also = fields_of_a_lost_approval(notice)
        with acting(actor, reason=_with(_("From the version of %(moment)s"), earlier, reason)):
            notice.save(update_fields=[*fields, "needs_approval", "modified_by", "modified_at", "version", *also])
        return notice

    @staticmethod
    @transaction.atomic
    def draft_from_version(notice_id: int, history_id: int, *, actor: Any, reason: str = "") -> NewDraft:
        """Begin a new draft with the text, the dates, the audience and the files of an earlier version."""
        notice = Notice.all_objects.filter(pk=notice_id).first()
        if notice is None:
            raise NoticeError(_("This notice no longer exists."))
        require(actor, "restore_version", notice)
        earlier = version_of(notice, history_id)
        with acting(actor, reason=_with(_("A new draft from the version of %(moment)s"), earlier, reason)):
            draft, left_out = _copy(notice, earlier, actor)
            addressed = addressed_at(notice.pk, earlier.point, actor=actor)
            replace_links(draft, addressed.address, actor=actor)
            left_out += [*addressed.gone, *_attach_copies(draft, notice.pk, earlier.point)]
        return NewDraft(draft, tuple(left_out))


def version_of(notice: Notice, history_id: int) -> EarlierVersion:
    """The version that was valid when this history row, of the notice or of what belongs to it, had been written."""
    row = recorded(Notice, notice.pk, COPIED, history_id)
    point = Point(row.history_date, row.history_id) if row is not None else None
    own = row_at(Notice, notice.pk, point) if point is not None else None
    if point is None or own is None or own.history_type == "-":
        raise NoticeError(_("“%(title)s” has no such version.") % {"title": notice})
    return EarlierVersion(point, own)


def addressed_at(notice_id: int, point: Point, *, actor: Any) -> Addressed:
    """Whom a notice addressed then, as far as that still exists and `actor` may send to it."""
    kept, gone = [], []
    for (branch, column, model), (_field, _same, verb) in zip(ADDRESSED, KINDS, strict=True):
        ids = set(rows_at(branch, notice_id, point).values_list(column, flat=True))
        there = set(visible(actor, verb, model.objects.filter(pk__in=ids)).values_list("pk", flat=True))
        kept.append(there)
        gone += [_name_then(model, pk, point) for pk in _nameable(model, sorted(ids - there), actor)]
    return Addressed(Address.of(*kept), tuple(gone))


def _nameable(model: Any, pks: list[int], actor: Any) -> list[int]:
    """What is gone is named to whoever could see it, were it there."""
    if may_everywhere(actor, "view", model):
        return pks
    return sorted(visible(actor, "view", model._base_manager.filter(pk__in=pks)).values_list("pk", flat=True))


def _name_then(model: Any, pk: int, point: Point) -> str:
    row = row_at(model, pk, point)
    return str(model(**{f.attname: getattr(row, f.attname) for f in row.tracked_fields})) if row is not None else "—"


def _refuse_other(fields: Collection[str]) -> None:
    if not fields:
        raise NoticeError(_("Choose at least one field."))
    if not set(fields) <= set(FIELDS):
        raise NoticeError(_("Only the text, the category and the dates of a notice can be taken back."))


def _refuse_missing_category(notice: Notice) -> None:
    if notice.category_id is not None and not Category.objects.filter(pk=notice.category_id).exists():
        raise NoticeError(_("The category it had then no longer exists. Leave the category as it is."))


def _with(sentence: str, earlier: EarlierVersion, reason: str) -> str:
    says = sentence % {"moment": date_format(localtime(earlier.point.at), "j F Y, H:i")}
    return f"{says}: {reason}" if reason else says


def _copy(notice: Notice, earlier: EarlierVersion, actor: Any) -> tuple[Notice, list[str]]:
    """Of the department that the notice belongs to now: that decides who may write it."""
    fields: list[Any] = [Notice._meta.get_field(name) for name in FIELDS]
    values = {field.attname: getattr(earlier.row, field.attname) for field in fields}
    left_out = []
    category = values["category_id"]
    if category is not None and not Category.objects.filter(pk=category).exists():
        left_out.append(_name_then(Category, category, earlier.point))
        values["category_id"] = None
    suffix = " " + _("(from %(day)s)") % {"day": date_format(localtime(earlier.point.at), "j F Y")}
    values["title"] = values["title"][: LONGEST_TITLE - len(suffix)] + suffix
    # A copy does not get round an approval.
    draft = Notice(**values, department=notice.department, needs_approval=notice.must_be_approved)
    WritingMixin.save_new(draft, actor=actor)
    return draft, left_out


def _attach_copies(draft: Notice, notice_id: int, point: Point) -> list[str]:
    """Attach a copy of each file of then; returns the names of those whose bytes are no longer what they were."""
    missing = []
    for row in rows_at(ATTACHED, notice_id, point).order_by("id"):
        content = _stored(str(row.file), row.sha256)
        if content is None:
            missing.append(row.name)
            continue
        copy = Attachment(notice=draft, name=row.name, content_type=row.content_type, size=row.size, sha256=row.sha256)
        copy.file.save(row.name, ContentFile(content), save=False)
        copy.save()
    return missing


def _stored(path: str, sha256: str) -> bytes | None:
    try:
        with default_storage.open(path) as file:
            content = file.read()
    except OSError:
        logger.warning("The file %s that a version of a notice names is missing.", path)
        return None
    return content if hashlib.sha256(content).hexdigest() == sha256 else None
