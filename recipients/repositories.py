"""The questions about audiences that several screens ask."""

from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from recipients.audience import GROUP, PERSON, RECIPIENT, RawIds, routes_sql
from recipients.dtos import Address, AudienceMember, AudienceSummary
from recipients.models import Recipient, RecipientGroup, User

SUMMARY = """
    WITH routes AS ({routes}), person AS (SELECT user_id, count(*) AS ways FROM routes GROUP BY user_id)
    SELECT count(*) FILTER (WHERE u.is_active),
           count(*) FILTER (WHERE u.is_active AND person.ways > 1),
           count(*) FILTER (WHERE u.is_active AND u.email = ''),
           count(*) FILTER (WHERE NOT u.is_active)
    FROM person JOIN recipients_user u ON u.id = person.user_id
"""


def address_parameters(address: Address) -> dict[str, Any]:
    """The parameters that `routes_sql` takes."""
    return {
        "day": timezone.localdate(timezone=timezone.get_default_timezone()),
        "recipients": list(address.recipient_ids),
        "groups": list(address.group_ids),
        "people": list(address.person_ids),
    }


class AudienceRepository:
    """Who is behind an address, now. Nothing is cached: a joiner counts at once."""

    @staticmethod
    def summary(address: Address) -> AudienceSummary:
        with connection.cursor() as cursor:
            cursor.execute(SUMMARY.format(routes=routes_sql()), address_parameters(address))
            return AudienceSummary(*cursor.fetchone())

    @staticmethod
    def people(address: Address, *, only: str = "", search: str = "") -> QuerySet[User]:
        """The people behind an address, by name.

        `only` narrows: "" the active, "inactive" those left out, "overlapping" those reached
        twice or more, "without_email" those told in the inbox only.
        """
        having = "HAVING count(*) > 1" if only == "overlapping" else ""
        ids = RawIds(f"SELECT user_id FROM ({routes_sql()}) r GROUP BY user_id {having}", address_parameters(address))
        people = User.objects.filter(pk__in=ids, is_active=only != "inactive")
        if only == "without_email":
            people = people.filter(email="")
        for word in search.split():
            people = people.filter(
                Q(first_name__icontains=word) | Q(last_name__icontains=word) | Q(email__icontains=word) | Q(employee_number__istartswith=word)
            )
        return people.order_by("last_name", "first_name", "id")

    @staticmethod
    def explain(address: Address, people: list[User]) -> list[AudienceMember]:
        """Say for each of `people` (one page of them) why they are in the audience."""
        reasons: dict[int, list[str]] = {person.pk: [] for person in people}
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT user_id, kind, address_id FROM ({routes_sql(of_people=True)}) r ORDER BY kind, address_id",
                address_parameters(address) | {"only": list(reasons)},
            )
            rows = cursor.fetchall()
        names = _address_names(rows)
        for user_id, kind, address_id in rows:
            reasons[user_id].append(names[kind, address_id])
        return [AudienceMember(p.pk, str(p), p.email, p.is_active, tuple(reasons[p.pk])) for p in people]


def _address_names(rows: list[tuple[int, int, int]]) -> dict[tuple[int, int], str]:
    ids = {kind: {row[2] for row in rows if row[1] == kind} for kind in (RECIPIENT, GROUP, PERSON)}
    names = {(RECIPIENT, r.pk): r.name for r in Recipient.objects.filter(pk__in=ids[RECIPIENT])}
    names |= {(GROUP, g.pk): _("%(name)s (group)") % {"name": g.name} for g in RecipientGroup.objects.filter(pk__in=ids[GROUP])}
    return names | {(PERSON, pk): _("named") for pk in ids[PERSON]}
