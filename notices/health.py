"""Is what was published on its way? All that health asks of deliveries stands here, so that it changes in one place with them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.db import connection
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice import clock
from backoffice.health import Finding, Group, Level, check
from backoffice.health.figures import Figure, figures
from backoffice.health.findings import since
from notices.models import ApprovalMail, Delivery, Notice, OutgoingMail, ReminderMail
from notices.repositories import AudienceKeyRepository, NoticeRepository
from recipients.repositories import AudienceRepository

LOOKED_AT = 20  # publications without deliveries: an audience may be empty, so each is looked at
# A mail that is due and a moment that has passed are somebody's within a minute; a lease that ended is seen by the next sweep.
STUCK, LATE, LEFT = timedelta(minutes=10), timedelta(minutes=2), timedelta(minutes=2)
OFTEN = 3  # attempts: a server that asks to come back later is nothing to tell
# One statement, so that asking often is cheap: the first part has an index of what is not finished, the second one of what
# went wrong. Nobody acts on what went wrong more than a month ago, or with a notice that is off show.
STATE = """
    WITH waiting AS (
        SELECT count(*) FILTER (WHERE state = 'waiting') AS fresh,
               count(*) FILTER (WHERE state = 'retry') AS retried,
               (SELECT coalesce(sum(cardinality(mails)), 0) FROM notices_claim) AS claimed,
               (SELECT coalesce(sum(cardinality(mails)), 0) FROM notices_claim WHERE lease_until < clock_timestamp()) AS left_behind,
               (SELECT min(lease_until) FROM notices_claim) AS lease,
               count(*) FILTER (WHERE next_attempt_at < clock_timestamp() - %(stuck)s) AS stuck,
               min(next_attempt_at) FILTER (WHERE next_attempt_at < clock_timestamp()) AS due,
               count(*) FILTER (WHERE attempts >= %(often)s) AS hard,
               min(changed_at) FILTER (WHERE attempts >= %(often)s) AS hard_since,
               coalesce(mode() WITHIN GROUP (ORDER BY nullif(reason, '')) FILTER (WHERE reason <> ''), '') AS reason
        FROM notices_delivery d WHERE state IN ('waiting', 'retry')
        AND NOT EXISTS (SELECT FROM notices_sendingpause p WHERE p.notice_id = d.notice_id)
    ), trouble AS (
        SELECT count(*) FILTER (WHERE d.state = 'failed' AND d.changed_at > clock_timestamp() - interval '1 day') AS failed_today,
               count(*) FILTER (WHERE d.state = 'failed' AND n.id IS NOT NULL) AS failed,
               min(d.changed_at) FILTER (WHERE d.state = 'failed' AND n.id IS NOT NULL) AS failed_since,
               count(*) FILTER (WHERE d.state = 'unknown' AND n.id IS NOT NULL) AS unknown,
               min(d.changed_at) FILTER (WHERE d.state = 'unknown' AND n.id IS NOT NULL) AS unknown_since
        FROM notices_delivery d
        LEFT JOIN notices n ON n.id = d.notice_id AND n.revision = d.revision AND n.status = 'published' AND NOT n.is_deleted
             AND (n.end_date IS NULL OR n.end_date >= %(today)s)
        WHERE d.state IN ('failed', 'unknown') AND d.changed_at > clock_timestamp() - interval '30 days'
    ), late AS (
        SELECT count(*) AS late, min(publish_at) AS late_since
        FROM notices WHERE status = 'scheduled' AND NOT is_deleted AND publish_at < clock_timestamp() - %(late)s
    )
    SELECT waiting.*, trouble.*, late.*, clock_timestamp() AS now FROM waiting, trouble, late
"""
DUE = """
    SELECT count(*), min(next_attempt_at), clock_timestamp() FROM {table}
    WHERE state IN ('waiting', 'retry') AND next_attempt_at < clock_timestamp() - interval '10 minutes'
"""


@dataclass(frozen=True, slots=True)
class Deliveries:
    """How all of them stand."""

    fresh: int  # wait for their first attempt
    retried: int  # wait for another, for `reason`
    claimed: int  # in the hands of a worker
    left_behind: int  # of those: the worker has not reported in time
    lease: datetime | None  # when the first claim ends, or ended
    stuck: int  # were due long ago
    due: datetime | None  # since when the oldest mail is due
    hard: int  # were tried several times in vain
    hard_since: datetime | None
    reason: str  # the most frequent
    failed_today: int
    failed: int  # of notices on show, as are the following
    failed_since: datetime | None
    unknown: int
    unknown_since: datetime | None
    late: int  # scheduled notices whose moment has passed
    late_since: datetime | None
    now: datetime

    @classmethod
    def now_(cls) -> Self:
        with connection.cursor() as cursor:
            limits: dict[str, Any] = {"stuck": STUCK, "often": OFTEN, "late": LATE, "today": clock.today()}
            cursor.execute(STATE, limits)
            return cls(*cursor.fetchone())


@check("mails", Group.MAIL, on_card=True)
def mails() -> Iterator[Finding]:
    found = Deliveries.now_()
    if found.stuck and found.due:
        text = ngettext(
            "%(count)s mail is due, one %(since)s, and nobody takes it up.",
            "%(count)s mails are due, one %(since)s, and nobody takes them up.",
            found.stuck,
        )
        yield Finding(
            _told(text, found.stuck, found.due, found.now),
            _("See to workers and clock: then they leave by themselves. %(page)s names the notices.") % _page(),
        )
    if found.lease and found.lease < found.now - LEFT:
        text = ngettext(
            "%(count)s mail is in the hands of a worker that should have reported %(since)s.",
            "%(count)s mails are in the hands of workers that should have reported, one %(since)s.",
            found.left_behind,
        )
        yield Finding(
            _told(text, found.left_behind, found.lease, found.now),
            _("The sweep gives them up within a minute while clock and a worker run: see to those."),
        )
    if found.hard and found.hard_since:
        text = ngettext(
            "%(count)s mail was tried several times in vain, last %(since)s: %(reason)s",
            "%(count)s mails were tried several times in vain, one last %(since)s: %(reason)s",
            found.hard,
        )
        remedy = _("They leave by themselves once the reason is gone; after two days each is given up.")
        yield Finding(_told(text, found.hard, found.hard_since, found.now, reason=found.reason), remedy, Level.NOTE)
    yield from _decisions(found)


def _decisions(found: Deliveries) -> Iterator[Finding]:
    """What a person must decide. The machine did what it could."""
    if found.unknown and found.unknown_since:
        text = ngettext(
            "%(count)s mail may or may not have arrived, %(since)s.",
            "%(count)s mails may or may not have arrived, one %(since)s.",
            found.unknown,
        )
        remedy = _(
            "On the Delivery tab of the notice, “Send again …” may mail some people twice; the notice is in their inbox in any case. "
            "%(page)s names the notices."
        )
        yield Finding(_told(text, found.unknown, found.unknown_since, found.now), remedy % _page(), Level.NOTE)
    if found.failed and found.failed_since:
        text = ngettext("%(count)s mail failed for good, %(since)s.", "%(count)s mails failed for good, one %(since)s.", found.failed)
        remedy = _(
            "The Delivery tab of the notice says why each did. Correct the address, then “Retry failed”. %(page)s names the notices."
        )
        yield Finding(_told(text, found.failed, found.failed_since, found.now), remedy % _page(), Level.NOTE)


@check("scheduled notices", Group.NOTICES, on_card=True)
def scheduled() -> Iterator[Finding]:
    found = Deliveries.now_()
    if found.late and found.late_since:
        text = ngettext(
            "%(count)s notice should have been published by itself %(since)s.",
            "%(count)s notices should have been published by themselves, one %(since)s.",
            found.late,
        )
        page = settings.SITE_URL + reverse("admin:notices_notice_changelist") + "?status__exact=scheduled"
        yield Finding(
            _told(text, found.late, found.late_since, found.now),
            _("See to clock and workers. If both run, the page of the notice says what keeps it: %(page)s") % {"page": page},
        )


@check("publications", Group.NOTICES)
def publications() -> Iterator[Finding]:
    """What was published owes mails within a minute, whoever published it and how."""
    owed = Exists(Delivery.objects.filter(notice=OuterRef("pk"), revision=OuterRef("revision")))
    shown = Notice.objects.not_over()
    bare = shown.filter(~owed, published_at__lt=Now() - LEFT).order_by("pk")[:LOOKED_AT]
    named = [notice.pk for notice in bare if AudienceRepository.summary(NoticeRepository.address_of(notice)).total]
    if named:
        pages = ", ".join(settings.SITE_URL + reverse("admin:notices_notice_delivery", args=[pk]) for pk in named[:3])
        text = ngettext(
            "%(count)s notice is published and owes nobody a mail.", "%(count)s notices are published and owe nobody a mail.", len(named)
        )
        yield Finding(
            text % {"count": len(named)},
            _(
                "The sweep mends it within a minute while clock and a worker run. "
                "If it does not, withdraw it and publish it again: %(pages)s"
            )
            % {"pages": pages},
        )


@check("audience keys", Group.NOTICES)
def audience_keys() -> Iterator[Finding]:
    missing, surplus = AudienceKeyRepository.differences()
    if missing or surplus:
        told = {"missing": f"{missing:,}", "surplus": f"{surplus:,}"}
        yield Finding(
            _("Inboxes differ from what is published: %(missing)s audience keys are missing and %(surplus)s should not be there.") % told,
            _("Run “manage.py rebuild_audience_keys”. Readers notice nothing."),
        )


@check("mails about approvals", Group.MAIL)
def approval_mails() -> Iterator[Finding]:
    count, due, now = _due(ApprovalMail)
    if count:
        text = ngettext(
            "%(count)s mail about an approval is due %(since)s.", "%(count)s mails about approvals are due, one %(since)s.", count
        )
        yield Finding(_told(text, count, due, now), _("See to workers and clock: then they leave by themselves."))


@check("reminders", Group.MAIL)
def reminders() -> Iterator[Finding]:
    count, due, now = _due(ReminderMail)
    if count:
        text = ngettext("%(count)s reminder mail is due %(since)s.", "%(count)s reminder mails are due, one %(since)s.", count)
        remedy = _("See to workers and clock. What does not leave within working hours is said with the next day's mail.")
        yield Finding(_told(text, count, due, now), remedy)


def _due(model: type[OutgoingMail]) -> tuple[int, datetime, datetime]:
    """How many mails of a table are due for ten minutes and more, since when the first is, and the time there."""
    with connection.cursor() as cursor:
        cursor.execute(DUE.format(table=model._meta.db_table))
        return cursor.fetchone()


@figures
def of_deliveries() -> Iterator[Figure]:
    found = Deliveries.now_()
    states: dict[tuple[str, ...], float] = {
        ("waiting",): found.fresh,
        ("retry",): found.retried,
        ("claimed",): found.claimed,
        ("unknown",): found.unknown,
    }
    yield Figure("deliveries", "Mails that are not finished, by state; in doubt (unknown) those of notices on show.", states, ("state",))
    yield Figure.of("delivery_oldest_due_seconds", "For how long the oldest mail has been due.", _age(found.due, found.now))
    yield Figure.of("deliveries_claimed_too_long", "Mails in the hands of a worker that did not report in time.", found.left_behind)
    yield Figure.of("deliveries_failed_last_day", "Mails that failed for good within a day.", found.failed_today)
    yield Figure.of("scheduled_notices_late", "Notices that should have been published by themselves.", found.late)
    yield Figure.of("scheduled_notice_latest_seconds", "For how long the first of them is late.", _age(found.late_since, found.now))


def _age(moment: datetime | None, now: datetime) -> float:
    return max(0.0, (now - moment).total_seconds()) if moment else 0.0


def _told(text: str, count: int, moment: datetime, now: datetime, **more: Any) -> str:
    return text % {"count": f"{count:,}", "since": since(moment, now), **more}


def _page() -> dict[str, str]:
    return {"page": settings.SITE_URL + reverse("admin:index")}
