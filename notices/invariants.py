"""What must hold at every moment, however many workers died: checked after each fault test, and by `manage.py verify_invariants`.

An invariant is SQL that gives what breaks it: up to `SHOWN` rows of one text each. It reads and locks nothing, so it
may run beside everything else; each is one statement, and so one moment.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from notices.models import ApprovalMail, Delivery, MailState, OutgoingMail, ReminderMail
from notices.repositories import AudienceKeyRepository
from notices.services.sending.claims import LEASE
from recipients.audience import CURRENT_ASSIGNMENTS
from recipients.repositories import today_parameters

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

SHOWN = 20
# By the word that their Message-IDs begin with.
ACCOUNTED: dict[str, type[OutgoingMail]] = {"delivery": Delivery, "reminder": ReminderMail}
ARRIVED = (MailState.SENT, MailState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Invariant:
    name: str
    says: "StrOrPromise"  # what holds
    broken_by: str


@dataclass(frozen=True, slots=True)
class Violation:
    says: str
    examples: tuple[str, ...]


_DELIVERY, _APPROVAL_MAIL, _REMINDER_MAIL = (model._meta.db_table for model in (Delivery, ApprovalMail, ReminderMail))
# Whoever is behind a notice's address today, through any of the three kinds of link.
_IN_THE_AUDIENCE = f"""
    WITH ra AS ({CURRENT_ASSIGNMENTS})
    SELECT nr.notice_id, ra.user_id FROM notices_noticerecipient nr JOIN ra USING (recipient_id)
    UNION ALL SELECT ng.notice_id, ra.user_id FROM notices_noticerecipientgroup ng
        JOIN recipients_recipientgroup g ON g.id = ng.recipient_group_id AND NOT g.is_deleted
        JOIN recipients_recipientgrouprecipient gr USING (recipient_group_id) JOIN ra USING (recipient_id)
    UNION ALL SELECT ng.notice_id, ga.user_id FROM notices_noticerecipientgroup ng
        JOIN recipients_recipientgroup g ON g.id = ng.recipient_group_id AND NOT g.is_deleted
        JOIN recipients_recipientgroupadditionalrecipient ga USING (recipient_group_id)
    UNION ALL SELECT na.notice_id, na.user_id FROM notices_noticeadditionalrecipient na
"""

INVARIANTS = (
    Invariant(
        "told",
        _("Whoever was published to has deliveries: no publication is without."),
        f"""
        SELECT 'notice ' || n.id FROM notices n
        WHERE n.status = 'published' AND NOT n.is_deleted
        AND NOT EXISTS (SELECT FROM {_DELIVERY} d WHERE d.notice_id = n.id AND d.revision = n.revision)
        AND EXISTS (SELECT FROM notices_audiencekey k WHERE k.notice_id = n.id)
        """,
    ),
    Invariant(
        "everybody",
        _("Everyone in the audience of what is on show has a delivery, once those who moved are followed."),
        f"""
        SELECT 'notice ' || n.id || ', person ' || a.user_id
        FROM ({_IN_THE_AUDIENCE}) a
        JOIN recipients_user u ON u.id = a.user_id AND u.is_active
        JOIN notices n ON n.id = a.notice_id AND n.status = 'published' AND NOT n.is_deleted
             AND (n.end_date IS NULL OR n.end_date >= %(day)s)
        WHERE NOT EXISTS (SELECT FROM notices_audiencemove)
        AND NOT EXISTS (
            SELECT FROM {_DELIVERY} d
            WHERE d.notice_id = n.id AND d.revision = n.revision AND d.kind = 'publication' AND d.person_id = a.user_id
        )
        """,
    ),
    Invariant(
        "nobody_else",
        _("Whoever is no longer in the audience is asked no more, once those who moved are followed."),
        f"""
        SELECT 'delivery ' || d.id
        FROM {_DELIVERY} d
        JOIN notices n ON n.id = d.notice_id AND n.revision = d.revision AND n.status = 'published' AND NOT n.is_deleted
             AND (n.end_date IS NULL OR n.end_date >= %(day)s)
        WHERE d.kind = 'publication' AND d.closed_at IS NULL AND NOT EXISTS (SELECT FROM notices_audiencemove)
        AND (d.notice_id, d.person_id) NOT IN (SELECT notice_id, user_id FROM ({_IN_THE_AUDIENCE}) a)
        AND NOT EXISTS (
            SELECT FROM notices_readacknowledgment r
            WHERE r.notice_id = d.notice_id AND r.revision = d.revision AND r.user_id = d.person_id AND r.acknowledged_at IS NOT NULL
        )
        """,
    ),
    Invariant(
        "once",
        _("A person is told once: one delivery per notice, revision, kind and occasion."),
        f"""
        SELECT 'notice ' || notice_id || ', person ' || person_id FROM {_DELIVERY}
        GROUP BY notice_id, revision, kind, occasion, person_id HAVING count(*) > 1
        """,
    ),
    Invariant(
        "unique",
        _("The index that says so is there, and valid."),
        """
        SELECT 'one_delivery_per_person'
        WHERE NOT EXISTS (
            SELECT FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
            WHERE c.relname = 'one_delivery_per_person' AND i.indisunique AND i.indisvalid
        )
        """,
    ),
    Invariant(
        "revisions",
        _("Nobody is told of a revision that there is not yet, nor by way of a draft."),
        f"""
        SELECT 'delivery ' || d.id FROM {_DELIVERY} d LEFT JOIN notices n ON n.id = d.notice_id
        WHERE n.id IS NULL OR d.revision > n.revision
        """,
    ),
    Invariant(
        "held",
        _("A mail that is being sent is in the hands of one worker, whose claim names it."),
        " UNION ALL ".join(
            f"""
            SELECT '{table} ' || m.id FROM {table} m
            WHERE m.state = 'claimed'
            AND NOT EXISTS (SELECT FROM notices_claim c WHERE c.id = m.fence AND c."table" = '{table}' AND m.id = ANY(c.mails))
            """
            for table in (_DELIVERY, _APPROVAL_MAIL, _REMINDER_MAIL)
        ),
    ),
    Invariant(
        "leases",
        _("No claim outlives its lease by more than a few sweeps."),
        "SELECT 'claim ' || id FROM notices_claim WHERE lease_until < clock_timestamp() - interval '5 minutes'",
    ),
    Invariant(
        "withdrawn",
        _("No mail leaves after a withdrawal, but the one that each worker was at."),
        f"""
        SELECT 'delivery ' || d.id FROM {_DELIVERY} d JOIN notices n ON n.id = d.notice_id
        WHERE n.status = 'withdrawn' AND d.state = 'sent' AND d.changed_at > n.withdrawn_at + %(lease)s
        """,
    ),
    Invariant(
        "reminded",
        _("Nobody gets two reminder mails on a day, nor is reminded twice for the same day or by one call."),
        f"""
        SELECT 'person ' || person_id || ', ' || day FROM {_REMINDER_MAIL} GROUP BY person_id, day HAVING count(*) > 1
        UNION ALL
        SELECT 'notice ' || notice_id || ', person ' || person_id FROM notices_reminder
        GROUP BY notice_id, revision, person_id, day, call_id HAVING count(*) > 1
        """,
    ),
    Invariant(
        "reminded_of_what_they_have",
        _("Whoever is reminded of a notice was told of it before."),
        f"""
        SELECT 'reminder ' || r.id FROM notices_reminder r
        WHERE NOT EXISTS (
            SELECT FROM {_DELIVERY} d
            WHERE d.notice_id = r.notice_id AND d.revision = r.revision AND d.kind = 'publication' AND d.person_id = r.person_id
        )
        """,
    ),
    Invariant(
        "acknowledged",
        _("Only people who had a notice opened or acknowledged it."),
        f"""
        SELECT 'reading ' || r.id FROM notices_readacknowledgment r
        WHERE NOT EXISTS (SELECT FROM {_DELIVERY} d WHERE d.notice_id = r.notice_id AND d.person_id = r.user_id)
        AND NOT EXISTS (SELECT FROM ({_IN_THE_AUDIENCE}) a WHERE a.notice_id = r.notice_id AND a.user_id = r.user_id)
        """,
    ),
)


def violations() -> list[Violation]:
    """Everything that does not hold now."""
    found = [Violation(str(invariant.says), rows) for invariant in INVARIANTS if (rows := _rows(invariant.broken_by))]
    missing, surplus = AudienceKeyRepository.differences()
    if missing or surplus:
        keys = (f"{missing:,} missing", f"{surplus:,} without a reason")
        found.append(Violation(str(_("The inboxes show what the audiences say: every audience key has its reason.")), keys))
    return found


def _rows(sql: str) -> tuple[str, ...]:
    parameters: dict[str, Any] = {"lease": LEASE, **today_parameters()}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM ({sql}) broken(what) LIMIT {SHOWN}", parameters)
        return tuple(row[0] for row in cursor.fetchall())


def disagreements(accepted: Iterable[str], *, sent_again: int = 0) -> list[Violation]:
    """What the deliveries say against what a mail server says it accepted: the Message-ID of each mail, as often as it came.

    `sent_again` is how many mails a person let go out although they may have arrived.
    """
    times = Counter(mail for message_id in accepted if (mail := _mail(message_id)) is not None)
    twice = sum(count - 1 for count in times.values())
    found = []
    if twice > sent_again:
        examples = tuple(f"{kind} {pk}" for (kind, pk), count in times.most_common(SHOWN) if count > 1)
        found.append(Violation(str(_("No mail is accepted twice, but those that a person sent again.")), examples))
    states = {(kind, pk): state for kind, model in ACCOUNTED.items() for pk, state in model.objects.values_list("pk", "state")}
    never = [f"{kind} {pk}" for (kind, pk), state in states.items() if state == MailState.SENT and (kind, pk) not in times]
    silent = [f"{kind} {pk}: {states.get((kind, pk))}" for kind, pk in times if states.get((kind, pk)) not in ARRIVED]
    if never:
        found.append(Violation(str(_("What counts as sent was accepted by the mail server.")), tuple(never[:SHOWN])))
    if silent:
        found.append(Violation(str(_("What the mail server accepted counts as sent, or as in doubt.")), tuple(silent[:SHOWN])))
    return found


def _mail(message_id: str) -> tuple[str, int] | None:
    """Which mail of which table it is; None: one that is not accounted for."""
    kind, _dash, numbers = message_id.removeprefix("<").partition("-")
    return (kind, int(numbers.partition("@")[0].partition(".")[0])) if kind in ACCOUNTED else None
