"""The two charts of *Today*: reads over time, and the unread of each department."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from backoffice import clock
from backoffice.permissions import may_everywhere
from notices.dashboard.sight import Sight
from notices.models import ReadAcknowledgment
from recipients.audience import CURRENT_ASSIGNMENTS, raw_ids
from recipients.models import Recipient

DAYS = 30
KEPT_LONG = 300  # seconds; at 200,000 people a chart may take one of them
LONGEST_LABEL = 20  # characters beside a bar; the table has the whole name
NEWEST = 10  # notices that the departments are compared by
Rows = tuple[tuple[str, int], ...]

# What follows “WITH shown AS …,”, the notices to compare by.
# A difference of two sets costs a third of asking for each delivery whether it was read.
UNREAD_BY_DEPARTMENT = f"""
    unread AS (
        SELECT d.person_id, d.notice_id
        FROM shown JOIN notices_delivery d ON d.notice_id = shown.id AND d.revision = shown.revision AND d.kind = 'publication'
        WHERE d.closed_at IS NULL
        EXCEPT
        SELECT r.user_id, r.notice_id
        FROM shown JOIN notices_readacknowledgment r ON r.notice_id = shown.id AND r.revision = shown.revision
    ),
    person AS (SELECT person_id, count(*) AS unread FROM unread GROUP BY person_id),
    member AS (SELECT DISTINCT user_id, recipient_id FROM ({CURRENT_ASSIGNMENTS} AND r.kind = 'department') a)
    SELECT department.name, sum(person.unread)
    FROM person
    JOIN recipients_user u ON u.id = person.person_id AND u.is_active
    JOIN member ON member.user_id = person.person_id
    JOIN recipients_recipient department ON department.id = member.recipient_id
    GROUP BY department.id ORDER BY 2 DESC, 1 LIMIT 10
"""


@dataclass(frozen=True, slots=True)
class Chart:
    slug: str
    title: str
    heads: tuple[str, str]
    rows: Rows
    summary: str
    kind: str
    data: str
    options: str


def charts(sight: Sight) -> list[Chart]:
    return [chart for chart in (_reads(sight), _unread(sight)) if chart]


def _reads(sight: Sight) -> Chart | None:
    zone = timezone.get_default_timezone()
    first = clock.today() - timedelta(days=DAYS - 1)
    counted = sight.kept(f"reads:{first}", lambda: _reads_per_day(sight, first, zone), KEPT_LONG)
    days = [first + timedelta(days=number) for number in range(DAYS)]
    rows = tuple((date_format(day, "j M"), counted.get(day, 0)) for day in days)
    total = sum(number for _day, number in rows)
    if not total:
        return None
    summary = _("%(total)s notices were opened in %(days)d days.") % {"total": f"{total:,}", "days": DAYS}
    heads = (_("Day"), _("Reads"))
    title = _("Reads over the last %(days)d days") % {"days": DAYS}
    return Chart("reads", title, heads, rows, summary, **_drawn(heads[1], rows, kind="line"))


def _reads_per_day(sight: Sight, first: Any, zone: Any) -> dict[Any, int]:
    start = timezone.make_aware(datetime.combine(first, datetime.min.time()), zone)
    reads = ReadAcknowledgment.objects.filter(read_at__gte=start)
    if not sight.everywhere:
        reads = reads.filter(notice__in=sight.notices().order_by().values("pk"))
    return dict(reads.annotate(day=TruncDate("read_at", tzinfo=zone)).values_list("day").annotate(n=Count("pk")).order_by())


def _unread(sight: Sight) -> Chart | None:
    if not may_everywhere(sight.user, "view", Recipient):
        return None
    rows = sight.kept("unread", lambda: _unread_by_department(sight), KEPT_LONG)
    if not rows:
        return None
    summary = _("Of the %(count)d newest notices on show. Most unread: %(name)s.") % {"count": NEWEST, "name": rows[0][0]}
    heads = (_("Department"), _("Unread"))
    return Chart("unread", _("Unread by department"), heads, rows, summary, **_drawn(heads[1], rows, kind="bar"))


def _unread_by_department(sight: Sight) -> Rows:
    shown, newest = sight.notices().published().values_list("id", "revision")[:NEWEST].query.sql_with_params()
    counted = raw_ids(UNREAD_BY_DEPARTMENT, {"day": clock.today()})
    with connection.cursor() as cursor:
        cursor.execute(f"WITH shown AS MATERIALIZED ({shown}), {counted.sql}", [*newest, *counted.params])
        return tuple((name, int(number)) for name, number in cursor.fetchall())


def _drawn(name: str, rows: Rows, *, kind: str) -> dict[str, str]:
    """The numbers and the look of a chart, as unfold's script wants them."""
    colour = "var(--color-primary-500)"
    dataset: dict[str, Any] = {"label": name, "data": [number for _name, number in rows], "borderColor": colour, "backgroundColor": colour}
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
    data = {"labels": [Truncator(label).chars(LONGEST_LABEL) for label, _number in rows], "datasets": [dataset]}
    return {"kind": kind, "data": json.dumps(data), "options": json.dumps(options)}
