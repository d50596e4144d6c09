"""The top of every page of a notice: its state in words, its one next step, its tabs."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from notices.admin.acts import ACTS, Act
from notices.models import Notice
from notices.presentation import STATUS_LABELS
from notices.repositories import NoticeRepository
from recipients.dtos import AudienceSummary
from recipients.repositories import AudienceRepository

TABS = (
    ("write", _("Write"), "admin:notices_notice_change"),
    ("audience", _("Audience"), "admin:notices_notice_audience"),
    ("delivery", _("Delivery"), "admin:notices_notice_delivery"),
    ("readers", _("Readers"), "admin:notices_notice_readers"),
    ("history", _("History"), "admin:notices_notice_history"),
)


@dataclass(frozen=True, slots=True)
class Button:
    text: str
    url: str
    style: str


@dataclass(frozen=True, slots=True)
class Tab:
    title: str
    url: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Header:
    notice: Notice
    status: str
    colour: str
    sentence: str
    buttons: tuple[Button, ...]
    tabs: tuple[Tab, ...]


def header_for(request: HttpRequest, notice: Notice, current: str) -> Header:
    offered = [act for act in ACTS if act.is_offered(notice, request.user)]
    audience = audience_of(notice) if any(act.needs_audience for act in offered) else None
    return Header(
        notice=notice,
        status=notice.get_status_display(),
        colour=STATUS_LABELS[notice.status],
        sentence=sentence_for(notice, audience),
        buttons=tuple(_button(act, notice, audience) for act in offered if _makes_sense(act, audience)),
        tabs=tuple(Tab(title, reverse(view, args=[notice.pk]), slug == current) for slug, title, view in TABS),
    )


def audience_of(notice: Notice) -> AudienceSummary:
    return AudienceRepository.summary(NoticeRepository.address_of(notice))


def _button(act: Act, notice: Notice, audience: AudienceSummary | None) -> Button:
    return Button(act.button(notice, audience), reverse("admin:notices_notice_act", args=[notice.pk, act.slug]), act.style)


def _makes_sense(act: Act, audience: AudienceSummary | None) -> bool:
    """Nothing can be published to nobody: then the next step is the Audience tab."""
    return not act.needs_audience or bool(audience and audience.total)


def sentence_for(notice: Notice, audience: AudienceSummary | None) -> str:
    """Where the notice stands and what comes next, in one sentence."""
    if notice.is_deleted:
        return _("In the trash since %(moment)s.") % {"moment": _moment(notice.deleted_at)}
    match notice.status:
        case Notice.Status.PUBLISHED if notice.is_expired:
            return _("Was on show until %(day)s.") % {"day": date_format(notice.end_date)}
        case Notice.Status.PUBLISHED:
            return _("On show since %(moment)s.") % {"moment": _moment(notice.published_at)}
        case Notice.Status.SCHEDULED:
            return _("Will be published on %(moment)s.") % {"moment": _moment(notice.publish_at)}
        case Notice.Status.IN_REVIEW:
            return _("Waits for someone other than %(person)s to publish it.") % {"person": notice.created_by}
        case Notice.Status.WITHDRAWN:
            return _("Withdrawn on %(moment)s. %(reason)s") % {"moment": _moment(notice.withdrawn_at), "reason": notice.status_reason}
    if notice.status_reason:
        return _("Not published: %(reason)s") % {"reason": notice.status_reason}
    if audience is not None and not audience.total:
        return _("Nobody is addressed yet. Choose the audience next.")
    return _("Nobody sees it yet.")


def _moment(moment: Any) -> str:
    return date_format(localtime(moment), "j F Y, H:i") if moment else "—"
