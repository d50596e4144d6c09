"""The numbers at the top of *Today*, and the lists below: what needs me, comes next, is stuck, is late."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast
from urllib.parse import urlencode

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Value
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice.permissions import may_somewhere
from notices.contributors import in_review_for, without_part_of
from notices.dashboard.sight import Sight
from notices.models import Delivery, Notice, ReadAcknowledgment
from notices.models.notice import today
from notices.querysets import NoticeQuerySet

SHOWN = 5  # rows of each list
IN_REVIEW = 25  # looked at for those that one had no part in
LONG_AGO = timedelta(days=90)  # nobody acts on what has been overdue for longer
TOO_LONG = timedelta(minutes=10)  # a mail that is due this long is taken up by nobody
Status = Notice.Status

# Notices with mails in trouble, newest first. Parameter: the moment before which a due mail is stuck.
TROUBLE = """
    WITH trouble AS (
        SELECT notice_id, revision, state, reason FROM notices_delivery
        WHERE state IN ('failed', 'unknown') AND kind = 'publication'
        UNION ALL
        SELECT notice_id, revision, state, reason FROM notices_delivery
        WHERE state = 'waiting' AND kind = 'publication' AND (reason <> '' OR next_attempt_at < %(stuck)s)
    )
    SELECT t.notice_id, t.state, count(*), max(t.reason)
    FROM trouble t
    JOIN notices n ON n.id = t.notice_id AND n.revision = t.revision AND n.status = 'published' AND NOT n.is_deleted
         AND (n.end_date IS NULL OR n.end_date >= %(today)s)
    GROUP BY t.notice_id, t.state ORDER BY t.notice_id DESC, t.state LIMIT 300
"""
OUTSTANDING = """
    SELECT d.notice_id, count(*), count(*) FILTER (WHERE r.acknowledged_at IS NULL)
    FROM notices n
    JOIN notices_delivery d ON d.notice_id = n.id AND d.revision = n.revision AND d.kind = 'publication'
    LEFT JOIN notices_readacknowledgment r ON r.notice_id = n.id AND r.user_id = d.person_id AND r.revision = n.revision
    WHERE n.id = ANY(%(ids)s) GROUP BY d.notice_id
"""


@dataclass(frozen=True, slots=True)
class Figure:
    label: str
    number: int
    url: str


@dataclass(frozen=True, slots=True)
class Row:
    """One notice that wants attention: where to go, and why."""

    title: str
    url: str
    what: str
    moment: datetime | None = None


@dataclass(frozen=True, slots=True)
class Section:
    slug: str
    title: str
    rows: tuple[Row, ...]
    nothing: str  # said when there are no rows; empty: then the section is left out
    more: str = ""  # said below them when some are not shown


def notice_list(**filters: Any) -> str:
    return f"{reverse('admin:notices_notice_changelist')}?{urlencode(filters)}"


def figures(sight: Sight) -> list[Figure]:
    monday = _start_of_week()
    week = sight.notices().filter(status=Status.PUBLISHED, published_at__gte=monday)
    in_review, scheduled = (sight.notices().filter(status=status) for status in (Status.IN_REVIEW, Status.SCHEDULED))
    numbers = _counted(drafts=_drafts(sight), in_review=in_review, scheduled=scheduled, week=week)
    figures = [
        Figure(_("My drafts"), numbers["drafts"], _drafts_url(sight)),
        Figure(_("In review"), numbers["in_review"], notice_list(status__exact=Status.IN_REVIEW.value)),
        Figure(_("Scheduled"), numbers["scheduled"], notice_list(status__exact=Status.SCHEDULED.value)),
        Figure(
            _("Published this week"),
            numbers["week"],
            notice_list(status__exact=Status.PUBLISHED.value, published_at__gte=monday.isoformat()),
        ),
    ]
    return figures if may_somewhere(sight.user, "add", Notice) or figures[0].number else figures[1:]


def _counted(**parts: NoticeQuerySet) -> dict[str, int]:
    """How many rows each part has, by one query; each is counted through its own index."""
    counts = [rows.order_by().annotate(part=Value(name)).values("part").annotate(n=Count("pk")) for name, rows in parts.items()]
    first, *others = (count.values_list("part", "n") for count in counts)
    return dict.fromkeys(parts, 0) | dict(first.union(*others, all=True))


def _start_of_week() -> datetime:
    """Monday, midnight, where the organisation is."""
    day = today()
    return timezone.make_aware(datetime.combine(day - timedelta(days=day.weekday()), datetime.min.time()), timezone.get_default_timezone())


def _drafts(sight: Sight) -> NoticeQuerySet:
    return sight.notices().draft().filter(created_by=sight.user)


def _drafts_url(sight: Sight) -> str:
    return notice_list(status__exact=Status.DRAFT.value, created_by__id__exact=sight.user.pk)


def sections(sight: Sight) -> list[Section]:
    trouble = sight.kept("trouble", _trouble)
    parts, seen = _chosen(sight, {notice_id for notice_id, *_rest in trouble})
    to_decide = without_part_of(sight.user, parts["in_review"])[:SHOWN]
    found = (_needs_me(parts, to_decide), _scheduled(parts["scheduled"]), _stuck(trouble, seen), _late(sight))
    return [section for section in found if section.rows or section.nothing]


def _chosen(sight: Sight, also: Iterable[int]) -> tuple[dict[str, list[Notice]], dict[int, Notice]]:
    """The notices of the sections, and of `also` those that may be seen: their ids by one query, what is shown by another."""
    newest = {
        "returned": _drafts(sight).exclude(status_reason=""),
        "approved": sight.notices("publish").filter(status=Status.APPROVED, created_by=sight.user),
        "drafts": _drafts(sight).filter(status_reason=""),
    }
    ordered = newest | {
        "scheduled": sight.notices().filter(status=Status.SCHEDULED).order_by("publish_at", "pk"),
        "in_review": in_review_for(sight.user),
    }
    most = {"in_review": IN_REVIEW}
    first, *others = (rows.annotate(part=Value(name)).values_list("part", "pk")[: most.get(name, SHOWN)] for name, rows in ordered.items())
    chosen = list(first.union(*others, all=True))
    rows = sight.notices().filter(pk__in={pk for _part, pk in chosen} | set(also)).select_related("created_by")
    seen = {notice.pk: notice for notice in rows.defer("content", "search_vector")}
    parts = {name: [seen[pk] for part, pk in chosen if part == name and pk in seen] for name in ordered}
    for name in newest:  # the database keeps to the order within a part, but promises none
        parts[name].sort(key=lambda notice: -notice.pk)
    parts["scheduled"].sort(key=lambda notice: (notice.publish_at, notice.pk))
    parts["in_review"].sort(key=lambda notice: (notice.modified_at, notice.pk))
    return parts, seen


def _needs_me(parts: dict[str, list[Notice]], to_decide: list[Notice]) -> Section:
    rows = [
        Row(n.title, _page(n), _("Returned to you: %(reason)s") % {"reason": n.status_reason}, n.modified_at) for n in parts["returned"]
    ]
    rows += [
        Row(
            n.title,
            reverse("admin:notices_notice_approval", args=[n.pk]),
            _("Waits for you to approve or return it. By %(author)s.") % {"author": n.created_by or "—"},
            n.modified_at,
        )
        for n in to_decide
    ]
    rows += [Row(n.title, _page(n), _("Approved: publish or schedule it."), n.modified_at) for n in parts["approved"]]
    rows += [Row(n.title, _page(n), _("Your draft: nobody sees it yet."), n.modified_at) for n in parts["drafts"]]
    return Section("needs-me", _("Needs you"), tuple(rows), _("Nothing waits for you."))


def _scheduled(coming: list[Notice]) -> Section:
    rows = [Row(n.title, _page(n), _("Is published by itself."), n.publish_at) for n in coming]
    return Section("scheduled", _("Comes next"), tuple(rows), "")


def _stuck(trouble: list[tuple[int, str, int, str]], seen: dict[int, Notice]) -> Section:
    rows = [_trouble_row(seen[pk].title, pk, state, count, reason) for pk, state, count, reason in trouble if pk in seen]
    more = _("And %(count)d more.") % {"count": len(rows) - SHOWN} if len(rows) > SHOWN else ""
    return Section("stuck", _("Stuck"), tuple(rows[:SHOWN]), _("Every mail left, or is about to."), more=more)


def _trouble() -> list[tuple[int, str, int, str]]:
    with connection.cursor() as cursor:
        cursor.execute(TROUBLE, {"stuck": timezone.now() - TOO_LONG, "today": today()})
        return cursor.fetchall()


def _trouble_row(title: str, pk: int, state: str, count: int, reason: str) -> Row:
    what = {
        Delivery.State.FAILED: ngettext("%(count)s mail failed.", "%(count)s mails failed.", count),
        Delivery.State.UNKNOWN: ngettext(
            "%(count)s mail may or may not have arrived.", "%(count)s mails may or may not have arrived.", count
        ),
        Delivery.State.WAITING: ngettext("%(count)s mail is still waiting.", "%(count)s mails are still waiting.", count),
    }[Delivery.State(state)] % {"count": f"{count:,}"}
    if state == Delivery.State.WAITING and not reason:
        reason = _("Nobody has taken it up: perhaps the worker is not running.")
    return Row(
        title, f"{reverse('admin:notices_notice_delivery', args=[pk])}?state={state}", f"{what} {reason.rstrip('.')}." if reason else what
    )


def _late(sight: Sight) -> Section:
    rows = sight.kept("late", lambda: _late_rows(sight))
    more = _("And more, overdue for longer.") if len(rows) > SHOWN else ""
    return Section("late", _("Late"), tuple(rows[:SHOWN]), _("No acknowledgement is overdue from the last three months."), more=more)


def _late_rows(sight: Sight) -> list[Row]:
    confirmed = ReadAcknowledgment.objects.acknowledged().filter(
        user=OuterRef("person_id"), notice=OuterRef("notice_id"), revision=OuterRef("revision")
    )
    owing = Delivery.objects.filter(
        ~Exists(confirmed), notice=OuterRef("pk"), revision=OuterRef("revision"), kind=Delivery.Kind.PUBLICATION
    )
    overdue = (
        sight.notices()
        .published()
        .filter(Exists(owing), requires_acknowledgement=True, due_date__lt=today(), due_date__gte=today() - LONG_AGO)
    )
    notices = list(overdue.order_by("-due_date", "-pk").only("title", "due_date")[: SHOWN + 1])
    with connection.cursor() as cursor:
        cursor.execute(OUTSTANDING, {"ids": [notice.pk for notice in notices]})
        numbers = {pk: (told, missing) for pk, told, missing in cursor.fetchall()}
    return [_late_row(notice, *numbers[notice.pk]) for notice in notices if notice.pk in numbers]


def _late_row(notice: Notice, told: int, missing: int) -> Row:
    what = _("%(missing)s of %(told)s have not acknowledged it; it was due on %(day)s.") % {
        "missing": f"{missing:,}",
        "told": f"{told:,}",
        "day": date_format(cast("date", notice.due_date)),
    }
    return Row(notice.title, f"{reverse('admin:notices_notice_readers', args=[notice.pk])}?only=outstanding", what)


def _page(notice: Notice) -> str:
    return reverse("admin:notices_notice_change", args=[notice.pk])
