"""`GrantService`: rights on single objects. Whoever gives one is entitled on that very object, and gives only what they have."""

from collections.abc import Collection
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model
from django.utils.translation import gettext as _

from audit.access_review.verbs import codename_of, verbs_of
from audit.attribution import acting
from backoffice.permissions import may
from recipients.exceptions import RecipientError, StaleGrants
from recipients.grants import COLUMNS, GrantRepository, kind_of, permission_kind, rows_for, tables_of
from recipients.models import User
from recipients.services.access import may_give_rights

GRANT = "grant"  # the right to decide who may do what


class GrantService:
    @staticmethod
    def grant(target: Model, *, verb: str, to: User | Group, actor: Any, reason: str) -> bool:
        """Let a person or a role do `verb` to this very object. False if they could already by such a grant."""
        return bool(GrantService.grant_all(target, verbs=(verb,), to=to, actor=actor, reason=reason))

    @staticmethod
    @transaction.atomic
    def grant_all(
        target: Model, *, verbs: Collection[str], to: User | Group, actor: Any, reason: str, seen: int | None = None
    ) -> list[str]:
        """Grant all of `verbs` or none. Returns those that were not granted before.

        `seen` is `GrantRepository.last_change` as it was when this was decided; None asks nothing.

        Raises:
            PermissionDenied: `actor` may not decide it, or has not got what they would give.
            RecipientError: it would have no effect, or the rights changed meanwhile; the message says what to do.
        """
        target, actor = _lock(target), _afresh(actor)
        _require_entitled(actor, target)
        to = _lock_holder(to)
        for verb in verbs:
            _require_giver(actor, verb, target, to)
        _refuse_in_trash(target)
        _refuse_useless(to)
        _refuse_stale(target, seen)
        with acting(actor, reason=_checked(reason)):
            return [verb for verb in verbs if _add(target, verb, to)]

    @staticmethod
    @transaction.atomic
    def revoke(target: Model, *, verb: str, to: User | Group, actor: Any, reason: str) -> None:
        """Take a right on this very object away again. What `to` may do to everything of the kind stays.

        Raises:
            PermissionDenied: `actor` may not decide it.
            RecipientError: it was not granted, or no reason is given.
        """
        target, actor = _lock(target), _afresh(actor)
        _require_entitled(actor, target)
        _require_known(verb, target)
        if not may_revoke(actor, verb, to):
            raise PermissionDenied(_only_administrators(actor))
        rows = rows_for(target, to, codename_of(verb, target))
        if not rows.exists():
            raise RecipientError(
                _("%(holder)s was not granted this on “%(name)s”, or no longer. Look at the list again.") % {"holder": to, "name": target}
            )
        with acting(actor, reason=_checked(reason)):
            rows.delete()


def grantable(actor: Any, target: Model) -> dict[str, str]:
    """What `actor` may give on this object, each with its words."""
    if not may(actor, GRANT, target):
        return {}
    administrates = may_give_rights(actor)
    return {verb: words for verb, words in verbs_of(target).items() if administrates or (verb != GRANT and may(actor, verb, target))}


def may_revoke(actor: Any, verb: str, holder: User | Group) -> bool:
    """Of whoever may decide on the object. The right to decide is taken by administrators, or laid down."""
    return verb != GRANT or may_give_rights(actor) or holder == actor


def _lock(target: Model) -> Model:
    """The row itself: who decides about it waits for whoever decides now."""
    model: Any = target._meta.concrete_model
    tables_of(model)
    locked = model._base_manager.select_for_update(of=("self",)).filter(pk=target.pk).first()
    if locked is None:
        raise RecipientError(_("“%(name)s” no longer exists.") % {"name": target})
    return locked


def _afresh(actor: Any) -> User:
    """Without what it remembers of its rights: they may have been taken while this waited for the lock."""
    found = User.objects.filter(pk=getattr(actor, "pk", None)).first()
    if found is None:
        raise PermissionDenied
    return found


def _lock_holder(holder: User | Group) -> Any:
    locked = type(holder)._base_manager.select_for_update(of=("self",)).filter(pk=holder.pk).first()
    if locked is None:
        raise RecipientError(_("“%(name)s” no longer exists. Choose someone else.") % {"name": holder})
    return locked


def _require_entitled(actor: User, target: Model) -> None:
    if not may(actor, GRANT, target):
        raise PermissionDenied(_("%(actor)s may not decide who may do what to “%(name)s”.") % {"actor": actor, "name": target})


def _require_known(verb: str, target: Model) -> None:
    if verb not in verbs_of(target):
        raise RecipientError(_("There is no right “%(verb)s” on “%(name)s”. Choose from the list.") % {"verb": verb, "name": target})


def _require_giver(actor: User, verb: str, target: Model, to: User | Group) -> None:
    """Administrators give what they have not got, but never to themselves, nor to a role of their own."""
    _require_known(verb, target)
    if verb == GRANT and not may_give_rights(actor):
        raise PermissionDenied(_only_administrators(actor))
    if may(actor, verb, target):
        return
    own = to == actor if isinstance(to, User) else actor.groups.filter(pk=to.pk).exists()
    if own or not may_give_rights(actor):
        raise PermissionDenied(
            _("%(actor)s may not give a right on “%(name)s” that %(actor)s has not got.") % {"actor": actor, "name": target}
        )


def _only_administrators(actor: User) -> str:
    return _("%(actor)s may not decide who else decides about rights. Ask an administrator.") % {"actor": actor}


def _refuse_in_trash(target: Any) -> None:
    if getattr(target, "is_deleted", False):
        raise RecipientError(_("“%(name)s” is in the trash. Restore it first.") % {"name": target})


def _refuse_useless(to: Any) -> None:
    """A right that cannot be used now would lie in wait."""
    if isinstance(to, Group):
        return
    if not to.is_active:
        raise RecipientError(_("The account of %(person)s is inactive. Make it active first, or choose someone else.") % {"person": to})
    if to.is_superuser:
        raise RecipientError(_("%(person)s is a superuser and may do everything already.") % {"person": to})
    if not to.is_staff:
        raise RecipientError(
            _("%(person)s may not use the back office, so the right could not be used. Let them in first, on their page.") % {"person": to}
        )


def _refuse_stale(target: Model, seen: int | None) -> None:
    if seen is not None and seen != GrantRepository.last_change(target):
        raise StaleGrants(
            _("Rights on “%(name)s” changed since you opened this page. Look at them, then send it again.") % {"name": target}
        )


def _checked(reason: str) -> str:
    if not reason.strip():
        raise RecipientError(_("Say why. The reason is kept in the history."))
    return reason.strip()


def _add(target: Model, verb: str, to: User | Group) -> bool:
    kind = kind_of(to)
    permission = Permission.objects.get(content_type=permission_kind(target), codename=codename_of(verb, target))
    row = {COLUMNS[kind]: to, "permission": permission, "content_object": target}
    return tables_of(target)[kind]._default_manager.get_or_create(**row)[1]
