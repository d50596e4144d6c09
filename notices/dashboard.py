"""What the *Today* page shows: what needs me, what is stuck, what is late, and two charts.

Only what the person may see is shown or counted. What is dear to count is kept for a minute, and
only where it holds for everyone who sees everything.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.core.cache import cache
from django.db import connection
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.db.models.functions import TruncDate
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice.permissions import may_everywhere, may_somewhere, visible
from notices.models import Delivery, Notice, ReadAcknowledgment
from notices.models.notice import today as current_day
from recipients.audience import CURRENT_ASSIGNMENTS
from recipients.models import Recipient

SHOWN = 5  # rows of each list
KEPT = 60  # seconds
DAYS = 30
NEWEST = 20  # notices that the departments are compared by
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
    GROUP BY t.notice_id, t.state ORDER BY t.notice_id DESC, t.state LIMIT 300
"""
OUTSTANDING = """
    SELECT d.notice_id, count(*), count(*) FILTER (WHERE r.acknowledged_at IS NULL)
    FROM notices n
    JOIN notices_delivery d ON d.notice_id = n.id AND d.revision = n.revision AND d.kind = 'publication'
    LEFT JOIN notices_readacknowledgment r ON r.notice_id = n.id AND r.user_id = d.person_id AND r.revision = n.revision
    WHERE n.id = ANY(%(ids)s) GROUP BY d.notice_id
"""
UNREAD_BY_DEPARTMENT = f"""
    WITH person AS (
        SELECT d.person_id, count(*) FILTER (WHERE r.id IS NULL) AS unread
        FROM notices n
        JOIN notices_delivery d ON d.notice_id = n.id AND d.revision = n.revision AND d.kind = 'publication'
        JOIN recipients_user u ON u.id = d.person_id AND u.is_active
        LEFT JOIN notices_readacknowledgment r ON r.notice_id = n.id AND r.user_id = d.person_id AND r.revision = n.revision
        WHERE n.id = ANY(%(ids)s) GROUP BY d.person_id
    ), member AS (SELECT DISTINCT user_id, recipient_id FROM ({CURRENT_ASSIGNMENTS}) a)
    SELECT department.name, sum(person.unread)
    FROM person
    JOIN member ON member.user_id = person.person_id
    JOIN recipients_recipient department ON department.id = member.recipient_id AND department.kind = 'department'
    WHERE person.unread > 0 GROUP BY department.id ORDER BY 2 DESC, 1 LIMIT 10
"""  # noqa: S608 - constants only


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
    more_url: str = ""
    more: int = 0


@dataclass(frozen=True, slots=True)
class Chart:
    slug: str
    title: str
    kind: str
    heads: tuple[str, str]
    rows: tuple[tuple[str, int], ...]
    summary: str
    data: str
    options: str


def today(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """unfold's dashboard callback."""
    user = request.user
    if not may_somewhere(user, "view", Notice):
        return context | {"sees_notices": False}
    sight = Sight(user)
    return context | {
        "sees_notices": True,
        "may_write": may_everywhere(user, "add", Notice),
        "has_notices": sight.notices().exists(),
        "figures": _figures(sight),
        "sections": [section for section in _sections(sight) if section.rows or section.nothing],
        "charts": [chart for chart in (_reads(sight), _unread(sight)) if chart],
    }


class Sight:
    """What one person may see of the notices."""

    def __init__(self, user: Any) -> None:
        self.user = user
        self.everywhere = may_everywhere(user, "view", Notice)

    def notices(self, verb: str = "view") -> QuerySet[Notice]:
        return visible(self.user, verb, Notice.objects.order_by("-pk"))

    def kept(self, name: str, answer: Callable[[], Any]) -> Any:
        """The answer of the last minute, if this person sees everything; else a fresh one of their own."""
        return cache.get_or_set(f"today:{name}", answer, KEPT) if self.everywhere else answer()


def notice_list(**filters: Any) -> str:
    return f"{reverse('admin:notices_notice_changelist')}?{urlencode(filters)}"


# -- the numbers at the top -----------------------------------------------------------------------
def _figures(sight: Sight) -> list[Figure]:
    monday = _start_of_week()
    week = sight.notices().filter(status=Status.PUBLISHED, published_at__gte=monday)
    figures = [
        Figure(_("My drafts"), _drafts(sight).count(), _drafts_url(sight)),
        Figure(_("In review"), sight.notices().filter(status=Status.IN_REVIEW).count(), notice_list(status__exact=Status.IN_REVIEW.value)),
        Figure(_("Scheduled"), sight.notices().filter(status=Status.SCHEDULED).count(), notice_list(status__exact=Status.SCHEDULED.value)),
        Figure(
            _("Published this week"),
            sight.kept(f"week:{monday:%Y%m%d}", week.count),
            notice_list(status__exact=Status.PUBLISHED.value, published_at__gte=monday.isoformat()),
        ),
    ]
    return figures if may_everywhere(sight.user, "add", Notice) or figures[0].number else figures[1:]


def _start_of_week() -> datetime:
    """Monday, midnight, where the organisation is."""
    day = current_day()
    return timezone.make_aware(datetime.combine(day - timedelta(days=day.weekday()), datetime.min.time()), timezone.get_default_timezone())


def _drafts(sight: Sight) -> QuerySet[Notice]:
    return sight.notices().draft().filter(created_by=sight.user)


def _drafts_url(sight: Sight) -> str:
    return notice_list(status__exact=Status.DRAFT.value, created_by__id__exact=sight.user.pk)


# -- what needs me, what comes, what is stuck, what is late ---------------------------------------
def _sections(sight: Sight) -> list[Section]:
    return [_needs_me(sight), _scheduled(sight), _stuck(sight), _late(sight)]


def _needs_me(sight: Sight) -> Section:
    returned = _drafts(sight).exclude(status_reason="")[: SHOWN + 1]
    rows = [Row(n.title, _page(n), _("Returned to you: %(reason)s") % {"reason": n.status_reason}, n.modified_at) for n in returned]
    if may_somewhere(sight.user, "publish", Notice):
        # Whoever wrote it is not the one to approve it.
        waiting = sight.notices("publish").filter(status=Status.IN_REVIEW).exclude(created_by=sight.user).select_related("created_by")
        rows += [
            Row(n.title, _page(n), _("Waits for you to publish or return it. By %(author)s.") % {"author": n.created_by or "—"}, n.modified_at)
            for n in waiting[: SHOWN + 1]
        ]
    drafts = _drafts(sight).filter(status_reason="")[:SHOWN]
    rows += [Row(n.title, _page(n), _("Your draft: nobody sees it yet."), n.modified_at) for n in drafts]
    return Section("needs-me", _("Needs you"), tuple(rows), _("Nothing waits for you."))


def _scheduled(sight: Sight) -> Section:
    coming = sight.notices().filter(status=Status.SCHEDULED).order_by("publish_at", "pk")[:SHOWN]
    rows = tuple(Row(n.title, _page(n), _("Is published by itself."), n.publish_at) for n in coming)
    return Section("scheduled", _("Comes next"), rows, "")


def _stuck(sight: Sight) -> Section:
    found = sight.kept("trouble", _trouble)
    titles = dict(sight.notices().filter(pk__in={notice_id for notice_id, *_rest in found}).values_list("pk", "title"))
    rows = [_trouble_row(titles[pk], pk, state, count, reason) for pk, state, count, reason in found if pk in titles]
    return Section("stuck", _("Stuck"), tuple(rows[: 2 * SHOWN]), _("Every mail left, or is about to."), more=max(0, len(rows) - 2 * SHOWN))


def _trouble() -> list[tuple[int, str, int, str]]:
    with connection.cursor() as cursor:
        cursor.execute(TROUBLE, {"stuck": timezone.now() - TOO_LONG})
        return cursor.fetchall()


def _trouble_row(title: str, pk: int, state: str, count: int, reason: str) -> Row:
    what = {
        Delivery.State.FAILED: ngettext("%(count)s mail failed.", "%(count)s mails failed.", count),
        Delivery.State.UNKNOWN: ngettext("%(count)s mail may or may not have arrived.", "%(count)s mails may or may not have arrived.", count),
        Delivery.State.WAITING: ngettext("%(count)s mail is still waiting.", "%(count)s mails are still waiting.", count),
    }[Delivery.State(state)] % {"count": f"{count:,}"}
    reason = reason or _("Nobody has taken it up: perhaps the worker is not running.")
    return Row(title, f"{reverse('admin:notices_notice_delivery', args=[pk])}?state={state}", f"{what} {reason}")


def _late(sight: Sight) -> Section:
    rows = sight.kept("late", lambda: _late_rows(sight))
    return Section("late", _("Late"), tuple(rows[:SHOWN]), _("No acknowledgement is overdue."), more=len(rows[SHOWN:]))


def _late_rows(sight: Sight) -> list[Row]:
    confirmed = ReadAcknowledgment.objects.acknowledged().filter(
        user=OuterRef("person_id"), notice=OuterRef("notice_id"), revision=OuterRef("revision")
    )
    owing = Delivery.objects.filter(~Exists(confirmed), notice=OuterRef("pk"), revision=OuterRef("revision"), kind=Delivery.Kind.PUBLICATION)
    overdue = sight.notices().published().filter(Exists(owing), requires_acknowledgement=True, due_date__lt=current_day())
    notices = list(overdue.order_by("-due_date", "-pk").only("title", "due_date")[: 2 * SHOWN])
    with connection.cursor() as cursor:
        cursor.execute(OUTSTANDING, {"ids": [notice.pk for notice in notices]})
        numbers = {pk: (told, missing) for pk, told, missing in cursor.fetchall()}
    return [_late_row(notice, *numbers[notice.pk]) for notice in notices if notice.pk in numbers]


def _late_row(notice: Notice, told: int, missing: int) -> Row:
    what = _("%(missing)s of %(told)s have not acknowledged it; it was due on %(day)s.") % {
        "missing": f"{missing:,}",
        "told": f"{told:,}",
        "day": date_format(notice.due_date),
    }
    return Row(notice.title, f"{reverse('admin:notices_notice_readers', args=[notice.pk])}?only=outstanding", what)


def _page(notice: Notice) -> str:
    return reverse("admin:notices_notice_change", args=[notice.pk])


# -- charts ---------------------------------------------------------------------------------------
def _reads(sight: Sight) -> Chart | None:
    zone = timezone.get_default_timezone()
    first = current_day() - timedelta(days=DAYS - 1)
    counted = sight.kept(f"reads:{first}", lambda: _reads_per_day(sight, first, zone))
    days = [first + timedelta(days=number) for number in range(DAYS)]
    rows = tuple((date_format(day, "j M"), counted.get(day, 0)) for day in days)
    total = sum(number for _day, number in rows)
    if not total:
        return None
    return _chart(
        "reads", _("Reads over the last %(days)d days") % {"days": DAYS}, "line", (_("Day"), _("Reads")), rows,
        _("%(total)s notices were opened in %(days)d days.") % {"total": f"{total:,}", "days": DAYS},
    )  # fmt: skip


def _reads_per_day(sight: Sight, first: Any, zone: Any) -> dict[Any, int]:
    start = timezone.make_aware(datetime.combine(first, datetime.min.time()), zone)
    reads = ReadAcknowledgment.objects.filter(read_at__gte=start)
    if not sight.everywhere:
        reads = reads.filter(notice__in=sight.notices().order_by().values("pk"))
    return dict(reads.annotate(day=TruncDate("read_at", tzinfo=zone)).values_list("day").annotate(n=Count("pk")).order_by())


def _unread(sight: Sight) -> Chart | None:
    if not may_everywhere(sight.user, "view", Recipient):
        return None
    rows = sight.kept("unread", lambda: _unread_by_department(sight))
    if not rows:
        return None
    summary = _("Of the %(count)d newest notices on show. Most unread: %(name)s.") % {"count": NEWEST, "name": rows[0][0]}
    return _chart("unread", _("Unread by department"), "bar", (_("Department"), _("Unread")), tuple(rows), summary)


def _unread_by_department(sight: Sight) -> list[tuple[str, int]]:
    ids = list(sight.notices().published().values_list("pk", flat=True)[:NEWEST])
    with connection.cursor() as cursor:
        cursor.execute(UNREAD_BY_DEPARTMENT, {"ids": ids, "day": current_day()})
        return [(name, int(number)) for name, number in cursor.fetchall()]


def _chart(slug: str, title: str, kind: str, heads: tuple[str, str], rows: tuple[tuple[str, int], ...], summary: str) -> Chart:
    colour = "var(--color-primary-500)"
    dataset = {"label": heads[1], "data": [number for _name, number in rows], "borderColor": colour, "backgroundColor": colour}
    dataset |= {"borderWidth": 2, "pointRadius": 0, "pointHitRadius": 12} if kind == "line" else {"maxBarThickness": 22, "borderRadius": 4}
    numbers, names = ("y", "x") if kind == "line" else ("x", "y")
    ticks = {"color": "#858d9a"}
    options = {
        "animation": False,
        "responsive": True,
        "maintainAspectRatio": False,
        "indexAxis": names,
        "plugins": {"legend": {"display": False}},
        "scales": {
            numbers: {"beginAtZero": True, "ticks": ticks | {"precision": 0, "maxTicksLimit": 6}, "grid": {}},
            names: {"ticks": ticks | {"maxRotation": 0, "autoSkip": kind == "line", "maxTicksLimit": 10}, "grid": {"display": False}},
        },
    }
    data = {"labels": [name for name, _number in rows], "datasets": [dataset]}
    return Chart(slug, title, kind, heads, rows, summary, json.dumps(data), json.dumps(options))
