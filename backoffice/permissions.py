"""One policy: `may` for one object and `visible` for many are two faces of the same rule.

A person may do something to an object when their role allows it everywhere, when they (or a role of
theirs) were granted it on that very object, or when a right on what the object belongs to carries it.

A model says the last in two attributes, which this module reads without knowing the model:

    rights_from = {"department": {"author": ("view", "change", …)}}  # who may `author` the department may change this
    rights_imply = {"author": ("address",)}                          # who may `author` this very object may address it
"""

from collections.abc import Iterable
from enum import StrEnum
from functools import cache
from typing import Any

from django.apps import apps
from django.contrib.auth import get_permission_codename, get_user_model
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import BigIntegerField, IntegerField, Model, Q, QuerySet
from django.db.models.functions import Cast
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase
from guardian.utils import get_group_obj_perms_model, get_user_obj_perms_model

# Who may change something may see it; so may those who were granted any act on it.
IMPLIES_VIEW = (
    *("view", "change", "delete", "publish", "approve", "break_glass", "restore", "destroy", "restore_version"),
    *("address", "manage_members", "author", "export", "grant"),
)


NAME = ("permission__content_type__app_label", "permission__codename")  # of what a grant grants


def _concrete(model: type[Model] | Model) -> Any:
    """A proxy asks for the permissions of its model."""
    return (model._meta.concrete_model or model)._meta


def permission_name(model: type[Model] | Model, verb: str) -> str:
    """`("publish", Notice)` is `"notices.publish_notice"`."""
    opts = _concrete(model)
    return f"{opts.app_label}.{get_permission_codename(verb, opts)}"


@cache
def _names_allowing(model: type[Model], verb: str) -> tuple[str, ...]:
    """Holding one of these permissions allows `verb` on every object of this model, which is no proxy."""
    return tuple(permission_name(model, v) for v in verbs_allowing(model, verb))


def is_usable(user: Any) -> bool:
    return bool(user and user.is_authenticated and user.is_active)


def verbs_allowing(model: type[Model] | Model, verb: str) -> tuple[str, ...]:
    """Being allowed any of these allows `verb`."""
    opts = _concrete(model)
    if verb != "view":
        implied: dict[str, tuple[str, ...]] = getattr(opts.model, "rights_imply", {})
        return (verb, *(v for v, allowed in implied.items() if verb in allowed))
    own = {codename for codename, _ in opts.permissions}
    return tuple(v for v in IMPLIES_VIEW if v in opts.default_permissions or get_permission_codename(v, opts) in own)


def ways_to(model: type[Model] | Model, verb: str) -> dict[str, tuple[str, ...]]:
    """By foreign key: being allowed any of these on what it points to allows `verb` on the object that points."""
    asked = set(verbs_allowing(model, verb))
    declared: dict[str, dict[str, tuple[str, ...]]] = getattr(_concrete(model).model, "rights_from", {})
    ways = {field: tuple(v for v, carried in rights.items() if asked & set(carried)) for field, rights in declared.items()}
    return {field: verbs for field, verbs in ways.items() if verbs}


def _related(model: type[Model] | Model, field: str) -> Any:
    return _concrete(model).get_field(field).remote_field.model


def may_everywhere(user: Any, verb: str, model: type[Model] | Model) -> bool:
    """May `user` do `verb` to every object of `model`?"""
    return is_usable(user) and any(map(user.has_perm, _names_allowing(_concrete(model).model, verb)))


def may(user: Any, verb: str, target: Model) -> bool:
    """May `user` do `verb` to this very object? `target` is an instance, never None.

    What is stored decides: an object that a form has changed already is judged by what it was.
    """
    if not is_usable(user):
        return False
    if may_everywhere(user, verb, target):
        return True
    if target.pk is None:
        return _may_make(user, verb, target)
    together = target.__dict__.get(_Together.KEPT_AS)
    if together is not None and together.user is user:
        return together.may(verb, target.pk)
    return visible(user, verb, _rows(target).filter(pk=target.pk)).exists()


def _may_make(user: Any, verb: str, target: Model) -> bool:
    """An object that is not stored yet: only what it is to belong to can allow something."""
    for field, verbs in ways_to(target, verb).items():
        related = _rows(_related(target, field)).filter(pk=getattr(target, _concrete(target).get_field(field).attname)).first()
        if related is not None and any(may(user, v, related) for v in verbs):
            return True
    return False


def visible(user: Any, verb: str, queryset: QuerySet) -> QuerySet:
    """Keep the rows on which `user` may do `verb`."""
    if not is_usable(user):
        return queryset.none()
    if may_everywhere(user, verb, queryset.model):
        return queryset
    if not _is_granted_something(user, verb, queryset.model):
        return queryset.none()  # most people, at most pages: the question about single rows is a long one
    return queryset.filter(pk__in=_allowed(user, (verb,), queryset.model))


def choosable(user: Any, field: Any, queryset: QuerySet) -> QuerySet:
    """Keep what `user` may choose for the foreign key `field`.

    What may be seen, unless the field's model asks for more: `rights_to_choose = {"recipient_group": "address"}`.
    """
    asked: dict[str, str] = getattr(field.model, "rights_to_choose", {})
    return visible(user, asked.get(field.name, "view"), queryset)


def _rows(model: type[Model] | Model) -> QuerySet:
    """All of them, also those in a trash."""
    return _concrete(model).model._base_manager.all()


def _allowed(user: Any, verbs: Iterable[str], model: type[Model]) -> QuerySet:
    """The ids of what `user` may do one of `verbs` to, though not everywhere. One list, so that the database can begin with it."""
    verbs = tuple(verbs)
    codenames = {get_permission_codename(v, _concrete(model)) for verb in verbs for v in verbs_allowing(model, verb)}
    parts = [_granted(get_user_obj_perms_model, model, codenames, Q(user=user.pk))]
    parts.append(_granted(get_group_obj_perms_model, model, codenames, Q(group__in=roles_of(user))))
    for verb in verbs:
        parts += [_carried(user, verbs, model, field) for field, verbs in ways_to(model, verb).items()]
    return parts[0].union(*parts[1:], all=True)


def _granted(tables: Any, model: type[Model], codenames: Iterable[str], holder: Q) -> QuerySet:
    """guardian keeps grants in a table for one kind of things, or in one for all the others."""
    grants = tables(_concrete(model).model)
    kind = ContentType.objects.get_for_model(model)
    rows = grants.objects.filter(holder, permission__content_type=kind, permission__codename__in=codenames).order_by()
    if not grants.objects.is_generic():
        return rows.values_list("content_object_id")
    key = _concrete(model).pk
    return rows.annotate(of=Cast("object_pk", BigIntegerField() if isinstance(key, IntegerField) else key)).values_list("of")


def _carried(user: Any, verbs: tuple[str, ...], model: type[Model], field: str) -> QuerySet:
    related = _related(model, field)
    if any(may_everywhere(user, verb, related) for verb in verbs):
        rows = _rows(model).filter(**{f"{field}__isnull": False})
    else:
        rows = _rows(model).filter(**{f"{field}__in": _allowed(user, verbs, related)})
    return rows.order_by().values_list("pk")


def may_somewhere(user: Any, verb: str, model: type[Model]) -> bool:
    """Does `user` hold a right that lets them do `verb` to some object of `model`, be there one by now or not?

    Decides whether a list, a button or a page for new ones is shown at all.
    """
    return may_everywhere(user, verb, model) or (is_usable(user) and _is_granted_something(user, verb, model))


def _is_granted_something(user: Any, verb: str, model: type[Model]) -> bool:
    """A usable person who may not do `verb` everywhere: does any right of theirs lead to some object of `model`?"""
    # Nothing can be granted on what does not exist yet.
    names = () if verb == "add" else _names_allowing(_concrete(model).model, verb)
    ways = ((_related(model, field), verbs) for field, verbs in ways_to(model, verb).items())
    return not _granted_somewhere(user).isdisjoint(names) or any(may_somewhere(user, v, related) for related, verbs in ways for v in verbs)


def _granted_somewhere(user: Any) -> frozenset[str]:
    """The permissions that `user` was granted on any object at all."""
    if (kept := getattr(user, "_granted_somewhere", None)) is None:
        first, *others = (grants.values_list(*NAME) for grants in grants_of(user))
        kept = keep_grants(user, first.union(*others))
    return kept


def grants_of(user: Any) -> list[QuerySet]:
    """All grants that count for `user`: one queryset for each table of them."""
    return [table.objects.filter(holder).order_by() for table, holder in _tables_of(user)]


def keep_grants(user: Any, names: Iterable[tuple[str, str]]) -> frozenset[str]:
    """Kept on the person, as Django does with the permissions of roles. `names` are values of `NAME`."""
    user._granted_somewhere = frozenset(f"{app}.{codename}" for app, codename in names)
    return user._granted_somewhere


def _tables_of(user: Any) -> list[tuple[Any, Q]]:
    kinds = ((UserObjectPermissionBase, Q(user=user.pk)), (GroupObjectPermissionBase, Q(group__in=roles_of(user))))
    return [(table, holder) for table in apps.get_models() for base, holder in kinds if issubclass(table, base)]


def roles_of(user: Any) -> QuerySet:
    """Their ids, without a join through the roles themselves: a dozen of those are most of what a question about rights costs."""
    return get_user_model().groups.through.objects.filter(user=user.pk).order_by().values("group")


def forget_grants(user: Any) -> None:
    """Whoever grants something to the person at the screen says so: else it would count at their next request only."""
    if hasattr(user, "_granted_somewhere"):
        del user._granted_somewhere


class _Together:
    """What one person may do to some objects: asked of one of them, it is answered for all by one query."""

    KEPT_AS = "_asked_together"

    def __init__(self, user: Any, model: type[Model], pks: list[Any]) -> None:
        self.user, self.model, self.pks = user, model, pks
        self.answers: dict[str, frozenset[Any]] = {}

    def may(self, verb: str, pk: Any) -> bool:
        if verb not in self.answers:
            rows = visible(self.user, verb, _rows(self.model).filter(pk__in=self.pks))
            self.answers[verb] = frozenset(rows.values_list("pk", flat=True))
        return pk in self.answers[verb]


def ask_together(user: Any, objects: Iterable[Model]) -> None:
    """For a page of objects of one model: `may` then costs one query for each verb, not one for each object.

    The answers are kept on these very objects. A service reads its object anew and so asks anew.
    """
    objects = list(objects)
    if objects:
        together = _Together(user, type(objects[0]), [obj.pk for obj in objects])
        for obj in objects:
            obj.__dict__[_Together.KEPT_AS] = together


def require(user: Any, verb: str, target: Model | type[Model]) -> None:
    """Raise `PermissionDenied` with a sentence unless `user` may do `verb` to `target`."""
    allowed = may_everywhere(user, verb, target) if isinstance(target, type) else may(user, verb, target)
    if not allowed:
        what = target._meta.verbose_name_plural if isinstance(target, type) else f"“{target}”"
        msg = f"{user} may not {verb.replace('_', ' ')} {what}."
        raise PermissionDenied(msg)


class Role(StrEnum):
    """Names of the groups that the migrations keep."""

    AUTHOR = "Author"
    APPROVER = "Approver"
    STEWARD = "Data steward"
    COMPLIANCE = "Compliance"
    READER = "Reader"
    ADMINISTRATOR = "Administrator"
