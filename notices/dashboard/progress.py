"""How notices on show are getting on: what does not go on by itself, mails that are stuck, acknowledgements that are late, and the charts.

It looks at the deliveries and readings of many people, so the page asks for it once it is shown.
"""

from datetime import date, timedelta
from typing import Any, NamedTuple, cast

from django.db import connection
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice import clock
from notices.dashboard.halted import halted
from notices.dashboard.lists import SHOWN, Row, Section
from notices.dashboard.sight import Sight
from notices.models import Delivery, Notice, ReadAcknowledgment
from notices.presentation import address_of_mails

LONG_AGO = timedelta(days=90)  # nobody acts on what has been overdue for longer
TOO_LONG = timedelta(minutes=10)  # a mail that is due this long is taken up by nobody

# Notices with mails in trouble, newest first; what is paused waits on purpose. Parameters: how long a due mail may be left, and the day.
TROUBLE = """
    WITH trouble AS (
        SELECT notice_id, revision, occasion, state, reason FROM notices_delivery
        WHERE state IN ('failed', 'unknown')
        UNION ALL
        SELECT notice_id, revision, occasion, 'waiting', reason FROM notices_delivery d
        WHERE state IN ('waiting', 'retry') AND
              (reason <> '' OR next_attempt_at < statement_timestamp() - %(stuck)s) AND
              NOT EXISTS (SELECT FROM notices_sendingpause p WHERE p.notice_id = d.notice_id)
    )
    SELECT t.notice_id, t.occasion, t.state, count(*), max(t.reason)
    FROM trouble t
    JOIN notices n ON n.id = t.notice_id AND n.revision = t.revision AND n.status = 'published' AND NOT n.is_deleted
         AND (n.end_date IS NULL OR n.end_date >= %(today)s)
    GROUP BY t.notice_id, t.occasion, t.state ORDER BY t.notice_id DESC, t.occasion, t.state LIMIT 300
"""
OUTSTANDING = """
    SELECT d.notice_id, count(*),
           count(*) FILTER (WHERE r.acknowledged_at IS NULL AND d.closed_at IS NULL AND coalesce(d.due_on, n.due_date) < %(today)s)
    FROM notices n
    JOIN notices_delivery d ON d.notice_id = n.id AND d.revision = n.revision AND d.kind = 'publication'
    LEFT JOIN notices_readacknowledgment r ON r.notice_id = n.id AND r.user_id = d.person_id AND r.revision = n.revision
    WHERE n.id = ANY(%(ids)s) GROUP BY d.notice_id
"""


class Trouble(NamedTuple):
    """Mails of one notice in one state: about the notice itself, or about the `change` with this number."""

    notice_id: int
    change: int
    state: str
    number: int
    reason: str


def sections(sight: Sight) -> list[Section]:
    found = halted(sight)
    return [*([found] if found.rows else []), _stuck(sight), _late(sight)]


def _stuck(sight: Sight) -> Section:
    trouble = sight.kept("trouble", _trouble)
    titles = dict(sight.notices().filter(pk__in={mails.notice_id for mails in trouble}).values_list("pk", "title")) if trouble else {}
    rows = [_trouble_row(titles[mails.notice_id], mails) for mails in trouble if mails.notice_id in titles]
    more = _("And %(count)d more.") % {"count": len(rows) - SHOWN} if len(rows) > SHOWN else ""
    return Section("stuck", _("Stuck"), tuple(rows[:SHOWN]), _("Every mail left, or is about to."), more=more)


def _trouble() -> list[Trouble]:
    with connection.cursor() as cursor:
        parameters: dict[str, Any] = {"stuck": TOO_LONG, "today": clock.today()}
        cursor.execute(TROUBLE, parameters)
        return [Trouble(*row) for row in cursor.fetchall()]


def _trouble_row(title: str, mails: Trouble) -> Row:
    pk, change, state, count, reason = mails
    what = {
        Delivery.State.FAILED: ngettext("%(count)s mail failed.", "%(count)s mails failed.", count),
        Delivery.State.UNKNOWN: ngettext(
            "%(count)s mail may or may not have arrived.", "%(count)s mails may or may not have arrived.", count
        ),
        Delivery.State.WAITING: ngettext("%(count)s mail is still waiting.", "%(count)s mails are still waiting.", count),
    }[Delivery.State(state)] % {"count": f"{count:,}"}
    if state == Delivery.State.WAITING and not reason:
        reason = _("Nobody has taken it up: perhaps the worker is not running.")
    if change:
        what = _("Told of change %(number)d: %(what)s") % {"number": change, "what": what}
    return Row(title, address_of_mails(pk, state, change), f"{what} {reason.rstrip('.')}." if reason else what)


def _late(sight: Sight) -> Section:
    rows = sight.kept("late", lambda: _late_rows(sight))
    more = _("And more, overdue for longer.") if len(rows) > SHOWN else ""
    return Section("late", _("Late"), tuple(rows[:SHOWN]), _("No acknowledgement is overdue from the last three months."), more=more)


def _late_rows(sight: Sight) -> list[Row]:
    confirmed = ReadAcknowledgment.objects.acknowledged().filter(
        user=OuterRef("person_id"), notice=OuterRef("notice_id"), revision=OuterRef("revision")
    )
    owing = Delivery.objects.open().filter(
        ~Exists(confirmed),
        Q(due_on=None) | Q(due_on__lt=clock.today()),
        notice=OuterRef("pk"),
        revision=OuterRef("revision"),
        kind=Delivery.Kind.PUBLICATION,
    )
    overdue = (
        sight.notices()
        .published()
        .filter(Exists(owing), requires_acknowledgement=True, due_date__lt=clock.today(), due_date__gte=clock.today() - LONG_AGO)
    )
    notices = list(overdue.order_by("-due_date", "-pk").only("title", "due_date")[: SHOWN + 1])
    with connection.cursor() as cursor:
        cursor.execute(OUTSTANDING, {"ids": [notice.pk for notice in notices], "today": clock.today()})
        numbers = {pk: (told, missing) for pk, told, missing in cursor.fetchall()}
    return [_late_row(notice, *numbers[notice.pk]) for notice in notices if notice.pk in numbers]


def _late_row(notice: Notice, told: int, missing: int) -> Row:
    what = _("%(missing)s of %(told)s have not acknowledged it; it was due on %(day)s.") % {
        "missing": f"{missing:,}",
        "told": f"{told:,}",
        "day": date_format(cast("date", notice.due_date)),
    }
    return Row(notice.title, f"{reverse('admin:notices_notice_readers', args=[notice.pk])}?only=outstanding", what)
