"""Two of everything, marked so that a leak shows: what one person was granted (`own`), and the rest (`other`)."""

import re
from dataclasses import dataclass, field
from datetime import timedelta

from django.contrib.auth.models import Group
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Model
from django.utils import timezone
from guardian.shortcuts import assign_perm

from backoffice.permissions import Role
from notices.models import AmendedFile, Amendment, Attachment, Category, Delivery, Notice
from notices.services import DeliveryService, NoticeService
from notices.services.amending import AmendedText
from notices.uploads import attachment_from
from recipients.models import AddressProblem, Import, Recipient, RecipientGroup, RoleAssignment, User
from recipients.services import AddressService, ImportService
from tests.makers import make_category, make_draft, make_group, make_person, make_published, make_recipient

# A mark is never sent whole by a test, so a page that holds one has looked it up.
MARK = re.compile(
    r"qz(?:own|other)(?:draft|published|withdrawn|scheduled|review|trash|recipient|group|binned|person|role|category|file|import)"
)


@dataclass(frozen=True, slots=True)
class Scope:
    notices: dict[str, Notice]  # by state
    mail: Delivery  # about the one that is published; it may have arrived
    attachment: Attachment
    added_file: AmendedFile  # by the open change of what is published
    recipient: Recipient
    group: RecipientGroup
    trashed_group: RecipientGroup
    member: User
    assignment: RoleAssignment
    role: Group
    category: Category
    unused_category: Category
    spreadsheet: Import  # ready to look at, with a row that is wrong
    grants: dict[str, int]  # by kind, the number of a right on one thing


@dataclass(frozen=True, slots=True)
class World:
    root: User
    author: User
    own: Scope
    other: Scope
    people: dict[str, User | None] = field(default_factory=dict)  # by letter, once they came


def make_world() -> World:
    root = make_person("root", staff=True, is_superuser=True)
    author = make_person("alice", role=Role.AUTHOR)
    return World(root, author, own=_scope("own", author, root), other=_scope("other", author, root))


def _scope(name: str, author: User, root: User) -> Scope:
    member = make_person(f"{name}member", first_name=f"qz{name}person")
    recipient = make_recipient(f"qz{name}recipient", members=(member,))
    group = make_group(f"qz{name}group", people=(member,))
    trashed_group = make_group(f"qz{name}binned")
    trashed_group.delete(user=root)
    category = make_category(f"qz{name}category", needs_approval=True)
    to = {"author": author, "recipients": (recipient,), "groups": (group,), "department": recipient}
    notices = {
        "draft": make_draft(f"qz{name}draft", content=f"<p>qz{name}draft</p>", **to),
        "published": make_published(f"qz{name}published", content=f"<p>qz{name}published</p>", **to),
        "withdrawn": make_published(f"qz{name}withdrawn", **to),
        "scheduled": make_draft(f"qz{name}scheduled", **to),
        "review": make_draft(f"qz{name}review", category=category, **to),
        "trash": make_draft(f"qz{name}trash", **to),
    }
    DeliveryService.pause(notices["withdrawn"].pk, actor=author, reason="A wrong link.")
    NoticeService.withdraw(notices["withdrawn"].pk, actor=author)
    NoticeService.schedule(notices["scheduled"].pk, timezone.now() + timedelta(days=1), actor=author)
    NoticeService.submit_for_review(notices["review"].pk, actor=author)
    NoticeService.delete(notices["trash"].pk, actor=author)
    attachment = Attachment(notice=notices["published"], name=f"qz{name}file.txt", size=4, content_type="text/plain")
    attachment.file.save("plan.txt", ContentFile(b"plan"))
    AddressService.mark(member.pk, cause=AddressProblem.Cause.REFUSED, code="5.1.1")
    return Scope(
        notices=notices,
        mail=_mail_in_doubt(notices["published"], make_person(first_name=f"qz{name}person")),
        attachment=attachment,
        added_file=_added_file(notices["published"], author),
        recipient=recipient,
        group=group,
        trashed_group=trashed_group,
        member=member,
        assignment=RoleAssignment.objects.get(user=member, recipient=recipient),
        role=Group.objects.create(name=f"qz{name}role"),
        category=category,
        unused_category=make_category(f"{name} spare"),
        spreadsheet=_import(name, group, member, root),
        grants={
            "notices_notice": _granted(f"{name}reader", "notices.view_notice", notices["draft"]),
            "recipients_recipient": _granted(f"{name}seer", "recipients.view_recipient", recipient),
            "recipients_recipientgroup": _granted(f"{name}viewer", "recipients.view_recipientgroup", group),
        },
    )


def _mail_in_doubt(notice: Notice, person: User) -> Delivery:
    """To somebody whose address works; the one to its reader still waits."""
    unknown = Delivery.State.UNKNOWN
    return Delivery.objects.create(notice=notice, person=person, revision=notice.revision, state=unknown, next_attempt_at=timezone.now())


def _added_file(notice: Notice, author: User) -> AmendedFile:
    """Of a change that is being written, as far as its kind."""
    added = attachment_from(SimpleUploadedFile("more.txt", b"More."))
    text = AmendedText(title=notice.title, content=notice.content, added=[added])
    change = NoticeService.save_amendment(notice.pk, text, actor=author)
    Amendment.objects.filter(pk=change.pk).update(kind=Amendment.Kind.TYPO)
    return change.files.get()


def _import(name: str, group: RecipientGroup, member: User, root: User) -> Import:
    rows = f"Group code,E-mail\n{group.code},{root.email}\n{group.code},{member.email}\n{group.code},nobody@example.org\n"
    file = SimpleUploadedFile(f"qz{name}import.csv", rows.encode())
    batch = ImportService.upload(file, kind=Import.Kind.MEMBERSHIPS, mode=Import.Mode.ADD, actor=root)
    ImportService.read(batch.pk)
    return batch


def _granted(username: str, permission: str, thing: Model) -> int:
    return assign_perm(permission, make_person(username, staff=True), thing).pk
