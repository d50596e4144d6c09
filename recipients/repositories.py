"""The questions about audiences that several screens ask."""

import re
from typing import Any

from django.db import connection
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from backoffice import clock
from backoffice.permissions import visible
from recipients.audience import GROUP, KEY_KINDS, PERSON, RECIPIENT, IsOneOf, raw_ids, raw_text, routes_sql
from recipients.dtos import Address, AudienceChange, AudienceMember, AudienceSummary
from recipients.models import Import, Recipient, RecipientGroup, User

# Two different addresses lead to a person when the least and the greatest of them differ.
OVERLAPPING = f"min(r.address_id * {KEY_KINDS} + r.kind) <> max(r.address_id * {KEY_KINDS} + r.kind)"
SUMMARY = f"""
    SELECT count(*) FILTER (WHERE is_active),
           count(*) FILTER (WHERE is_active AND overlapping),
           count(*) FILTER (WHERE is_active AND email = ''),
           count(*) FILTER (WHERE NOT is_active),
           count(*) FILTER (WHERE is_active AND fails)
    FROM (
        SELECT u.is_active, u.email, {OVERLAPPING} AS overlapping, u.id IN (SELECT person_id FROM recipients_addressproblem) AS fails
        FROM ({routes_sql()}) r JOIN recipients_user u ON u.id = r.user_id GROUP BY u.id
    ) person
"""


# The people of one address who are not in another. `_others`: the parameters of the second are named apart.
_OTHERS = re.sub(r"%\((recipients|groups|people)\)s", r"%(other_\1)s", routes_sql())
IN_ONE_ONLY = f"SELECT user_id FROM ({routes_sql()}) r EXCEPT SELECT user_id FROM ({_OTHERS}) r"
CHANGE = f"""
    SELECT count(*) FILTER (WHERE NOT was_in), count(*) FILTER (WHERE NOT is_in), count(*) FILTER (WHERE was_in AND is_in)
    FROM (
        SELECT u.id, bool_or(r.was) AS was_in, bool_or(NOT r.was) AS is_in
        FROM (
            SELECT user_id, true AS was FROM ({routes_sql()}) r
            UNION ALL
            SELECT user_id, false FROM ({_OTHERS}) r
        ) r JOIN recipients_user u ON u.id = r.user_id AND u.is_active GROUP BY u.id
    ) person
"""

# Of the person in whose row it stands. The order is that of `explain`.
REASONS = f"""
    (SELECT string_agg(CASE way.kind
                WHEN {RECIPIENT} THEN (SELECT r.name FROM recipients_recipient r WHERE r.id = way.address_id)
                WHEN {GROUP} THEN (
                    SELECT %(before_group)s || g.name || %(after_group)s FROM recipients_recipientgroup g WHERE g.id = way.address_id
                )
                ELSE %(named)s END, ', ' ORDER BY way.kind, way.address_id)
     FROM (SELECT DISTINCT r.kind, r.address_id FROM ({routes_sql()}) r WHERE r.user_id = recipients_user.id) way)
"""


def today_parameters() -> dict[str, Any]:
    """The day on which memberships count, in the organisation's zone."""
    return {"day": clock.today()}


def address_parameters(address: Address) -> dict[str, Any]:
    """The parameters that `routes_sql` takes."""
    return {
        **today_parameters(),
        "recipients": list(address.recipient_ids),
        "groups": list(address.group_ids),
        "people": list(address.person_ids),
    }


def _two(one: Address, other: Address) -> dict[str, Any]:
    of_other = address_parameters(other)
    return address_parameters(one) | {f"other_{name}": of_other[name] for name in ("recipients", "groups", "people")}


def _searched(people: QuerySet[User], search: str) -> QuerySet[User]:
    for word in search.split():
        people = people.filter(
            Q(first_name__icontains=word) | Q(last_name__icontains=word) | Q(email__icontains=word) | Q(employee_number__istartswith=word)
        )
    return people


class ImportRepository:
    @staticmethod
    def waiting_for(user: Any) -> QuerySet[Import]:
        """Imports of this person that go on only when they decide something, the newest first."""
        waiting = (Import.State.CHECKED, Import.State.UNREADABLE, Import.State.STOPPED)
        return visible(user, "view", Import.objects.filter(created_by=user, state__in=waiting)).order_by("-pk")


class AudienceRepository:
    """Who is behind an address, now. Nothing is cached: a joiner counts at once."""

    @staticmethod
    def summary(address: Address) -> AudienceSummary:
        with connection.cursor() as cursor:
            cursor.execute(SUMMARY, address_parameters(address))
            return AudienceSummary(*cursor.fetchone())

    @staticmethod
    def people(address: Address, *, only: str = "", search: str = "") -> QuerySet[User]:
        """The people behind an address, by name.

        `only` narrows: "" the active, "inactive" those left out, "overlapping" those reached
        twice or more, "without_email" and "address_fails" those told in the inbox only.
        """
        overlapping = f"GROUP BY r.user_id HAVING {OVERLAPPING}" if only == "overlapping" else ""
        ids = raw_ids(f"SELECT r.user_id FROM ({routes_sql()}) r {overlapping}", address_parameters(address))
        people: Any = User.objects.filter(IsOneOf(F("pk"), ids), is_active=only != "inactive")
        if only == "without_email":
            people = people.filter(email="")
        if only == "address_fails":
            people = people.whose_address_fails()
        return _searched(people, search).order_by("last_name", "first_name", "id")

    @staticmethod
    def change(before: Address, after: Address) -> AudienceChange:
        """How many people another address would bring in, take out and keep."""
        with connection.cursor() as cursor:
            cursor.execute(CHANGE, _two(before, after))
            return AudienceChange(*cursor.fetchone())

    @staticmethod
    def in_one_only(one: Address, other: Address, *, search: str = "") -> QuerySet[User]:
        """The active people behind one address who are not behind the other, by name."""
        ids = raw_ids(IN_ONE_ONLY, _two(one, other))
        return _searched(User.objects.filter(IsOneOf(F("pk"), ids), is_active=True), search).order_by("last_name", "first_name", "id")

    @staticmethod
    def with_reasons(people: QuerySet[User], address: Address) -> QuerySet[User]:
        """Annotate `reasons`: in one text what `explain` says, in names that the caller's reader may see all of."""
        before, _mark, after = (_("%(name)s (group)") % {"name": "|"}).partition("|")
        words = {"named": _("named"), "before_group": before, "after_group": after}
        return people.annotate(reasons=raw_text(REASONS, address_parameters(address) | words))

    @staticmethod
    def explain(address: Address, people: list[User], *, reader: Any) -> list[AudienceMember]:
        """Say for each of `people` (one page of them) why they are in the audience, in names that `reader` may see."""
        reasons: dict[int, list[str]] = {person.pk: [] for person in people}
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT DISTINCT kind, address_id, user_id FROM ({routes_sql(of_people=True)}) r ORDER BY kind, address_id",
                address_parameters(address) | {"only": list(reasons)},
            )
            rows = cursor.fetchall()
        names = _address_names(rows, reader)
        for kind, address_id, user_id in rows:
            reasons[user_id].append(names.get((kind, address_id), _("something you may not see")))
        return [AudienceMember(p.pk, str(p), p.email, p.is_active, tuple(dict.fromkeys(reasons[p.pk]))) for p in people]

    @staticmethod
    def idle(address: Address, *, reader: Any) -> tuple[list[str], list[str]]:
        """The names of the inactive entities and of the groups in the trash that an address names, as far as `reader` may see them."""
        recipients = visible(reader, "view", Recipient.objects.filter(pk__in=address.recipient_ids, is_active=False))
        groups = visible(reader, "view", RecipientGroup.all_objects.deleted().filter(pk__in=address.group_ids))
        return list(recipients.values_list("name", flat=True)), list(groups.values_list("name", flat=True))


def _address_names(rows: list[tuple[int, int, int]], reader: Any) -> dict[tuple[int, int], str]:
    ids = {kind: {row[1] for row in rows if row[0] == kind} for kind in (RECIPIENT, GROUP, PERSON)}
    names = {(RECIPIENT, r.pk): r.name for r in visible(reader, "view", Recipient.objects.filter(pk__in=ids[RECIPIENT]))}
    groups = visible(reader, "view", RecipientGroup.objects.filter(pk__in=ids[GROUP]))
    names |= {(GROUP, g.pk): _("%(name)s (group)") % {"name": g.name} for g in groups}
    return names | {(PERSON, pk): _("named") for pk in ids[PERSON]}
