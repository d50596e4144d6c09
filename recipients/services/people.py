"""`PersonService`: accounts. Nobody is ever deleted; people who leave are made inactive."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from audit.attribution import acting
from backoffice.permissions import require
from recipients.exceptions import RecipientError
from recipients.models import User
from recipients.services.access import require_change, require_rights_giver
from recipients.services.leaving import LeavingMixin
from recipients.services.personal_data import PersonalDataMixin
from recipients.signin.services import SessionService, TwoFactorService

RIGHTS = ("is_staff", "is_superuser")


class PersonService(LeavingMixin, PersonalDataMixin):
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
        if person.on_hold != stored.on_hold:
            require(actor, "anonymise", stored)  # who decides that it is erased decides that it is kept
        if stored.pk == actor.pk and not (person.is_active and person.is_staff >= stored.is_staff):
            raise RecipientError(_("You would lock yourself out. Ask another administrator to do this."))
        if stored.is_active and not person.is_active:
            SessionService.end_all(stored)  # else they would be open again if the account ever is
        return _save(person, actor=actor)

    @staticmethod
    @transaction.atomic
    def reset_second_step(person_id: int, *, actor: Any, reason: str) -> None:
        """Take the phone and the recovery codes off an account whose owner lost them, and sign them out everywhere.

        Raises:
            PermissionDenied: `actor` may not change this account.
            RecipientError: there is nothing to reset, it is the actor's own, or no reason is given.
        """
        person = User.objects.select_for_update().get(pk=person_id)
        require_change(actor, person)
        if person.pk == actor.pk:
            raise RecipientError(_("Your own second step you turn off under your account, with a code. Or ask another administrator."))
        if not reason.strip():
            raise RecipientError(_("Say how you know that it is really them who asked. It stays on record."))
        if not TwoFactorService.turn_off(person, actor=actor, reason=reason):
            raise RecipientError(_("%(person)s has no second step to reset.") % {"person": person})
        SessionService.end_all(person)

    @staticmethod
    @transaction.atomic
    def set_roles(person: User, *, roles: Iterable[Group] | None = None, rights: Iterable[Permission] | None = None, actor: Any) -> None:
        """Make `roles`, and `rights` beyond them, all that a person holds; None leaves them as they are."""
        stored = User.objects.select_for_update().get(pk=person.pk)
        changes = [
            (held, set(wanted))
            for held, wanted in ((stored.groups, roles), (stored.user_permissions, rights))
            if wanted is not None and set(held.all()) != set(wanted)
        ]
        if not changes:
            return
        require_change(actor, stored)
        require_rights_giver(actor)
        with acting(actor):
            for held, wanted in changes:
                held.set(wanted)


def _save(person: User, *, actor: Any) -> User:
    person.full_clean()
    with acting(actor):
        person.save()
    return person


def _refuse_rights_beyond(actor: Any, before: dict[str, bool], person: User) -> None:
    changed = [name for name, value in before.items() if getattr(person, name) != value]
    if changed:
        require_rights_giver(actor)
    if "is_superuser" in changed and not actor.is_superuser:
        raise PermissionDenied(_("Only a superuser may make or unmake one."))
