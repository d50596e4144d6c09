"""Who may touch whose account. Whoever could give rights could take them all, so few may."""

from typing import Any

from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, Model, OuterRef, QuerySet
from django.utils.translation import gettext as _

from audit.models import AccessRecord
from backoffice.permissions import may, may_everywhere, visible
from recipients.models import User


def may_give_rights(actor: Any) -> bool:
    """Administrators decide who may do what: they may change people and roles alike."""
    return may_everywhere(actor, "change", User) and may_everywhere(actor, "change", Group)


def holds_rights(person: User) -> bool:
    """This account opens more than an inbox."""
    if person.is_staff or person.is_superuser:
        return True
    return person.pk is not None and (person.groups.exists() or person.user_permissions.exists())


def may_change_person(actor: Any, person: User) -> bool:
    """Superusers are changed by superusers, those who hold rights by administrators, readers by stewards too."""
    if not may(actor, "change", person):
        return False
    if person.is_superuser:
        return actor.is_superuser
    return may_give_rights(actor) or not holds_rights(person)


def people_changeable_by(actor: Any) -> QuerySet[User]:
    """Everyone of whom `may_change_person` is true, for many at once."""
    people = visible(actor, "change", User.objects.all())
    if not actor.is_superuser:
        people = people.filter(is_superuser=False)
    if may_give_rights(actor):
        return people
    holders = (
        Exists(through._base_manager.filter(user=OuterRef("pk"))) for through in (User.groups.through, User.user_permissions.through)
    )
    return people.filter(*(~holds for holds in holders), is_staff=False, is_superuser=False)


def sees_rights_on(user: Any, target: Model) -> bool:
    """Who holds which right on one object is for those who decide about it, and for those who review."""
    return may(user, "grant", target) or _reviews(user)


def sees_rights_of(user: Any) -> bool:
    """Which rights one person or role holds, on whatever object."""
    return may_give_rights(user) or _reviews(user)


def _reviews(user: Any) -> bool:
    return may_everywhere(user, "review", AccessRecord)


def require_change(actor: Any, person: User) -> None:
    if not may_change_person(actor, person):
        raise PermissionDenied(_("%(actor)s may not change the account of %(person)s.") % {"actor": actor, "person": person})


def require_rights_giver(actor: Any) -> None:
    if not may_give_rights(actor):
        raise PermissionDenied(_("%(actor)s may not decide who may do what. Ask an administrator.") % {"actor": actor})
