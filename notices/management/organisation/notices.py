"""Categories and notices: each lives through its life, day by day, up to the state it is in."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from backoffice import clock
from backoffice.permissions import Role
from notices.management.organisation.past import Past
from notices.management.organisation.people import SET_UP_DAYS, Organisation
from notices.management.organisation.source import Named, Source
from notices.models import Approval, Category, Notice, NoticeAdditionalRecipient, NoticeRecipient, NoticeRecipientGroup
from notices.pinning import digest_of
from notices.repositories import NoticeRepository
from notices.uploads import attachment_from
from recipients.models import User
from recipients.repositories import AudienceRepository

Decision = Approval.Decision
Status = Notice.Status


@dataclass(slots=True)
class Told:
    """A notice with what its readers are still to do with it."""

    notice: Notice
    published_at: datetime  # kept when it is withdrawn
    shown_at: datetime  # mails leave and reading begins
    gone_at: datetime  # nobody reads it after this
    read_share: float
    acknowledged_share: float


def load_notices(source: Source, past: Past, organisation: Organisation) -> tuple[int, list[Told]]:
    """How many notices were loaded, and those that were ever published."""
    categories = _categories(source, past, organisation)
    lives = [_Life(source, past, organisation, row).live(categories[row["category"]]) for row in source.notices()]
    return len(lives), [told for told in lives if told]


def _categories(source: Source, past: Past, organisation: Organisation) -> Named[Category]:
    categories: Named[Category] = Named("categories.csv")
    for row in source.rows("categories.csv"):
        flags = {name: row[name] == "true" for name in ("needs_approval", "requires_acknowledgement", "mails_are_optional")}
        categories[row["name"]] = Category(**row | flags)
    administrator = organisation.holder_of(Role.ADMINISTRATOR)
    past.create(list(categories.values()), when=source.moment(source.day(SET_UP_DAYS), 11), actor=administrator)
    return categories


class _Life:
    """One notice from its first draft on. Its hours are drawn at random from its key, so every load draws the same."""

    def __init__(self, source: Source, past: Past, organisation: Organisation, row: dict[str, Any]) -> None:
        self.source, self.past, self.row = source, past, row
        self.organisation = organisation
        self.random = Random(row["key"])  # noqa: S311 - for likely hours, not for secrets
        self.author: User = organisation.people[row["author"]]
        self.other: User = organisation.people[row["published_by"] or row["author"]]
        self.now = clock.now()

    def live(self, category: Category) -> Told | None:
        """None: nobody was ever told of it."""
        days = self.row["published_days"]
        acted_on = -1 if days is None else days
        acted_at = self._office_hour(acted_on)
        sent_back = len(self.row.get("decisions", []))
        self.notice = self._write(category, self._office_hour(acted_on - self.random.randint(2, 5) - sent_back))
        if category.needs_approval and (self.row["status"] != Status.DRAFT or self.row.get("decisions")):
            self._decide(acted_on - 1)
        if self.row["status"] == Status.SCHEDULED:
            self._become(Status.SCHEDULED, acted_at, self.other, publish_at=self._morning(self.row["publish_at_hours"]))
        told = None if days is None else self._publish(acted_at)
        if self.row["deleted"]:
            deleted_at = self.notice.modified_at + timedelta(hours=self.random.uniform(1, 20))
            self._change(deleted_at, self.author, is_deleted=True, deleted_at=deleted_at, deleted_by=self.author)
        return told

    def _decide(self, day: int) -> None:
        """Submitted and sent back, once for each of “decisions”; then submitted again, and approved if it came further than review."""
        decisions = self.row.get("decisions", [])
        for number, entry in enumerate(decisions):
            self._submit(day - len(decisions) + number)
            self._send_back(entry, self.notice.modified_at + timedelta(hours=self.random.uniform(1, 4)))
        if self.row["status"] == Status.DRAFT:
            return
        self._submit(day)
        if self.row["status"] != Status.IN_REVIEW:
            approver = self.other if self.other != self.author else self.organisation.holder_of(Role.APPROVER)
            approved_at = self.notice.modified_at + timedelta(hours=self.random.uniform(0.5, 3))
            self._change(approved_at, approver, status=Status.APPROVED)
            self._step(Decision.APPROVED, approver)

    def _submit(self, day: int) -> None:
        self._become(Status.IN_REVIEW, self._office_hour(day), self.author, status_reason="")
        self._step(Decision.SUBMITTED, self.author)

    def _send_back(self, entry: dict[str, Any], when: datetime) -> None:
        by, reason = self.organisation.people[entry["by"]], entry["reason"]
        self._change(when, by, reason=reason, status=Status.DRAFT, status_reason=reason)
        self._step(entry["decision"], by, reason)

    def _step(self, decision: str, by: User, reason: str = "") -> None:
        when, address = self.notice.modified_at, NoticeRepository.address_of(self.notice)
        people = AudienceRepository.summary(address).total
        step = Approval(notice=self.notice, revision=1, decision=decision, by=by, at=when, reason=reason, people=people)
        step.digest = digest_of(self.notice)
        self.past.create([step], when=when, actor=by, reason=reason)

    def _publish(self, published_at: datetime) -> Told:
        row = self.row
        self._change(published_at, self.other, status=Status.PUBLISHED, published_at=published_at)
        shown_at = max(published_at, self.source.moment(self.notice.start_date, 0))
        gone_at = self._end_of_show()
        if row["status"] == Status.WITHDRAWN:
            gone_at = shown_at + (gone_at - shown_at) * self.random.uniform(0.4, 0.8)
            values = {"status": Status.WITHDRAWN, "published_at": None, "withdrawn_at": gone_at, "status_reason": row["withdraw_reason"]}
            self._change(gone_at, self.other, reason=row["withdraw_reason"], **values)
        return Told(self.notice, published_at, shown_at, gone_at, row["read_share"], row["acknowledged_share"])

    def _write(self, category: Category, when: datetime) -> Notice:
        row, source = self.row, self.source
        notice = Notice(
            title=row["title"],
            content=row["content"],
            category=category,
            department=self.organisation.recipients[row["department"]] if row.get("department") else None,
            start_date=source.day(row["start_days"]),
            end_date=source.day_or_none(row["end_days"]),
            due_date=source.day_or_none(row["due_days"]),
            requires_acknowledgement=row["requires_acknowledgement"],
            needs_approval=category.needs_approval,
            created_by=self.author,
            modified_by=self.author,
        )
        notice.full_clean()
        self.past.create([notice], when=when, actor=self.author)
        self._address(notice, when)
        self._attach(notice, when + timedelta(minutes=20))
        return notice

    def _address(self, notice: Notice, when: datetime) -> None:
        row, known = self.row, self.organisation
        links = (
            [NoticeRecipient(notice=notice, recipient=recipient) for recipient in known.recipients.all(row["recipients"])],
            [NoticeRecipientGroup(notice=notice, recipient_group=group) for group in known.groups.all(row["groups"])],
            [NoticeAdditionalRecipient(notice=notice, user=person) for person in known.people.all(row["people"])],
        )
        for rows in links:
            self.past.create(rows, when=when, actor=self.author)

    def _attach(self, notice: Notice, when: datetime) -> None:
        attachments = []
        for entry in self.row["attachments"]:
            content = self.source.attachment(entry["file"]).read_bytes()
            attachment = attachment_from(SimpleUploadedFile(entry["name"], content))
            attachment.notice = notice
            attachments.append(attachment)
        self.past.create(attachments, when=when, actor=self.author)

    def _become(self, status: Status, when: datetime, actor: User, **values: Any) -> None:
        self._change(when, actor, status=status, modified_by=actor, **values)

    def _change(self, when: datetime, actor: User, *, reason: str = "", **values: Any) -> None:
        self.past.change(self.notice, when=when, actor=actor, reason=reason, version=self.notice.version + 1, **values)

    def _office_hour(self, days: int) -> datetime:
        return self.source.moment(self.source.day(days), self.random.uniform(8, 16.5))

    def _morning(self, hours: int) -> datetime:
        """The first 09:00 that is at least so many hours away."""
        earliest = timezone.localtime(self.now + timedelta(hours=hours), timezone.get_default_timezone())
        morning = self.source.moment(earliest.date(), 9)
        return morning if morning >= earliest else self.source.moment(earliest.date() + timedelta(days=1), 9)

    def _end_of_show(self) -> datetime:
        end = self.notice.end_date
        return min(self.now, self.source.moment(end + timedelta(days=1), 0)) if end else self.now
