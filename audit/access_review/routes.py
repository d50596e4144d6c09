"""Through which grant a person may do something: `backoffice.permissions.may`, asked for many people at once, with the reason.

A right on everything comes with being a superuser, with a role, or is given to the person. A right on one object is
granted on it to the person, or to a role of theirs, or comes through a right on what the object belongs to.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.db.models import F, Model, Q, QuerySet, Value
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from guardian.utils import get_group_obj_perms_model, get_user_obj_perms_model

from audit.access_review.verbs import codename_of, in_words
from backoffice.permissions import verbs_allowing, ways_to

BY_ROLE = gettext_lazy("has the role “%(role)s”")
BY_HAND = gettext_lazy("was given this right")
ON_THIS_ONE = gettext_lazy("was granted it on this very one")
ROLE_ON_THIS_ONE = gettext_lazy("has the role “%(role)s”, which was granted it on this very one")


@dataclass(frozen=True, slots=True)
class _Grants:
    """Rows that allow it, each with `person`, `role` and `codename`: rights of `on`, the target or what it belongs to."""

    sentence: Any
    rows: QuerySet[Any]
    on: Model
    verb: str
    through: str = ""  # ", through the department “Facilities”"


def people_who_may(verb: str, target: Model) -> QuerySet[Any]:
    """Every person for whom `may(person, verb, target)` is true."""
    holds = Q(is_superuser=True)
    for grants in _grants(verb, target):
        holds |= Q(pk__in=grants.rows.values("person"))
    return get_user_model()._default_manager.filter(holds, is_active=True)


def routes_of(people: Iterable[Any], verb: str, target: Model) -> dict[int, list[str]]:
    """Each way in which these `people` may do `verb` to `target`, in words: a fixed number of queries."""
    active = {person.pk: person for person in people if person.is_active}
    found: dict[int, list[str]] = defaultdict(list)
    for pk, person in active.items():
        if person.is_superuser:
            found[pk].append(_("is a superuser"))
    for grants in _grants(verb, target):
        rows = grants.rows.filter(person__in=active.keys()).order_by("role", "codename")
        for pk, role, codename in rows.values_list("person", "role", "codename"):
            found[pk].append(str(grants.sentence) % {"role": role} + _wider(codename, grants.verb, grants.on) + grants.through)
    return dict(found)


def _wider(codename: str, verb: str, target: Model) -> str:
    """Who may change something may see it: then the right that was given is another one."""
    return "" if codename == codename_of(verb, target) else _(", as that allows to %(verb)s") % {"verb": in_words(codename, target)}


def _grants(verb: str, target: Model) -> Iterator[_Grants]:
    yield from _own_grants(verb, target)
    for field, verbs in ways_to(target, verb).items():
        related = getattr(target, field)
        if related is None:
            continue
        through = _(", through the %(kind)s “%(name)s”") % {"kind": target._meta.get_field(field).verbose_name, "name": related}  # type: ignore[union-attr]
        for carrying in verbs:
            for grants in _grants(carrying, related):
                yield replace(grants, through=grants.through + through)


def _own_grants(verb: str, target: Model) -> Iterator[_Grants]:
    codenames = [codename_of(allowing, target) for allowing in verbs_allowing(target, verb)]
    kind = ContentType.objects.get_for_model(target)
    everywhere = Q(permission__content_type__app_label=kind.app_label, permission__codename__in=codenames)
    here = Q(permission__content_type=kind, permission__codename__in=codenames)
    model: Any = target._meta.concrete_model
    own, of_roles = get_user_obj_perms_model(model), get_group_obj_perms_model(model)
    yield _Grants(BY_ROLE, _of_role(Group.permissions.through._default_manager.filter(everywhere)), target, verb)
    yield _Grants(BY_HAND, _of_person(get_user_model().user_permissions.through._default_manager.filter(everywhere)), target, verb)
    yield _Grants(ON_THIS_ONE, _of_person(_on(own, target, kind).filter(here)), target, verb)
    yield _Grants(ROLE_ON_THIS_ONE, _of_role(_on(of_roles, target, kind).filter(here)), target, verb)


def _on(grants: Any, target: Model, kind: ContentType) -> QuerySet[Any]:
    """guardian keeps grants in one table for all kinds of things, or in one of their own."""
    if grants.objects.is_generic():
        return grants._default_manager.filter(content_type=kind, object_pk=str(target.pk))
    return grants._default_manager.filter(content_object=target.pk)


def _of_person(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.annotate(person=F("user"), role=Value(""), codename=F("permission__codename"))


def _of_role(rows: QuerySet[Any]) -> QuerySet[Any]:
    held = rows.filter(group__user__isnull=False)
    return held.annotate(person=F("group__user"), role=F("group__name"), codename=F("permission__codename"))
