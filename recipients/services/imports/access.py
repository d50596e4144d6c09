"""Who may import what."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from backoffice.permissions import may_everywhere, require
from recipients.exceptions import RecipientError
from recipients.models import Import
from recipients.services.access import may_give_rights
from recipients.services.imports.registry import KINDS


def importable_by(actor: Any) -> list[Import.Kind]:
    """The kinds of which `actor` may import something."""
    if not (may_everywhere(actor, "add", Import) and may_everywhere(actor, "view", Import)):
        return []  # whoever imports has to see the page of the import
    return [Import.Kind(key) for key, kind in KINDS.items() if kind.may_import(actor)]


def may_import(actor: Any, kind: str) -> bool:
    return kind in importable_by(actor)


def require_import(actor: Any, kind: str) -> None:
    if not may_import(actor, kind):
        raise PermissionDenied(_("%(actor)s may not import this.") % {"actor": actor})


def lock_own(import_id: int, actor: Any) -> Import:
    """The import, locked. Only whoever uploaded it decides about it.

    Raises:
        PermissionDenied: somebody else did, or `actor` may not import it any more.
    """
    batch = _lock(import_id)
    require_import(actor, batch.kind)
    if batch.created_by_id != actor.pk:
        raise PermissionDenied(_("Only %(person)s, who uploaded it, can do this.") % {"person": batch.created_by})
    return batch


def lock_any(import_id: int, actor: Any) -> Import:
    """The import, locked, for what whoever may import the same may do with it: stop it, undo it."""
    batch = _lock(import_id)
    require(actor, "view", batch)
    require_import(actor, batch.kind)
    return batch


def may_stop(actor: Any, batch: Import) -> bool:
    """Whoever uploaded it or takes it back, and administrators."""
    return may_import(actor, batch.kind) and (actor.pk in {batch.created_by_id, batch.undone_by_id} or may_give_rights(actor))


def _lock(import_id: int) -> Import:
    batch = Import.objects.select_for_update(of=("self",)).select_related("created_by").filter(pk=import_id).first()
    if batch is None:
        raise RecipientError(_("This import no longer exists."))
    return batch
