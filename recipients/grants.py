"""Rights on single objects: the tables that hold them, who holds which, and who gave it when and why.

Of any model that has such tables of its own; the notice's too, without knowing it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, F, Max, Model, Q, QuerySet, Value
from guardian.utils import get_group_obj_perms_model, get_user_obj_perms_model

from audit.access_review.verbs import codename_of, in_words, verb_in, verbs_of
from recipients.models import User

PERSON, ROLE = "person", "role"
COLUMNS = {PERSON: "user", ROLE: "group"}
BY_NAME = ("-kind", "first", "second", "holder")  # roles before people


@dataclass(frozen=True, slots=True)
class Grant:
    """One right of one holder on one object. `given_by` is None if the system did, or if nobody said who."""

    key: str  # in an address
    kind: str
    holder: Any
    verb: str
    words: str
    people: int | None  # who have the role now, and may sign in
    made_it: bool
    given_by: Any = None
    given_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Holding:
    """What someone may do to everything of a kind."""

    kind: str
    holder: Any
    words: tuple[str, ...]
    people: int | None


def tables_of(model: type[Model] | Model) -> dict[str, Any]:
    """The table for people and the one for roles.

    Raises:
        LookupError: rights on single objects of this kind are not kept in tables of their own.
    """
    concrete: Any = model._meta.concrete_model
    tables = {PERSON: get_user_obj_perms_model(concrete), ROLE: get_group_obj_perms_model(concrete)}
    if any(table.objects.is_generic() for table in tables.values()):
        raise LookupError(concrete._meta.label)
    return tables


def kind_of(holder: User | Group) -> str:
    return ROLE if isinstance(holder, Group) else PERSON


def rows_for(target: Model, holder: User | Group, codename: str) -> QuerySet[Any]:
    kind = kind_of(holder)
    found = {COLUMNS[kind]: holder, "content_object": target.pk, "permission__codename": codename}
    return tables_of(target)[kind]._default_manager.filter(**found)


class GrantRepository:
    @staticmethod
    def on(target: Model) -> QuerySet[Any]:
        """What was granted on this very object, for `told`; to be cut into pages."""
        people, roles = (table._default_manager.filter(content_object=target.pk) for table in tables_of(target).values())
        shown = {"grant": F("pk"), "codename": F("permission__codename")}
        return _of_people(people, **shown).union(_of_roles(roles, **shown), all=True).order_by(*BY_NAME, "grant")

    @staticmethod
    def told(rows: Iterable[dict[str, Any]], target: Model) -> list[Grant]:
        """A page of `on`, in a fixed number of queries."""
        rows = list(rows)
        holders, members, given = _holders(rows), _members(rows), given_by((tables_of(target)[row["kind"]], row["grant"]) for row in rows)
        maker = getattr(target, "created_by_id", None)
        return [
            Grant(
                key=f"{row['kind']}-{row['grant']}",
                kind=row["kind"],
                holder=holders[row["kind"], row["holder"]],
                verb=verb_in(row["codename"], target),
                words=in_words(row["codename"], target),
                people=members.get(row["holder"], 0) if row["kind"] == ROLE else None,
                made_it=row["kind"] == PERSON and row["holder"] == maker,
                **given.get((tables_of(target)[row["kind"]], row["grant"]), {}),
            )
            for row in rows
        ]

    @staticmethod
    def find(target: Model, key: str) -> Grant | None:
        """The grant on this very object that an address names."""
        kind, _dash, number = key.partition("-")
        if kind not in COLUMNS or not (number.isascii() and number.isdecimal()) or len(number) > len(str(2**31)):
            return None
        rows = tables_of(target)[kind]._default_manager.filter(content_object=target.pk, pk=number)
        shown = {"grant": F("pk"), "codename": F("permission__codename")}
        found = GrantRepository.told((_of_people if kind == PERSON else _of_roles)(rows, **shown), target)
        return found[0] if found else None

    @staticmethod
    def everywhere(target: Model) -> QuerySet[Any]:
        """Who may do something to everything of this kind, for `held`; superusers aside."""
        label, codenames = target._meta.app_label, [codename_of(verb, target) for verb in verbs_of(target)]
        of_kind = Q(permission__content_type__app_label=label, permission__codename__in=codenames)
        people = User.user_permissions.through._default_manager.filter(of_kind, user__is_active=True)
        roles = Group.permissions.through._default_manager.filter(of_kind)
        shown = {"codenames": ArrayAgg("permission__codename")}
        return _of_people(people, **shown).union(_of_roles(roles, **shown), all=True).order_by(*BY_NAME)

    @staticmethod
    def held(rows: Iterable[dict[str, Any]], target: Model) -> list[Holding]:
        rows = list(rows)
        holders, members = _holders(rows), _members(rows)
        return [
            Holding(
                kind=row["kind"],
                holder=holders[row["kind"], row["holder"]],
                words=tuple(words for verb, words in verbs_of(target).items() if codename_of(verb, target) in row["codenames"]),
                people=members.get(row["holder"], 0) if row["kind"] == ROLE else None,
            )
            for row in rows
        ]

    @staticmethod
    def superusers() -> int:
        return User.objects.filter(is_active=True, is_superuser=True).count()

    @staticmethod
    def last_change(target: Model) -> int:
        """Rises whenever a right on this object is granted or revoked."""
        numbers = (
            table.history.filter(content_object_id=target.pk).aggregate(n=Max("history_id"))["n"] for table in tables_of(target).values()
        )
        return max(number or 0 for number in numbers)


def given_by(grants: Iterable[tuple[Any, int]]) -> dict[tuple[Any, int], dict[str, Any]]:
    """From the history of each grant (its table and number): who gave it, when and why."""
    by_table: dict[Any, list[int]] = {}
    for table, pk in grants:
        by_table.setdefault(table, []).append(pk)
    return {
        (table, row.id): {"given_by": row.history_user, "given_at": row.history_date, "reason": row.history_change_reason or ""}
        for table, pks in by_table.items()
        for row in table.history.filter(id__in=pks, history_type="+").select_related("history_user").order_by("history_id")
    }


def permission_kind(target: Model) -> ContentType:
    return ContentType.objects.get_for_model(target)


def _of_people(rows: QuerySet[Any], **shown: Any) -> QuerySet[Any]:
    named = {"first": F("user__last_name"), "second": F("user__first_name"), "holder": F("user_id")}
    return rows.order_by().values(**named, kind=Value(PERSON)).annotate(**shown)


def _of_roles(rows: QuerySet[Any], **shown: Any) -> QuerySet[Any]:
    named = {"first": F("group__name"), "second": Value(""), "holder": F("group_id")}
    return rows.order_by().values(**named, kind=Value(ROLE)).annotate(**shown)


def _holders(rows: Iterable[dict[str, Any]]) -> dict[tuple[str, int], Any]:
    ids: dict[str, set[int]] = {PERSON: set(), ROLE: set()}
    for row in rows:
        ids[row["kind"]].add(row["holder"])
    found = ((PERSON, User.objects.in_bulk(ids[PERSON])), (ROLE, Group.objects.in_bulk(ids[ROLE])))
    return {(kind, pk): holder for kind, holders in found for pk, holder in holders.items()}


def _members(rows: Iterable[dict[str, Any]]) -> dict[int, int]:
    roles = {row["holder"] for row in rows if row["kind"] == ROLE}
    counted = User.groups.through._default_manager.filter(group__in=roles, user__is_active=True).values("group").annotate(n=Count("pk"))
    return {row["group"]: row["n"] for row in counted}
