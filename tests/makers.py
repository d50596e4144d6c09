"""Plain functions that make what a test needs. Every argument has a sensible default."""

from datetime import date
from functools import cache
from itertools import count
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from backoffice.clock import today
from backoffice.permissions import Role
from notices.models import Category, Notice
from notices.services import NoticeService
from recipients.dtos import Address
from recipients.models import (
    Recipient,
    RecipientGroup,
    RecipientGroupAdditionalRecipient,
    RecipientGroupRecipient,
    RoleAssignment,
    User,
)

PASSWORD = "correct horse battery staple"  # noqa: S105 - of test accounts only
_number = count(1)
_hashed = cache(make_password)  # slow on purpose, so once is enough


def make_person(username: str = "", *, role: Role | None = None, staff: bool | None = None, **fields: Any) -> User:
    username = username or f"person{next(_number)}"
    defaults = {"first_name": username.capitalize(), "last_name": "Tester", "email": f"{username}@example.org"}
    person = User(username=username, is_staff=bool(role) if staff is None else staff, password=_hashed(PASSWORD), **defaults | fields)
    person.save()
    if role:
        person.groups.add(Group.objects.get(name=role))
    return person


def make_recipient(name: str = "", *, members: tuple[User, ...] = (), **fields: Any) -> Recipient:
    number = next(_number)
    recipient = Recipient.objects.create(**{"code": f"R{number}", "name": name or f"Recipient {number}"} | fields)
    for person in members:
        RoleAssignment.objects.create(user=person, recipient=recipient)
    return recipient


def make_group(name: str = "", *, recipients: tuple[Recipient, ...] = (), people: tuple[User, ...] = (), **fields: Any) -> RecipientGroup:
    number = next(_number)
    group = RecipientGroup.objects.create(**{"code": f"G{number}", "name": name or f"Group {number}"} | fields)
    for recipient in recipients:
        RecipientGroupRecipient.objects.create(recipient_group=group, recipient=recipient)
    for person in people:
        RecipientGroupAdditionalRecipient.objects.create(recipient_group=group, user=person)
    return group


def make_category(name: str = "", **fields: Any) -> Category:
    return Category.objects.create(name=name or f"Category {next(_number)}", **fields)


def make_draft(
    title: str = "Fire drill",
    *,
    author: User,
    recipients: tuple[Recipient, ...] = (),
    groups: tuple[RecipientGroup, ...] = (),
    people: tuple[User, ...] = (),
    content: str = "<p>The drill is on Tuesday at ten.</p>",
    start_date: date | None = None,
    **fields: Any,
) -> Notice:
    notice = Notice(title=title, content=content, start_date=start_date or today(), **fields)
    NoticeService.save_new(notice, actor=author)
    address = Address.of(*([item.pk for item in items] for items in (recipients, groups, people)))
    return NoticeService.set_audience(notice.pk, address, actor=author)


def make_approved(title: str = "Fire drill", *, author: User, approver: User, **arguments: Any) -> Notice:
    notice = make_draft(title, author=author, **arguments)
    NoticeService.submit_for_review(notice.pk, actor=author)
    return NoticeService.approve(notice.pk, actor=approver)


def make_published(title: str = "Fire drill", *, author: User, **arguments: Any) -> Notice:
    return NoticeService.publish(make_draft(title, author=author, **arguments).pk, actor=author)
