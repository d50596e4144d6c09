"""What the tables of notices hold on a person."""

from collections.abc import Iterator

from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from audit.personal_data import Part, register, told
from audit.personal_data.parts import AT_ONCE, Row
from notices.models import (
    Amendment,
    Approval,
    ApprovalMail,
    Bounce,
    Delivery,
    Favourite,
    MailOptOut,
    Notice,
    NoticeAdditionalRecipient,
    NoticeUserPermission,
    ReadAcknowledgment,
    Reminder,
    ReminderCall,
    ReminderMail,
    SendingPause,
)
from recipients.models import User
from recipients.personal_data import granted, whose

NOTICE = {"notice_id": "notice_id", "notice": "notice__title"}


def written(person: User) -> Iterator[Row]:
    """Notices this person wrote, changed last or put into the trash, as they are now."""
    own = Q(created_by=person) | Q(modified_by=person) | Q(deleted_by=person)
    columns = ("id", "title", "content", "status", "status_reason", "created_at", "modified_at", "published_at", "deleted_at")
    rows = Notice.all_objects.filter(own).defer("search_vector").order_by("pk")
    for notice in rows.iterator(chunk_size=AT_ONCE // 10):  # texts are long
        yield {name: getattr(notice, name) for name in columns} | whose(notice, person)


def addressed(person: User) -> Iterator[Row]:
    return told(NoticeAdditionalRecipient.objects.filter(user=person).order_by("pk"), NOTICE)


def deliveries(person: User) -> Iterator[Row]:
    """A delivery keeps no address: mail goes to the one the account has, or had then, as its history tells."""
    columns = (
        *("revision", "kind", "state", "attempts", "next_attempt_at", "changed_at", "reason"),
        *("joined_at", "due_on", "closed_at", "closed_why"),
    )
    rows = Delivery.objects.filter(person=person).annotate(address_now=F("person__email")).order_by("pk")
    return told(rows, NOTICE | {name: name for name in columns} | {"address_now": "address_now"})


def readings(person: User) -> Iterator[Row]:
    columns = ("revision", "read_at", "acknowledged_at", "content_sha256")
    return told(ReadAcknowledgment.objects.filter(user=person).order_by("pk"), NOTICE | {name: name for name in columns})


def favourites(person: User) -> Iterator[Row]:
    return told(Favourite.objects.filter(user=person).order_by("pk"), NOTICE | {"since": "created_at"})


def mails_done_without(person: User) -> Iterator[Row]:
    return told(MailOptOut.objects.filter(user=person).order_by("pk"), {"category": "category__name"})


def decisions(person: User) -> Iterator[Row]:
    """What this person handed in, approved, returned or rejected."""
    columns = ("revision", "decision", "at", "reason", "people", "digest")
    return told(Approval.objects.filter(by=person).order_by("pk"), NOTICE | {name: name for name in columns})


def mails_about_decisions(person: User) -> Iterator[Row]:
    columns = {"notice_id": "approval__notice_id", "notice": "approval__notice__title", "decision": "approval__decision"}
    return told(
        ApprovalMail.objects.filter(person=person).order_by("pk"), columns | {name: name for name in ("state", "attempts", "reason")}
    )


def changes_on_show(person: User) -> Iterator[Row]:
    """Changes of notices on show that this person wrote, handed in, made, returned or discarded."""
    columns = ("number", "title", "content", "kind", "reason", "state", "begun_at", "decided_at", "decision_reason")
    rows = Amendment.objects.filter(Q(by=person) | Q(decided_by=person)).order_by("pk")
    return told(rows, NOTICE | {name: name for name in columns})


def pauses(person: User) -> Iterator[Row]:
    """Notices whose mails this person holds back at present."""
    return told(SendingPause.objects.filter(by=person).order_by("pk"), NOTICE | {"at": "at", "reason": "reason"})


def reminders(person: User) -> Iterator[Row]:
    """What this person was to be reminded of, and in which mail that was done."""
    columns = ("revision", "day", "call_id", "noted_at", "needless", "mail_id")
    return told(Reminder.objects.filter(person=person).order_by("pk"), NOTICE | {name: name for name in columns})


def reminder_mails(person: User) -> Iterator[Row]:
    columns = ("id", "day", "leave_by", "state", "attempts", "changed_at", "reason")
    return told(ReminderMail.objects.filter(person=person).order_by("pk"), {name: name for name in columns})


def reminders_by_hand(person: User) -> Iterator[Row]:
    """What this person had others reminded of, or was alone reminded of by somebody."""
    rows = ReminderCall.objects.filter(Q(by=person) | Q(person=person)).order_by("pk")
    return told(rows, NOTICE | {"revision": "revision", "at": "at", "people": "people"})


def mails_that_came_back(person: User) -> Iterator[Row]:
    columns = ("delivery_id", "approval_mail_id", "reminder_mail_id", "kind", "code", "diagnostic", "at", "taken_at")
    return told(Bounce.objects.filter(person=person).order_by("pk"), {name: name for name in columns})


def rights_on_notices(person: User) -> Iterator[Row]:
    return granted(NoticeUserPermission, person)


register(
    Part(
        "notices",
        _("Notices this person wrote, changed or deleted"),
        written,
        frozenset({f"notices.Notice.{name}" for name in ("created_by", "modified_by", "deleted_by")}),
    ),
    Part("addressed", _("Notices that name this person"), addressed, frozenset({"notices.NoticeAdditionalRecipient.user"})),
    Part("deliveries", _("Mails"), deliveries, frozenset({"notices.Delivery.person"})),
    Part("mails_that_came_back", _("Mails that came back"), mails_that_came_back, frozenset({"notices.Bounce.person"})),
    Part("reminders", _("Reminders"), reminders, frozenset({"notices.Reminder.person"})),
    Part("reminder_mails", _("Reminder mails"), reminder_mails, frozenset({"notices.ReminderMail.person"})),
    Part(
        "reminders_by_hand",
        _("Reminders by hand"),
        reminders_by_hand,
        frozenset({"notices.ReminderCall.by", "notices.ReminderCall.person"}),
    ),
    Part("readings", _("Notices opened and acknowledged"), readings, frozenset({"notices.ReadAcknowledgment.user"})),
    Part("favourites", _("Favourites"), favourites, frozenset({"notices.Favourite.user"})),
    Part("mails_done_without", _("Mails done without"), mails_done_without, frozenset({"notices.MailOptOut.user"})),
    Part("decisions", _("Steps of approval"), decisions, frozenset({"notices.Approval.by"})),
    Part("mails_about_decisions", _("Mails about approvals"), mails_about_decisions, frozenset({"notices.ApprovalMail.person"})),
    Part(
        "changes_on_show",
        _("Changes of notices on show"),
        changes_on_show,
        frozenset({"notices.Amendment.by", "notices.Amendment.decided_by"}),
    ),
    Part("pauses", _("Mails that this person holds back"), pauses, frozenset({"notices.SendingPause.by"})),
    Part("rights_on_notices", _("Rights on single notices"), rights_on_notices, frozenset({"notices.NoticeUserPermission.user"})),
)
