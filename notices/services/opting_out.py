"""Mails that people may do without: of notices that ask for no acknowledgement, in categories that say so."""

from collections.abc import Iterable
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from audit.attribution import acting
from notices.models import Category, MailOptOut, Notice
from notices.repositories import NoticeRepository
from recipients.audience import routes_sql
from recipients.repositories import address_parameters

# Of notice `n` and person `u`.
DECLINED = """EXISTS (
    SELECT FROM notices_mailoptout o JOIN notices_category c ON c.id = o.category_id
    WHERE o.user_id = u.id AND o.category_id = n.category_id AND c.mails_are_optional AND NOT n.requires_acknowledgement
)"""
# Those whom a mail would reach otherwise.
IN_THE_AUDIENCE = f"""
    SELECT count(*)
    FROM notices_mailoptout o JOIN recipients_user u ON u.id = o.user_id LEFT JOIN recipients_addressproblem p ON p.person_id = u.id
    WHERE o.category_id = %(category)s AND u.is_active AND u.email <> '' AND p.id IS NULL
    AND u.id IN (SELECT user_id FROM ({routes_sql()}) r)
"""


def reason() -> str:
    """What stands with a mail that is not sent for it."""
    return _("Does without mails about notices of this category. The notice is in the inbox.")


def optional_categories() -> QuerySet[Category]:
    return Category.objects.filter(mails_are_optional=True)


def opt_outs(user: Any) -> QuerySet[MailOptOut]:
    """Those that count now: a category may have ceased to be optional."""
    return MailOptOut.objects.filter(user=user, category__mails_are_optional=True)


@transaction.atomic
def do_without(user: Any, categories: Iterable[Category]) -> None:
    """From the next notice on, do not mail `user` about these, and about all others again."""
    chosen = {category.pk for category in categories}
    with acting(user):
        opt_outs(user).exclude(category__in=chosen).delete()
        missing = chosen - set(opt_outs(user).values_list("category_id", flat=True))
        MailOptOut.objects.bulk_create([MailOptOut(user=user, category_id=pk) for pk in sorted(missing)], ignore_conflicts=True)


def who_declined(notice: Notice) -> QuerySet[MailOptOut]:
    """Of everybody, those who are not mailed about this notice because they chose so."""
    return MailOptOut.objects.filter(category=notice.optional_category_id) if notice.optional_category_id else MailOptOut.objects.none()


def number_declined(notice: Notice) -> int:
    """How many people of its audience that are."""
    if notice.optional_category_id is None:
        return 0
    with connection.cursor() as cursor:
        parameters = address_parameters(NoticeRepository.address_of(notice)) | {"category": notice.optional_category_id}
        cursor.execute(IN_THE_AUDIENCE, parameters)
        return cursor.fetchone()[0]
