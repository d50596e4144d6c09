"""The numbers at the top of *Today*, what needs me, and what comes next."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, QuerySet, Value
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice import clock
from backoffice.permissions import may_somewhere
from notices.contributors import to_decide_by
from notices.dashboard.addresses import people_to_mend
from notices.dashboard.halted import missed_row
from notices.dashboard.lists import SHOWN, Row, Section, notice_list
from notices.dashboard.sight import Sight
from notices.models import Notice
from notices.querysets import NoticeQuerySet

Status = Notice.Status
NUMBER, LISTED = "number", "listed"
ADDRESSES = "addresses"  # the number of people whose address somebody should mend: no figure, a card of its own
ORDER: dict[str, Any] = {  # the database keeps to it within a list, but promises none
    "returned": lambda notice: -notice.pk,
    "to_decide": lambda notice: (notice.modified_at, notice.pk),
    "approved": lambda notice: -notice.pk,
    "drafts": lambda notice: -notice.pk,
    "missed": lambda notice: (notice.publish_at, notice.pk),
    "scheduled": lambda notice: (notice.publish_at, notice.pk),
}


@dataclass(frozen=True, slots=True)
class Figure:
    label: str
    number: int
    url: str


class Attention:
    """What of the notices wants the attention of one person: asked by two queries, however many lists and numbers there are."""

    def __init__(self, sight: Sight) -> None:
        self.sight = sight
        found = _numbers_and_ids(_counted(sight), _listed(sight))
        self.numbers: dict[str, int] = {part: number for kind, part, number in found if kind == NUMBER}
        notices = sight.notices().filter(pk__in={pk for kind, _part, pk in found if kind == LISTED}).select_related("created_by")
        seen = {notice.pk: notice for notice in notices.defer("content", "search_vector")}
        chosen = [(part, seen[pk]) for kind, part, pk in found if kind == LISTED and pk in seen]
        self.lists = {part: sorted((n for p, n in chosen if p == part), key=key) for part, key in ORDER.items()}

    def figures(self) -> list[Figure]:
        monday = _start_of_week()
        number = self.numbers
        figures = [
            Figure(_("My drafts"), number["drafts"], _drafts_url(self.sight)),
            Figure(_("In review"), number["in_review"], notice_list(status__exact=Status.IN_REVIEW.value)),
            Figure(_("Scheduled"), number["scheduled"], notice_list(status__exact=Status.SCHEDULED.value)),
            Figure(
                _("Published this week"),
                number["week"],
                notice_list(status__exact=Status.PUBLISHED.value, published_at__gte=monday.isoformat()),
            ),
        ]
        return figures if may_somewhere(self.sight.user, "add", Notice) or number["drafts"] else figures[1:]

    def sections(self) -> list[Section]:
        found = (_needs_me(self.lists), _scheduled(self.lists["scheduled"]))
        return [section for section in found if section.rows or section.nothing]


def _counted(sight: Sight) -> dict[str, QuerySet]:
    """The parts of which the number is shown."""
    people = people_to_mend(sight.user)
    counted: dict[str, QuerySet] = {
        "drafts": _drafts(sight),
        "in_review": sight.notices().filter(status=Status.IN_REVIEW),
        "scheduled": sight.notices().filter(status=Status.SCHEDULED),
        "week": sight.notices().filter(status=Status.PUBLISHED, published_at__gte=_start_of_week()),
    }
    # Last: the first part decides how all are ordered.
    return counted if people is None else counted | {ADDRESSES: people}


def _listed(sight: Sight) -> dict[str, NoticeQuerySet]:
    """The parts of which the first are shown."""
    return {
        "returned": _drafts(sight).exclude(status_reason=""),
        "to_decide": to_decide_by(sight.user),
        "approved": sight.notices("publish").filter(status=Status.APPROVED, created_by=sight.user),
        "drafts": _drafts(sight).filter(status_reason=""),
        "missed": sight.notices("publish").missed_publication().order_by("publish_at", "pk"),
        "scheduled": sight.notices().coming_publication().order_by("publish_at", "pk"),
    }


def _numbers_and_ids(counted: dict[str, QuerySet], listed: dict[str, NoticeQuerySet]) -> list[tuple[str, str, int]]:
    """One query: how many rows the parts have, each counted through its own index, and the ids of the first of each list."""
    counts = [
        rows.order_by().annotate(what=Value(NUMBER), part=Value(part)).values("what", "part").annotate(n=Count("pk"))
        for part, rows in counted.items()
    ]
    firsts = [rows.annotate(what=Value(LISTED), part=Value(part), n=F("pk"))[:SHOWN] for part, rows in listed.items()]
    first, *others = (rows.values_list("what", "part", "n") for rows in (*counts, *firsts))
    return [*((NUMBER, part, 0) for part in counted), *first.union(*others, all=True)]


def _start_of_week() -> datetime:
    """Monday, midnight, where the organisation is."""
    day = clock.today()
    return timezone.make_aware(datetime.combine(day - timedelta(days=day.weekday()), datetime.min.time()), timezone.get_default_timezone())


def _drafts(sight: Sight) -> NoticeQuerySet:
    return sight.notices().draft().filter(created_by=sight.user)


def _drafts_url(sight: Sight) -> str:
    return notice_list(status__exact=Status.DRAFT.value, created_by__id__exact=sight.user.pk)


def _needs_me(parts: dict[str, list[Notice]]) -> Section:
    rows = [missed_row(notice, decides=True) for notice in parts["missed"]]
    rows += [
        Row(n.title, _page(n), _("Returned to you: %(reason)s") % {"reason": n.status_reason}, n.modified_at) for n in parts["returned"]
    ]
    rows += [
        Row(
            n.title,
            reverse("admin:notices_notice_approval", args=[n.pk]),
            _("Waits for you to approve or return it. By %(author)s.") % {"author": n.created_by or "—"},
            n.modified_at,
        )
        for n in parts["to_decide"]
    ]
    rows += [Row(n.title, _page(n), _("Approved: publish or schedule it."), n.modified_at) for n in parts["approved"]]
    rows += [Row(n.title, _page(n), _("Your draft: nobody sees it yet."), n.modified_at) for n in parts["drafts"]]
    return Section("needs-me", _("Needs you"), tuple(rows), _("Nothing waits for you."))


def _scheduled(coming: list[Notice]) -> Section:
    rows = [Row(n.title, _page(n), _("Is published by itself."), n.publish_at) for n in coming]
    return Section("scheduled", _("Comes next"), tuple(rows), "")


def _page(notice: Notice) -> str:
    return reverse("admin:notices_notice_change", args=[notice.pk])
