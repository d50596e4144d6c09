"""One policy: `may` for one object and `visible` for many are two faces of the same rule.

A person may do something to an object when their role allows it everywhere, or when they
(or a group of theirs) were granted it on that very object.
"""

from enum import StrEnum
from typing import Any

from django.contrib.auth import get_permission_codename
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from guardian.shortcuts import get_objects_for_user

# Who may change something may see it; so may those who were granted any act on it.
IMPLIES_VIEW = (
    *("view", "change", "delete", "publish", "approve", "restore", "destroy", "restore_version"),
    *("address", "manage_members", "author", "export", "grant"),
)


def _concrete(model: type[Model] | Model) -> Any:
    """A proxy asks for the permissions of its model."""
    return (model._meta.concrete_model or model)._meta


def permission_name(model: type[Model] | Model, verb: str) -> str:
    """`("publish", Notice)` is `"notices.publish_notice"`."""
    opts = _concrete(model)
    return f"{opts.app_label}.{get_permission_codename(verb, opts)}"


def is_usable(user: Any) -> bool:
    return bool(user and user.is_authenticated and user.is_active)


def verbs_allowing(model: type[Model] | Model, verb: str) -> tuple[str, ...]:
    """Being allowed any of these allows `verb`."""
    if verb != "view":
        return (verb,)
    opts = _concrete(model)
    own = {codename for codename, _ in opts.permissions}
    return tuple(v for v in IMPLIES_VIEW if v in opts.default_permissions or get_permission_codename(v, opts) in own)


def may_everywhere(user: Any, verb: str, model: type[Model] | Model) -> bool:
    """May `user` do `verb` to every object of `model`?"""
    return is_usable(user) and any(user.has_perm(permission_name(model, v)) for v in verbs_allowing(model, verb))


def may(user: Any, verb: str, target: Model) -> bool:
    """May `user` do `verb` to this very object? `target` is an instance, never None."""
    if not is_usable(user):
        return False
    if may_everywhere(user, verb, target):
        return True
    return target.pk is not None and any(user.has_perm(permission_name(target, v), target) for v in verbs_allowing(target, verb))


def visible(user: Any, verb: str, queryset: QuerySet) -> QuerySet:
    """Keep the rows on which `user` may do `verb`."""
    if not is_usable(user):
        return queryset.none()
    if may_everywhere(user, verb, queryset.model):
        return queryset
    names = [permission_name(queryset.model, v) for v in verbs_allowing(queryset.model, verb)]
    return get_objects_for_user(user, names, klass=queryset, any_perm=True, accept_global_perms=False)


def may_somewhere(user: Any, verb: str, model: type[Model]) -> bool:
    """May `user` do `verb` to at least one object of `model`? Decides whether a list is shown at all."""
    return may_everywhere(user, verb, model) or visible(user, verb, model._default_manager.all()).exists()


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
