"""Deliveries: owed at publication, claimed in batches, sent, and accounted for.

The database is the truth. Workers claim rows with SKIP LOCKED under a lease; whoever finds a
lease expired says "may have arrived" instead of sending again.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.seals.epochs import why_sending_is_off
from notices.exceptions import NoticeError
from notices.mail import Mailer, Outcome
from notices.models import AudienceKey, Delivery, Notice
from notices.models.notice import today
from notices.repositories import NoticeRepository
from notices.services.access import lock
from notices.services.approval_record import take_back, was_let_past_approval
from notices.services.audience_keys import AudienceKeyService
from recipients.audience import routes_sql
from recipients.repositories import address_parameters

logger = logging.getLogger(__name__)
State = Delivery.State

# A batch is what a killed worker leaves in doubt, so it is small; 25 still claims thousands a second.
BATCH = 25
LEASE = timedelta(minutes=5)
LONGEST_BATCH = 150  # seconds; then the rest is handed back, well before the lease ends
LONGEST_RUN = 480  # seconds; less than a task's soft time limit. The sweep wakes the next worker.
MAX_ATTEMPTS = 50  # with these pauses, about two days of a mail server that is away or busy
FIRST_RETRY = timedelta(seconds=30)
LAST_RETRY = timedelta(hours=1)

# In the order of its index, and without ON CONFLICT: the two make it 2.5 times as fast. `owe` holds the notice instead.
OWE = f"""
    INSERT INTO notices_delivery (notice_id, person_id, revision, kind, state, attempts, next_attempt_at, changed_at, reason)
    SELECT %(notice)s, u.id, %(revision)s, 'publication',
           CASE WHEN u.email = '' THEN 'suppressed' ELSE 'waiting' END, 0, %(due)s, %(now)s,
           CASE WHEN u.email = '' THEN %(no_address)s ELSE '' END
    FROM recipients_user u
    WHERE u.is_active AND u.id IN (SELECT user_id FROM ({routes_sql()}) r)
    AND NOT EXISTS (
        SELECT FROM notices_delivery d
        WHERE d.notice_id = %(notice)s AND d.revision = %(revision)s AND d.kind = 'publication' AND d.person_id = u.id
    )
    ORDER BY u.id
"""

# Materialised: asked a second time by a nested loop, it would skip what it has locked and choose others on top.
CLAIM = """
    WITH chosen AS MATERIALIZED (
        SELECT id FROM notices_delivery
        WHERE state = 'waiting' AND next_attempt_at <= %(now)s AND notice_id = %(notice)s AND revision = %(revision)s
        ORDER BY next_attempt_at, id LIMIT %(batch)s FOR UPDATE SKIP LOCKED
    )
    UPDATE notices_delivery d
    SET state = 'sending', attempts = d.attempts + 1, next_attempt_at = %(now)s + %(lease)s, changed_at = %(now)s
    FROM chosen, recipients_user u
    WHERE d.id = chosen.id AND u.id = d.person_id
    RETURNING d.id, d.person_id, d.attempts, d.next_attempt_at, u.first_name, u.last_name, u.username, u.email, u.is_active
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """One delivery that this worker holds until its lease ends."""

    delivery_id: int
    person_id: int
    attempts: int
    held_until: datetime  # the end of the lease, which no other claim of this delivery shares
    first_name: str
    last_name: str
    username: str
    email: str
    is_active: bool

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.username


class DeliveryService:
    @staticmethod
    @transaction.atomic
    def owe(notice: Notice) -> int:
        """Write one delivery per person of the audience; repeating it adds nobody twice. Returns how many were added."""
        start = timezone.make_aware(datetime.combine(notice.start_date, datetime.min.time()), timezone.get_default_timezone())
        now = timezone.now()
        parameters = address_parameters(NoticeRepository.address_of(notice)) | {
            "notice": notice.pk,
            "revision": notice.revision,
            "now": now,
            "due": max(start, now),
            "no_address": _("No e-mail address. The notice is in the inbox."),
        }
        with connection.cursor() as cursor:
            cursor.execute("SELECT FROM notices WHERE id = %s FOR UPDATE", [notice.pk])
            cursor.execute(OWE, parameters)
            return cursor.rowcount

    @staticmethod
    def deliver(notice_id: int) -> int:
        """Send what is due for one notice until nothing is left, the mail server is away or the time is up.

        Returns how many deliveries were dealt with. Several workers may do this at once.
        """
        # What is published cannot be edited: of this revision, the text read here is the text.
        notice = Notice.objects.select_related("category").filter(pk=notice_id, status=Notice.Status.PUBLISHED).first()
        if notice is None or DeliveryService._waits_for_an_epoch(notice_id):
            return 0
        stop_at, done = monotonic() + LONGEST_RUN, 0
        with Mailer(notice) as mailer:
            mailer.compose()  # before anything is claimed: a text that cannot be rendered leaves nothing in doubt
            while not mailer.is_away and monotonic() < stop_at:
                claims = DeliveryService.claim(notice_id, revision=notice.revision)
                if not claims:
                    break
                DeliveryService._send(mailer, claims, until=min(stop_at, monotonic() + LONGEST_BATCH))
                done += len(claims)
        return done

    @staticmethod
    def _waits_for_an_epoch(notice_id: int) -> bool:
        """After an older copy of the database was restored, what it owes may have left already: it waits, and says why."""
        why = why_sending_is_off()
        if why:
            reason = _("Waits until an administrator starts a new epoch. %(why)s") % {"why": why}
            waiting = Delivery.objects.filter(notice_id=notice_id, state=State.WAITING).exclude(reason=reason)
            waiting.update(reason=reason, changed_at=timezone.now())
        return bool(why)

    @staticmethod
    @transaction.atomic
    def claim(notice_id: int, *, revision: int | None = None, batch: int = BATCH) -> list[Claim]:
        """Take up to `batch` due deliveries of a notice that is still on show, for the length of a lease.

        `revision` is the one whose text the caller has; deliveries of a newer one are left to others.
        """
        with connection.cursor() as cursor:
            # Withdrawing locks this row, so no batch is claimed after a withdrawal was committed.
            cursor.execute("SELECT revision FROM notices WHERE id = %s AND status = 'published' AND NOT is_deleted FOR SHARE", [notice_id])
            row = cursor.fetchone()
            if row is None or revision not in {None, row[0]}:
                return []
            # One clock throughout, the application's: the database's may be another machine's.
            now = timezone.now()
            claim: dict[str, Any] = {"notice": notice_id, "revision": row[0], "batch": batch, "now": now, "lease": LEASE}
            cursor.execute(CLAIM, claim)
            return [Claim(*row) for row in cursor.fetchall()]

    @staticmethod
    def _send(mailer: Mailer, claims: list[Claim], *, until: float) -> None:
        """Send a batch and report it. Whatever interrupts this leaves one mail in doubt at most; the rest is handed back."""
        outcomes = dict.fromkeys(claims, Outcome(State.WAITING))
        try:
            for claim in claims:
                if not claim.is_active:
                    outcomes[claim] = Outcome(State.SUPPRESSED, _("No longer active."))
                elif mailer.is_away:
                    outcomes[claim] = Outcome(State.WAITING, mailer.problem)
                elif monotonic() < until:
                    outcomes[claim] = Outcome(State.UNKNOWN, _("The worker was stopped while sending. The mail may have arrived."))
                    outcomes[claim] = mailer.send(claim.delivery_id, claim.name, claim.email)
        finally:
            DeliveryService.report(outcomes)

    @staticmethod
    def report(outcomes: dict[Claim, Outcome]) -> None:
        """Write down what became of claimed deliveries, each only while its lease is still ours."""
        now = timezone.now()
        rows = [_row(claim, outcome, now) for claim, outcome in outcomes.items()]
        with connection.cursor() as cursor:
            cursor.execute(
                """
                UPDATE notices_delivery d
                SET state = r.state, reason = r.reason, next_attempt_at = r.next_attempt_at, changed_at = %s
                FROM unnest(%s::bigint[], %s::timestamptz[], %s::text[], %s::text[], %s::timestamptz[])
                     AS r(id, held_until, state, reason, next_attempt_at)
                WHERE d.id = r.id AND d.state = 'sending' AND d.next_attempt_at = r.held_until
                """,
                [now, *(list(column) for column in zip(*rows, strict=True))],
            )

    @staticmethod
    def suppress_waiting(notice: Notice, *, reason: str) -> int:
        """Nobody who still waits for a mail of this notice will get one."""
        return Delivery.objects.filter(notice=notice, state=State.WAITING).update(
            state=State.SUPPRESSED, reason=reason, changed_at=timezone.now()
        )

    @staticmethod
    @transaction.atomic
    def send_again(notice_id: int, *, actor: Any, states: Iterable[str] = (State.FAILED,)) -> int:
        """Put deliveries that failed (or may have arrived) back into the queue. Returns how many."""
        notice = lock(notice_id, verb="publish", actor=actor)
        if notice.status != Notice.Status.PUBLISHED:
            raise NoticeError(_("“%(title)s” is not published, so nothing is sent. Publish it first.") % {"title": notice})
        return (
            Delivery.objects.of_revision(notice)
            .filter(state__in=list(states))
            .update(state=State.WAITING, attempts=0, reason="", next_attempt_at=timezone.now(), changed_at=timezone.now())
        )

    @staticmethod
    @transaction.atomic
    def mend() -> list[int]:
        """Repair what was lost. Returns the ids of the notices that have mails to send now."""
        DeliveryService._give_up_expired_leases()
        DeliveryService._suppress_what_is_off_show()
        DeliveryService._drop_keys_of_what_is_off_show()
        DeliveryService._owe_for_publications_without_deliveries()
        due = Delivery.objects.filter(state=State.WAITING, next_attempt_at__lte=timezone.now())
        return list(due.order_by("notice_id").values_list("notice_id", flat=True).distinct())

    @staticmethod
    def _give_up_expired_leases() -> None:
        expired = Delivery.objects.lease_expired().update(
            state=State.UNKNOWN,
            reason=_("The worker stopped while sending. The mail may have arrived; send it again if in doubt."),
            changed_at=timezone.now(),
        )
        if expired:
            logger.warning("%s deliveries were in the hands of a worker that stopped", expired)

    @staticmethod
    def _suppress_what_is_off_show() -> None:
        """A mail that was put back into the queue after its notice was withdrawn, or published anew, is sent no more."""
        on_show = Notice.objects.filter(pk=OuterRef("notice_id"), revision=OuterRef("revision"), status=Notice.Status.PUBLISHED)
        Delivery.objects.filter(~Exists(on_show), state=State.WAITING).update(
            state=State.SUPPRESSED, reason=_("The notice was withdrawn before the mail left."), changed_at=timezone.now()
        )

    @staticmethod
    def _drop_keys_of_what_is_off_show() -> None:
        """`Notice.unpublish()` called on its own changes the state alone, and so leaves its keys behind."""
        published = Notice.objects.filter(pk=OuterRef("notice_id"), status=Notice.Status.PUBLISHED)
        AudienceKey.objects.filter(~Exists(published)).delete()

    @staticmethod
    def _owe_for_publications_without_deliveries() -> None:
        """`Notice.publish()` called on its own changes the state alone; this gives it the rest."""
        published = Notice.objects.filter(status=Notice.Status.PUBLISHED).active_in_date_range(start_date=today())
        bare = published.filter(~Exists(AudienceKey.objects.filter(notice=OuterRef("pk"))))
        for notice in bare.select_for_update(of=("self",), skip_locked=True).select_related("category"):
            if was_let_past_approval(notice):
                take_back(notice)
            elif NoticeRepository.address_of(notice):
                AudienceKeyService.refresh(notice)
                DeliveryService.owe(notice)


def _row(claim: Claim, outcome: Outcome, now: datetime) -> tuple[int, datetime, str, str, datetime]:
    state, reason = outcome.state, outcome.reason
    if state == State.WAITING and claim.attempts >= MAX_ATTEMPTS:
        state = State.FAILED
        reason = _("Given up after %(count)d attempts. %(reason)s") % {"count": claim.attempts, "reason": reason}
    wait = _pause(claim.attempts) if state == State.WAITING else timedelta(0)
    return claim.delivery_id, claim.held_until, state, reason, now + wait


def _pause(attempts: int) -> timedelta:
    """Twice as long after each attempt, up to the longest."""
    return min(FIRST_RETRY * 2 ** min(attempts - 1, 10), LAST_RETRY)
