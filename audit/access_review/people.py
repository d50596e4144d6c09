"""What one person may do: everywhere, and on single objects."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.db.models import CharField, F, Q, QuerySet, Value
from django.db.models.functions import Cast
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from audit.access_review.verbs import in_words
from backoffice.permissions import visible


@dataclass(frozen=True, slots=True)
class Right:
    thing: str
    verb: str
    through: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GrantOnOne:
    model: Any
    object_id: str
    thing: str  # what it is called now; empty if the reader may not see it, or it is in the trash
    verb: str
    through: str


def rights_everywhere(person: Any) -> list[Right]:
    """Nothing for those who are inactive, and for superusers only what they would keep: they may do everything anyway."""
    if not person.is_active:
        return []
    through: dict[Permission, list[str]] = defaultdict(list)
    rights = Permission.objects.select_related("content_type").order_by("content_type__app_label", "content_type__model", "pk")
    for right in rights.filter(group__user=person).annotate(role=F("group__name")):
        through[right].append(_("the role “%(role)s”") % {"role": right.role})
    for own in rights.filter(user=person):
        through[own].append(_("given to this person"))
    found = [(right, right.content_type.model_class(), ways) for right, ways in through.items()]
    told = [Right(_kind(model), in_words(right.codename, model), tuple(ways)) for right, model, ways in found if model is not None]
    return sorted(told, key=lambda right: right.thing)


def grants_on_single_objects(person: Any) -> QuerySet[Any]:
    """Nothing for those who are inactive: what was granted to them has no effect."""
    return grants_held_by(person) if person.is_active else Permission.objects.none()


def grants_held_by(holder: Any) -> QuerySet[Any]:
    """Of a person, whether they have an effect or not, or of a role; to be cut into pages.

    Rows of `label`, `object_id`, `permission_id`, `role`, `grant_id` and `codename`, of every table that holds such grants.
    """
    first, *others = (_grants(model, holder) for model in _tables() if not isinstance(holder, Group) or _is_of_roles(model))
    return first.union(*others, all=True).order_by("label", "object_id", "permission_id", "role")


def told(rows: list[dict[str, Any]], *, reader: Any) -> list[GrantOnOne]:
    """A page of `grants_on_single_objects`: one query for each kind of thing, and one for the permissions."""
    permissions = Permission.objects.select_related("content_type").in_bulk({row["permission_id"] for row in rows})
    by_model: dict[Any, set[str]] = defaultdict(set)
    for row in rows:
        by_model[permissions[row["permission_id"]].content_type.model_class()].add(row["object_id"])
    things = {
        (model, str(pk)): str(thing)
        for model, pks in by_model.items()
        if model is not None
        for pk, thing in visible(reader, "view", model._default_manager.all()).in_bulk(pks).items()
    }
    return [_told(row, permissions[row["permission_id"]], things) for row in rows]


def _told(row: dict[str, Any], permission: Permission, things: dict[tuple[Any, str], str]) -> GrantOnOne:
    model: Any = permission.content_type.model_class()
    through = _("the role “%(role)s”") % {"role": row["role"]} if row["role"] else _("granted to this person")
    verb = in_words(permission.codename, model) if model is not None else permission.name
    return GrantOnOne(model, row["object_id"], things.get((model, row["object_id"]), ""), verb, through)


def _tables() -> Iterator[Any]:
    for model in apps.get_models():
        if issubclass(model, (UserObjectPermissionBase, GroupObjectPermissionBase)):
            yield model


def _is_of_roles(model: Any) -> bool:
    return issubclass(model, GroupObjectPermissionBase)


def _grants(model: Any, holder: Any) -> QuerySet[Any]:
    of_person = not _is_of_roles(model)
    held = Q(group=holder) if isinstance(holder, Group) else Q(user=holder) if of_person else Q(group__user=holder)
    return (
        model._default_manager.filter(held)
        .order_by()
        .values(
            "permission_id",
            label=F("permission__content_type__model"),
            object_id=Cast("object_pk" if model.objects.is_generic() else "content_object_id", CharField()),
            role=Value("", output_field=CharField()) if of_person else F("group__name"),
            grant_id=F("pk"),
            codename=F("permission__codename"),
        )
    )


def _kind(model: Any) -> str:
    return capfirst(str(model._meta.verbose_name_plural))
