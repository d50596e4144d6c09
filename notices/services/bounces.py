"""`BounceService`: takes what mail servers report, writes down which mail came back, and marks addresses that do not work.

Anybody can send a report. One is believed when its Message-ID fits a mail of ours in all its numbers and, if it names
an address, the person has or had that one. All that it can do is to put itself on record and to mark this address.
"""

import hashlib
import logging
from dataclasses import dataclass, fields
from datetime import datetime
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Value
from django.db.models.functions import Least, Now

from notices.bounces.events import read_events
from notices.bounces.parsing import read
from notices.bounces.reports import Kind, MailId, Report, What, without_addresses
from notices.models import ApprovalMail, Bounce, Delivery, ReminderMail
from recipients.models import AddressProblem, User
from recipients.services import AddressService

logger = logging.getLogger(__name__)
SOFT_IN_A_ROW = 3  # mails; each was tried by its mail server for days, as a rule


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of what was taken: of each report or event one of these, from `came_back` to `others`."""

    came_back: int = 0
    delayed: int = 0
    repeated: int = 0  # were taken before
    strange: int = 0  # reports that fit no mail of ours, or name somebody else
    auto_replies: int = 0
    others: int = 0
    marked: int = 0  # addresses, of those that came back
    spared: int = 0  # addresses that were not marked, because too many were within a day
    messages: int = 0

    def __add__(self, other: "Taken") -> "Taken":
        return Taken(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Taken)))


@dataclass(frozen=True, slots=True)
class _Mail:
    """What a Message-ID leads to."""

    person_id: int
    left_at: datetime | None  # None: it is not known to the second
    link: dict[str, int]


class BounceService:
    @staticmethod
    @transaction.atomic
    def take(raw: bytes) -> Taken:
        """Take one message from a mailbox of bounces. The same bytes again change nothing."""
        reading, one = read(raw), Taken(messages=1)
        if reading.what == What.AUTO_REPLY:
            return one + Taken(auto_replies=1)
        if reading.what == What.OTHER:
            return one + Taken(others=1)
        if not reading.reports:
            return one + Taken(strange=1)
        digests = (hashlib.sha256(raw + f"\n{number}".encode()).hexdigest() for number, _report in enumerate(reading.reports))
        return sum((_take(report, digest) for report, digest in zip(reading.reports, digests, strict=True)), one)

    @staticmethod
    def take_events(text: str) -> Taken:
        """Take events as providers post them, each in a transaction of its own.

        Raises:
            ValueError: this is no JSON. Nothing was taken.
        """
        return sum((_take_event(report, digest) for report, digest in list(read_events(text))), Taken())


def _take_event(report: Report | None, digest: str) -> Taken:
    if report is None:
        return Taken(others=1)
    with transaction.atomic():
        return _take(report, digest)


def _take(report: Report, digest: str) -> Taken:
    mail = _mail(report.mail)
    # The person before all else: two reports about one person wait for each other.
    person = User.objects.select_for_update(no_key=True).filter(pk=mail.person_id).first() if mail else None
    if mail is None or person is None or not _names(report, person):
        logger.info("A report fits no mail of ours: %s", report.mail)
        return Taken(strange=1)
    bounce = _write_down(report, digest, mail)
    if bounce is None:
        return Taken(repeated=1)
    if bounce.kind == Bounce.Kind.DELAYED:
        return Taken(delayed=1)
    cause = _cause(report, bounce, mail, person)
    if cause is None:
        return Taken(came_back=1)
    if AddressService.too_many_lately():
        logger.warning("So many addresses came back within a day that no more are marked. Is a mail server at fault?")
        return Taken(came_back=1, spared=1)
    return Taken(came_back=1, marked=AddressService.mark(person.pk, cause=cause, code=report.code))


def _mail(found: MailId) -> _Mail | None:
    """The mail of ours that has this Message-ID, all of it, and that has left: a report on what never left is made up."""
    if found.domain != parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2].lower():
        return None
    match found.kind, found.numbers:
        case "delivery", (pk, notice_id, revision):
            return _delivery(pk, notice_id, revision)
        case "approval", (pk, approval_id):
            return _approval_mail(pk, approval_id)
        case "reminder", (pk,):
            return _reminder_mail(pk)
    return None


def _delivery(pk: int, notice_id: int, revision: int) -> _Mail | None:
    tried = Delivery.objects.filter(pk=pk, notice_id=notice_id, revision=revision, attempts__gt=0)
    row = tried.values_list("person_id", "changed_at").first()
    return _Mail(row[0], row[1], {"delivery_id": pk}) if row else None


def _approval_mail(pk: int, approval_id: int) -> _Mail | None:
    row = ApprovalMail.objects.filter(pk=pk, approval_id=approval_id, attempts__gt=0).values_list("person_id", "approval__at").first()
    return _Mail(row[0], row[1], {"approval_mail_id": pk}) if row else None


def _reminder_mail(pk: int) -> _Mail | None:
    row = ReminderMail.objects.filter(pk=pk, attempts__gt=0).values_list("person_id", "changed_at").first()
    return _Mail(row[0], row[1], {"reminder_mail_id": pk}) if row else None


def _names(report: Report, person: User) -> bool:
    return not report.recipients or not report.recipients.isdisjoint(AddressService.addresses_of(person))


def _write_down(report: Report, digest: str, mail: _Mail) -> Bounce | None:
    """None: it was there already."""
    now: Any = Now()
    bounce = Bounce(
        **mail.link,
        person_id=mail.person_id,
        kind=report.kind.value,
        code=report.code,
        diagnostic=without_addresses(report.diagnostic),
        at=Least(Value(report.at), now) if report.at else now,  # a server's clock may be ahead of ours
        digest=digest,
    )
    if Bounce.objects.filter(digest=digest).exists():
        return None
    bounce.save(force_insert=True)
    return bounce


def _cause(report: Report, bounce: Bounce, mail: _Mail, person: User) -> str | None:
    """Why the address should be marked: it is the person's still, and nobody has said since the mail left that it works."""
    if report.recipients and person.email.lower() not in report.recipients:
        return None
    since = AddressService.unblemished_since(person)
    if since is not None and mail.left_at is not None and mail.left_at < since:
        return None
    if report.kind == Kind.HARD:
        return AddressProblem.Cause.REFUSED
    if bounce.delivery_id is None or not _keeps_coming_back(person, since):
        return None
    return AddressProblem.Cause.REPEATED


def _keeps_coming_back(person: User, since: datetime | None) -> bool:
    """The last mails of those that came back, with none between them that arrived."""
    came_back = Exists(Bounce.objects.filter(delivery=OuterRef("pk"), kind__in=Bounce.CAME_BACK))
    left = Delivery.objects.filter(person=person, attempts__gt=0, state__in=(Delivery.State.SENT, Delivery.State.UNKNOWN)).annotate(
        came_back=came_back
    )
    if since is not None:
        left = left.filter(changed_at__gte=since)
    newest = left.filter(came_back=True).order_by("-changed_at", "-pk").values("changed_at")[:1]
    last = left.filter(changed_at__lte=newest).order_by("-changed_at", "-pk").values_list("came_back", flat=True)[:SOFT_IN_A_ROW]
    return len(answers := list(last)) == SOFT_IN_A_ROW and all(answers)
