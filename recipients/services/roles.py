"""`RoleService`: what each role may do. Kept by administrators only."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.utils.translation import ngettext

from audit.attribution import acting
from backoffice.permissions import require
from recipients.exceptions import RecipientError
from recipients.services.access import require_rights_giver


class RoleService:
    @staticmethod
    @transaction.atomic
    def save(role: Group, *, rights: Iterable[Permission] | None = None, offered: Iterable[Permission] = (), actor: Any) -> Group:
        """Save a role; of the permissions `offered`, make `rights` all that it allows. The others stay as they are."""
        require(actor, "change" if role.pk else "add", Group)
        require_rights_giver(actor)
        role.full_clean()
        with acting(actor):
            role.save()
            if rights is not None:
                role.permissions.remove(*set(offered) - set(rights))
                role.permissions.add(*rights)
        return role

    @staticmethod
    @transaction.atomic
    def delete(role_id: int, *, actor: Any) -> Group:
        role = Group.objects.select_for_update().get(pk=role_id)
        require(actor, "delete", role)
        require_rights_giver(actor)
        if holders := role.user_set.count():
            raise RecipientError(
                ngettext(
                    "%(count)d person has the role “%(role)s”. Take it away from them first.",
                    "%(count)d people have the role “%(role)s”. Take it away from them first.",
                    holders,
                )
                % {"count": holders, "role": role}
            )
        with acting(actor):
            role.delete()
        return role
