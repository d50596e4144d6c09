"""Carrying out a plan that its steward has confirmed: all of it in one transaction, or none of it."""

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from audit.attribution import acting, operation
from audit.sources import Source
from backoffice import clock
from backoffice.jobs import Busy, Run, Stopped, running
from recipients.events import import_ended
from recipients.models import Import, ImportRow
from recipients.services.imports.access import may_import
from recipients.services.imports.asking import ask_for_work
from recipients.services.imports.files import is_as_uploaded
from recipients.services.imports.registry import kind_of
from recipients.services.imports.states import APPLY, READ, end

MOST_ATTEMPTS = 3
WRITES = (ImportRow.Outcome.NEW, ImportRow.Outcome.CHANGED, ImportRow.Outcome.REMOVED)


class OverdueError(Exception):
    """What was confirmed is no longer what would happen."""


class RefusedError(Exception):
    """It must not be done any more. The sentence says why."""


def apply(import_id: int) -> None:
    """Do what was confirmed. Harmless to repeat: what is done is not done again."""
    try:
        with running(APPLY, import_id) as run, operation(Source.IMPORT, str(import_id)):
            _apply(import_id, run)
    except Busy:
        return


def _apply(import_id: int, run: Run) -> None:
    batch = Import.objects.select_related("created_by").get(pk=import_id)
    try:
        refuse_endless(run)
        with transaction.atomic(), acting(batch.created_by, reason=batch.reason):
            _apply_all(batch, run)
            run.finish()
    except Stopped:
        end(batch, run, Import.State.STOPPED)
    except OverdueError:
        _preview_again(batch, run)
    except (RefusedError, IntegrityError) as refused:
        end(batch, run, Import.State.FAILED, problem=why(refused))
    else:
        ImportRow.objects.filter(batch=batch).delete()  # the history says it from now on
    import_ended.send_robust(Import, import_id=batch.pk)


def why(refused: Exception) -> str:
    """The database refuses what the plan did not foresee: something it names is gone."""
    if isinstance(refused, IntegrityError):
        return _("Something that it names was deleted or taken meanwhile. Nothing was changed. Look at it again.")
    return str(refused)


def refuse_endless(run: Run) -> None:
    """Whatever interrupts a worker each time shall not do so for ever."""
    if run.attempt > MOST_ATTEMPTS:
        raise RefusedError(_("It was interrupted several times. Nothing was changed. Try once more."))


def _apply_all(batch: Import, run: Run) -> None:
    kind = kind_of(batch)
    if not may_import(batch.created_by, batch.kind):
        raise RefusedError(_("%(person)s may no longer import this. Nothing was changed.") % {"person": batch.created_by})
    if not all(map(is_as_uploaded, batch.files.all())):
        raise RefusedError(_("The stored file is no longer the one that was uploaded. Nothing was changed. Upload it again."))
    run.tell("locking")
    if not kind.lock(batch, batch.created_by):
        raise OverdueError
    run.tell("comparing")
    planned = {outcome: batch.summary[outcome] for outcome in ImportRow.Outcome}
    if kind.stale(batch) or sum(planned.values()) != batch.rows.count():
        raise OverdueError
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # else all foreign keys are looked up at the end, where nobody sees it
    done, total = 0, sum(planned[outcome] for outcome in WRITES)
    for count in kind.steps(batch, batch.created_by):
        done += count
        run.tell("importing", done, total)
    batch.state, batch.finished_at = Import.State.DONE, clock.now()
    batch.save(update_fields=["state", "finished_at"])


@transaction.atomic
def _preview_again(batch: Import, run: Run) -> None:
    """The data have changed since: read it anew, and let its steward look again."""
    end(batch, run, Import.State.READING)
    batch.summary |= {"overdue": True}
    batch.save(update_fields=["summary"])
    ask_for_work(READ, batch)
