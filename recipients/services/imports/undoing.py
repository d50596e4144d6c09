"""Taking an import back: whatever nobody has changed since is made as it was before, in one transaction and with its own history.

The history says what the import did. Its reverse becomes a plan like any other, and is carried out in the same way.
"""

from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from audit.attribution import acting, operation
from audit.sources import Source
from backoffice import clock
from backoffice.jobs import Busy, Run, Stopped, running
from recipients.exceptions import RecipientError
from recipients.models import Import, ImportRow
from recipients.services.imports.access import lock_any, may_import
from recipients.services.imports.applying import RefusedError, refuse_endless, why
from recipients.services.imports.asking import ask_for_work
from recipients.services.imports.registry import kind_of
from recipients.services.imports.states import UNDO, end


@transaction.atomic
def undo(import_id: int, *, reason: str = "", actor: Any) -> Import:
    """Have an import taken back."""
    batch = lock_any(import_id, actor)
    if batch.state != Import.State.DONE:
        raise RecipientError(_("Only what is imported, and not undone yet, can be undone."))
    batch.state, batch.undone_by, batch.problem, batch.reason = Import.State.UNDOING, actor, None, reason
    with acting(actor, reason=reason):
        batch.save(update_fields=["state", "undone_by", "problem", "reason"])
    ask_for_work(UNDO, batch)
    return batch


def revert(import_id: int) -> None:
    """Do what was asked for by `undo`. Harmless to repeat."""
    try:
        with running(UNDO, import_id) as run, operation(Source.IMPORT, str(import_id)):
            _revert(import_id, run)
    except Busy:
        return


def _revert(import_id: int, run: Run) -> None:
    batch = Import.objects.select_related("created_by", "undone_by").get(pk=import_id)
    actor = batch.undone_by
    try:
        refuse_endless(run)
        with transaction.atomic(), acting(actor, reason=batch.reason or _("Undone")):
            _revert_all(batch, actor, run)
            run.finish()
    except Stopped:
        end(batch, run, Import.State.DONE, problem=_("Undoing it was stopped. Nothing was changed."))
    except (RefusedError, IntegrityError) as refused:
        end(batch, run, Import.State.DONE, problem=why(refused))
    else:
        ImportRow.objects.filter(batch=batch).delete()


def _revert_all(batch: Import, actor: Any, run: Run) -> None:
    kind = kind_of(batch)
    if not may_import(actor, batch.kind):
        raise RefusedError(_("%(person)s may no longer undo this. Nothing was changed.") % {"person": actor})
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '256MB'")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    run.tell("planning")
    # What is to be locked is known from the plan, and the plan is sure only with the lock held.
    for _pass in range(2):
        ImportRow.objects.filter(batch=batch).delete()
        left = kind.plan_reverse(batch)
        if not kind.lock(batch, actor):
            raise RefusedError(_("%(person)s may not change all that this import changed. Nothing was changed.") % {"person": actor})
    done, total = 0, batch.rows.count()
    for count in kind.steps(batch, actor):
        done += count
        run.tell("undoing", done, total)
    batch.summary |= {"undone": total, "left": left}
    batch.state, batch.undone_at = Import.State.UNDONE, clock.now()
    batch.save(update_fields=["state", "undone_at", "summary"])
