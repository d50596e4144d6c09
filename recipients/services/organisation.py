"""`RecipientService` and `RoleAssignmentService`: the entities, and who belongs to which."""

from typing import Any

from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import ngettext

from audit.attribution import acting
from backoffice.permissions import require
from recipients.exceptions import RecipientError
from recipients.models import Recipient, RoleAssignment
from recipients.services.creators import grant_to_creator


class RecipientService:
    @staticmethod
    @transaction.atomic
    def save(recipient: Recipient, *, actor: Any) -> Recipient:
        """Save an entity, new or changed."""
        if recipient.pk:
            require(actor, "change", recipient)
            return _save(recipient, actor=actor)
        require(actor, "add", Recipient)
        _save(recipient, actor=actor)
        grant_to_creator(recipient, actor=actor)
        return recipient

    @staticmethod
    @transaction.atomic
    def delete(recipient_id: int, *, actor: Any, reason: str = "") -> Recipient:
        """Delete an entity that nothing addresses; who belongs to it no longer does.

        Raises:
            RecipientError: something addresses it, so its record has to stay.
        """
        recipient = Recipient.objects.select_for_update().get(pk=recipient_id)
        require(actor, "delete", recipient)
        try:
            with transaction.atomic(), acting(actor, reason=reason):
                recipient.delete()
        except ProtectedError as error:
            recipient.pk = recipient_id
            raise RecipientError(_in_use(recipient, len(error.protected_objects))) from error
        return recipient


class RoleAssignmentService:
    @staticmethod
    @transaction.atomic
    def save(assignment: RoleAssignment, *, actor: Any) -> RoleAssignment:
        """Save that someone belongs to an entity, new or changed.

        Raises:
            PermissionDenied: `actor` may not decide who belongs to this entity, or to the one it named before.
        """
        require(actor, "manage_members", assignment.recipient)
        if assignment.pk:
            require(actor, "manage_members", Recipient.objects.get(roleassignment=assignment.pk))
        return _save(assignment, actor=actor)

    @staticmethod
    @transaction.atomic
    def delete(assignment: RoleAssignment, *, actor: Any, reason: str = "") -> None:
        require(actor, "manage_members", Recipient.objects.get(roleassignment=assignment.pk))
        with acting(actor, reason=reason):
            assignment.delete()


def _save[M: (Recipient, RoleAssignment)](instance: M, *, actor: Any) -> M:
    instance.full_clean()
    with acting(actor):
        instance.save()
    return instance


def _in_use(recipient: Recipient, count: int) -> str:
    return ngettext(
        "“%(name)s” is addressed %(count)d time, so its record has to stay. Make it inactive instead: then it addresses nobody.",
        "“%(name)s” is addressed %(count)d times, so its record has to stay. Make it inactive instead: then it addresses nobody.",
        count,
    ) % {"name": recipient, "count": count}
