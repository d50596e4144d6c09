"""`RecipientGroupService`: groups, their members, and their trash."""

from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from audit.attribution import acting
from backoffice.permissions import require
from recipients.dtos import Address
from recipients.exceptions import RecipientError
from recipients.models import RecipientGroup, RecipientGroupAdditionalRecipient, RecipientGroupRecipient
from recipients.services import links
from recipients.services.creators import grant_to_creator

# What a group consists of: the link, its column, and the part of an Address that names it.
LINKS = (
    (RecipientGroupRecipient, "recipient_id", "recipient_ids"),
    (RecipientGroupAdditionalRecipient, "user_id", "person_ids"),
)


class RecipientGroupService:
    """One method per event. Each locks the group, asks the permission, and leaves history rows by `actor`."""

    @staticmethod
    @transaction.atomic
    def create(group: RecipientGroup, *, members: Address | None = None, actor: Any) -> RecipientGroup:
        require(actor, "add", RecipientGroup)
        group.created_by = group.modified_by = actor
        with acting(actor):
            _save(group, actor=actor)
            grant_to_creator(group, actor=actor)
            _link(group, members or Address())
        return group

    @staticmethod
    @transaction.atomic
    def change(group: RecipientGroup, *, actor: Any) -> RecipientGroup:
        """Save a changed code, name or description."""
        _lock(group.pk, verb="change", actor=actor)
        group.modified_by = actor
        return _save(group, actor=actor)

    @staticmethod
    @transaction.atomic
    def set_members(group_id: int, members: Address, *, actor: Any) -> RecipientGroup:
        """Make `members` (entities and single people) all that the group consists of."""
        now = members_of(group_id)
        return RecipientGroupService.change_members(group_id, add=members.without(now), remove=now.without(members), actor=actor)

    @staticmethod
    @transaction.atomic
    def change_members(group_id: int, *, add: Address = Address(), remove: Address = Address(), actor: Any) -> RecipientGroup:  # noqa: B008 - frozen
        """Take `remove` out of the group and put `add` into it. Repeating it changes nothing."""
        group = _lock(group_id, verb="manage_members", actor=actor)
        with acting(actor):
            if _unlink(group, remove) + _link(group, add):
                group.modified_by = actor
                group.save(update_fields=["modified_by", "modified_at"])
        return group

    @staticmethod
    @transaction.atomic
    def delete(group_id: int, *, actor: Any, reason: str = "") -> RecipientGroup:
        """Put a group into the trash, with its members.

        Raises:
            PermissionDenied: `actor` may not delete this group.
            ValidationError: a receiver of `pre_soft_delete` still needs it, and says for what.
        """
        group = _lock(group_id, verb="delete", actor=actor)
        with acting(actor, reason=reason):
            group.delete(user=actor)
        return group

    @staticmethod
    @transaction.atomic
    def restore(group_id: int, *, actor: Any, code: str = "") -> RecipientGroup:
        """Take a group out of the trash, with the members it had. `code` replaces its code, if another group has it now."""
        group = _lock(group_id, verb="delete", actor=actor, in_trash=True)
        group.code = code.strip() or group.code
        _refuse_taken_code(group)
        try:
            with transaction.atomic(), acting(actor, reason=_("Restored from the trash")):
                group.is_deleted, group.deleted_at, group.deleted_by, group.modified_by = False, None, None, actor
                group.save(update_fields=["code", "is_deleted", "deleted_at", "deleted_by", "modified_by", "modified_at"])
        except IntegrityError:
            group.is_deleted = True
            _refuse_taken_code(group)
            raise
        return group


def members_of(group_id: int) -> Address:
    ids = {field: model.objects.filter(recipient_group_id=group_id).values_list(column, flat=True) for model, column, field in LINKS}
    return Address.of(recipients=ids["recipient_ids"], people=ids["person_ids"])


def code_is_taken_by(group: RecipientGroup) -> RecipientGroup | None:
    """The living group that has this group's code."""
    return RecipientGroup.objects.filter(code=group.code).exclude(pk=group.pk).first()


def _lock(group_id: int, *, verb: str, actor: Any, in_trash: bool = False) -> RecipientGroup:
    group = RecipientGroup.all_objects.select_for_update(of=("self",)).filter(pk=group_id).first()
    if group is None:
        raise RecipientError(_("This group no longer exists."))
    require(actor, verb, group)
    if group.is_deleted and not in_trash:
        raise RecipientError(_("“%(name)s” is in the trash. Restore it first.") % {"name": group})
    if in_trash and not group.is_deleted:
        raise RecipientError(_("“%(name)s” is not in the trash.") % {"name": group})
    return group


def _save(group: RecipientGroup, *, actor: Any) -> RecipientGroup:
    group.full_clean()
    with acting(actor):
        group.save()
    return group


def _refuse_taken_code(group: RecipientGroup) -> None:
    if other := code_is_taken_by(group):
        raise RecipientError(
            _("“%(name)s” cannot come back with the code “%(code)s”: the group “%(other)s” has it now. Give it another code.")
            % {"name": group, "code": group.code, "other": other}
        )


def _link(group: RecipientGroup, members: Address) -> int:
    """Add members; returns how many were not there yet."""
    try:
        return sum(links.add(model, {"recipient_group": group}, column, getattr(members, field)) for model, column, field in LINKS)
    except links.TargetMissingError as error:
        raise RecipientError(_("One of the members no longer exists. Choose the members again.")) from error


def _unlink(group: RecipientGroup, members: Address) -> int:
    """Remove members; returns how many were there."""
    return sum(links.remove(model, {"recipient_group": group}, column, getattr(members, field)) for model, column, field in LINKS)
