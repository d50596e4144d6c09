"""The lists of the Work section that can be exported, and what is asked of whoever does.

What is said of notices asks for the right to export them, notice by notice. Who was told of one asks besides for the right to
see people, as its tabs do.
"""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from audit.exports.change_lists import ExportedChangeList
from audit.exports.lists import Asked, ExportedList, register
from audit.exports.of_one import ExportedTab
from audit.exports.resources import ListResource
from notices.admin.approvals import handed_in_by
from notices.admin.came_back import CHOICE, with_bounce
from notices.admin.told import READER_PARTS, deliveries, readings
from notices.contributors import to_decide_by
from notices.models import Category, Delivery, Notice, TrashedNotice
from notices.repositories import NoticeRepository
from notices.resources import (
    CategoryResource,
    DeliveryResource,
    NoticeResource,
    ReaderResource,
    SubmittedResource,
    TrashedNoticeResource,
    WaitingResource,
)
from notices.services import ReminderService
from recipients.admin.exports import exported_audience
from recipients.models import User


class ExportedApprovals(ExportedList):
    """One of the two tables of the Approvals page. `right` is the one that shows it."""

    row_right = "export"

    def __init__(self, name: str, title: Any, resource: type[ListResource], *, right: str, rows: Callable[[Any], QuerySet]) -> None:
        self.name, self.title, self.resource = name, title, resource
        self.asks, self._rows = ((right, Notice), ("export", Notice)), rows

    def shown(self, asked: Asked) -> QuerySet:
        return self._rows(asked.user)

    def url(self, object_id: int | None) -> str:
        return reverse("admin:notices_approvals")


def _tab(name: str, title: Any, resource: type[ListResource], *, rows: Any, narrows: Any) -> ExportedTab:
    def of_notice(notice: Notice, asked: Asked) -> QuerySet:
        return rows(notice, asked.query, asked.user)

    view, sees_too = f"admin:notices_notice_{name}", (User,)
    return ExportedTab(Notice, name, title, resource, rows=of_notice, view=view, narrows=narrows, sees_too=sees_too)


def _deliveries(notice: Notice, query: QueryDict, user: Any) -> QuerySet[Delivery]:
    return with_bounce(deliveries(notice, query, user))


MAILS = {"state": dict([*Delivery.State.choices, CHOICE]), "change": None}


def _readings(notice: Notice, query: QueryDict, user: Any) -> QuerySet[Delivery]:
    return ReminderService.with_reminders(readings(notice, query, user), notice)


register(
    ExportedChangeList(Notice, "notices", _("Notices"), NoticeResource),
    ExportedChangeList(TrashedNotice, "trash", _("Deleted notices"), TrashedNoticeResource),
    ExportedApprovals("waiting_for_approval", _("Notices that wait for you"), WaitingResource, right="approve", rows=to_decide_by),
    ExportedApprovals("submitted_for_approval", _("Notices you submitted"), SubmittedResource, right="change", rows=handed_in_by),
    exported_audience(Notice, "audience", _("Audience"), view="admin:notices_notice_audience", address_of=NoticeRepository.address_of),
    _tab("delivery", _("Delivery"), DeliveryResource, rows=_deliveries, narrows=MAILS),
    _tab("readers", _("Readers"), ReaderResource, rows=_readings, narrows={"only": dict(READER_PARTS)}),
    # Nothing of anybody's stands there, and there is no right to export them: who may see categories may take the list.
    ExportedChangeList(Category, "categories", _("Categories"), CategoryResource, right="view"),
)
