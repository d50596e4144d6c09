"""The top of every page of a notice: its state in words, its one next step, its tabs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.permissions import ask_together
from notices.admin.act import NOBODY, Act
from notices.admin.acts import ACTS
from notices.admin.amend_buttons import change_buttons
from notices.admin.mail_acts import pause_of
from notices.models import Approval, Notice
from notices.presentation import STATUS_LABELS, state_of
from notices.repositories import NoticeRepository
from notices.services.approval_record import last_step, standing_approval
from notices.wording import moment_in_both_zones, moment_phrase, pause_phrase
from recipients.dtos import AudienceSummary
from recipients.repositories import AudienceRepository
from recipients.services.access import sees_rights_on

TABS = (
    ("write", gettext_lazy("Write"), "admin:notices_notice_change"),
    ("audience", gettext_lazy("Audience"), "admin:notices_notice_audience"),
    ("approval", gettext_lazy("Approval"), "admin:notices_notice_approval"),
    ("delivery", gettext_lazy("Delivery"), "admin:notices_notice_delivery"),
    ("readers", gettext_lazy("Readers"), "admin:notices_notice_readers"),
    ("access", gettext_lazy("Access"), "admin:notices_notice_access"),
    ("history", gettext_lazy("History"), "admin:notices_notice_history"),
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
    mark: str  # what it bears for ever; empty if nothing
    halt: str  # why it does not go on by itself; empty if it does
    buttons: tuple[Button, ...]
    tabs: tuple[Tab, ...]


def header_for(request: HttpRequest, notice: Notice, current: str) -> Header:
    ask_together(request.user, [notice])
    offered = [act for act in ACTS if act.is_offered(notice, request.user)]
    audience = audience_of(notice) if any(act.needs_audience for act in offered) else None
    state, word = state_of(notice)
    return Header(
        notice=notice,
        status=word,
        colour=STATUS_LABELS[state],
        sentence=sentence_for(notice, audience),
        mark=_mark(notice),
        halt=_halt(notice),
        buttons=(
            *_decide(offered, notice, current),
            *(Button(*words) for words in (() if current == "change" else change_buttons(request.user, notice))),
            *(_button(a, notice, audience) for a in offered if _makes_sense(a, audience)),
        ),
        tabs=tuple(_tabs(request.user, notice, current)),
    )


def _tabs(user: Any, notice: Notice, current: str) -> Iterator[Tab]:
    for slug, title, view in TABS:
        if slug != "access" or sees_rights_on(user, notice):
            yield Tab(str(title), reverse(view, args=[notice.pk]), slug == current)


def audience_of(notice: Notice) -> AudienceSummary:
    return AudienceRepository.summary(NoticeRepository.address_of(notice))


def _button(act: Act, notice: Notice, audience: AudienceSummary | None) -> Button:
    return Button(act.button(notice, audience or NOBODY), reverse("admin:notices_notice_act", args=[notice.pk, act.slug]), act.style)


def _decide(offered: list[Act], notice: Notice, current: str) -> tuple[Button, ...]:
    """Decisions are taken on the Approval tab, which shows what they are about."""
    if current == "approval" or not any(act.pinned for act in offered):
        return ()
    return (Button(_("Review and decide"), reverse("admin:notices_notice_approval", args=[notice.pk]), "primary"),)


def _mark(notice: Notice) -> str:
    if notice.bypassed_at is None:
        return ""
    return _("Published without approval on %(moment)s. Compliance was told.") % {"moment": moment_phrase(notice.bypassed_at)}


def _halt(notice: Notice) -> str:
    if notice.status == Notice.Status.SCHEDULED and Notice.objects.missed_publication().filter(pk=notice.pk).exists():
        return _(
            "It missed its moment and is not published by itself any more: the clock or every worker was down. "
            "Publish it now, reschedule it, or cancel the schedule."
        )
    pause = pause_of(notice)
    return pause_phrase(pause) if pause else ""


def _makes_sense(act: Act, audience: AudienceSummary | None) -> bool:
    """Nothing can be published to nobody: then the next step is the Audience tab."""
    if act.pinned:
        return False
    return not act.needs_audience or bool(audience and audience.total)


def sentence_for(notice: Notice, audience: AudienceSummary | None) -> str:
    """Where the notice stands and what comes next, in one sentence."""
    if notice.is_deleted:
        return _("In the trash since %(moment)s.") % {"moment": moment_phrase(notice.deleted_at)}
    if notice.status == Notice.Status.DRAFT:
        return _draft_sentence(notice, audience)
    if notice.status == Notice.Status.APPROVED:
        return _approved_sentence(notice)
    if notice.is_published and notice.end_date and notice.is_expired:
        return _("Was on show until %(day)s.") % {"day": date_format(notice.end_date)}
    if notice.is_published and notice.begins_later:
        return _("Published. On show from %(day)s; the mails leave then.") % {"day": date_format(notice.start_date)}
    sentence, moment = {
        Notice.Status.PUBLISHED.value: (_("On show since %(moment)s."), moment_phrase(notice.published_at)),
        Notice.Status.SCHEDULED.value: (_("To be published on %(moment)s."), moment_in_both_zones(notice.publish_at)),
        Notice.Status.IN_REVIEW.value: (_("Waits for someone other than %(author)s to approve it."), ""),
        Notice.Status.WITHDRAWN.value: (_("Withdrawn on %(moment)s. %(reason)s"), moment_phrase(notice.withdrawn_at)),
    }[notice.status]
    return sentence % {"moment": moment, "author": notice.created_by, "reason": notice.status_reason}


def _approved_sentence(notice: Notice) -> str:
    step = standing_approval(notice)
    if step is None:
        return _("It is not what was approved. Submit it for review again.")
    return _("Approved by %(person)s on %(moment)s. It waits to be published. Changing it makes it a draft again.") % {
        "person": step.by,
        "moment": moment_phrase(step.at),
    }


def _draft_sentence(notice: Notice, audience: AudienceSummary | None) -> str:
    if notice.status_reason:
        step = last_step(notice)
        if step is not None and step.decision == Approval.Decision.REJECTED:
            return _("Rejected by %(person)s: %(reason)s") % {"person": step.by, "reason": step.reason}
        return _("Not published: %(reason)s") % {"reason": notice.status_reason}
    if audience is not None and not audience.total:
        return _("Nobody is addressed yet. Choose the audience next.")
    return _("Nobody sees it yet.")
