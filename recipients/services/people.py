"""`PersonService`: accounts. Nobody is ever deleted; people who leave are made inactive."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from audit.records import attributed
from backoffice.permissions import require
from recipients.exceptions import RecipientError
from recipients.models import User
from recipients.services.access import require_change, require_rights_giver

RIGHTS = ("is_staff", "is_superuser")


class PersonService:
    @staticmethod
    @transaction.atomic
    def save_new(person: User, *, actor: Any) -> User:
        """Save an account that a form filled in. It opens nothing but an inbox unless `actor` may give rights."""
        require(actor, "add", User)
        _refuse_rights_beyond(actor, dict.fromkeys(RIGHTS, False), person)
        return _save(person, actor=actor)

    @staticmethod
    @transaction.atomic
    def save_changes(person: User, *, actor: Any) -> User:
        stored = User.objects.select_for_update().get(pk=person.pk)
        require_change(actor, stored)
        _refuse_rights_beyond(actor, {name: getattr(stored, name) for name in RIGHTS}, person)
        if stored.pk == actor.pk and not (person.is_active and person.is_staff >= stored.is_staff):
            raise RecipientError(_("You would lock yourself out. Ask another administrator to do this."))
        return _save(person, actor=actor)

    @staticmethod
    @transaction.atomic
    def set_roles(person: User, *, roles: Iterable[Group] | None = None, rights: Iterable[Permission] | None = None, actor: Any) -> None:
        """Make `roles`, and `rights` beyond them, all that a person holds; None leaves them as they are.

        The links have no history of their own, so a history row of the person says what changed.
        """
        stored = User.objects.select_for_update().get(pk=person.pk)
        sentences = [
            *_difference(stored.groups.all(), roles, _("Roles given: %s."), _("Roles taken away: %s.")),
            *_difference(stored.user_permissions.all(), rights, _("Rights given: %s."), _("Rights taken away: %s.")),
        ]
        if not sentences:
            return
        require_change(actor, stored)
        require_rights_giver(actor)
        if roles is not None:
            stored.groups.set(roles)
        if rights is not None:
            stored.user_permissions.set(rights)
        with attributed(stored, actor=actor, reason=" ".join(sentences)):
            stored.save(update_fields=["is_staff"])


def _save(person: User, *, actor: Any) -> User:
    person.full_clean()
    with attributed(person, actor=actor):
        person.save()
    return person


def _refuse_rights_beyond(actor: Any, before: dict[str, bool], person: User) -> None:
    changed = [name for name, value in before.items() if getattr(person, name) != value]
    if changed:
        require_rights_giver(actor)
    if "is_superuser" in changed and not actor.is_superuser:
        raise PermissionDenied(_("Only a superuser may make or unmake one."))


def _difference(before: Iterable[Any], after: Iterable[Any] | None, given: str, taken: str) -> list[str]:
    if after is None:
        return []
    before, after = set(before), set(after)
    return [
        sentence % ", ".join(sorted(f"“{_plain(item)}”" for item in items))
        for sentence, items in ((given, after - before), (taken, before - after))
        if items
    ]


def _plain(item: Group | Permission) -> str:
    return item.name
