"""What its steward decides about an import: answering what the file leaves open, confirming, stopping, reading it again."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from audit.attribution import acting
from backoffice import clock
from backoffice.jobs import ask_to_stop
from recipients.exceptions import RecipientError
from recipients.models import Import, ImportFile, ImportRow
from recipients.services.imports.access import lock_any, lock_own, may_stop
from recipients.services.imports.asking import ask_for_work
from recipients.services.imports.states import APPLY, JOBS, READ, as_json

MANY, SHARE = 500, 0.2  # members: who removes more of them, or a larger part of all, is asked to type the number
CHANGES = (ImportRow.Outcome.NEW, ImportRow.Outcome.CHANGED, ImportRow.Outcome.REMOVED)


@transaction.atomic
def answer(import_id: int, *, encoding: str = "", sheet: str = "", mapping: Mapping[str, str] | None = None, actor: Any) -> Import:
    """Answer what the last file left open: how its text is encoded, which sheet is meant, which column is which; and read it again."""
    batch = lock_own(import_id, actor)
    _expect(batch, Import.State.UNREADABLE)
    file = _last_file(batch)
    answers = {"encoding": encoding, "sheet": sheet, "mapping": dict(mapping or {})}
    file.answers |= {name: value for name, value in answers.items() if value}
    with acting(actor):
        file.save(update_fields=["answers"])
    return _read(batch, actor)


@transaction.atomic
def leave_out_last(import_id: int, *, actor: Any) -> Import:
    """Take away the file that was to mend rows, and read what was there before it.

    Raises:
        RecipientError: it is the only file, or nothing is wrong with it.
    """
    batch = lock_own(import_id, actor)
    _expect(batch, Import.State.UNREADABLE)
    last = _last_file(batch)
    if last.part == 1:
        raise RecipientError(_("This is the only file. Upload another one as a new import."))
    with acting(actor):
        last.delete()
    return _read(batch, actor)


@transaction.atomic
def read_again(import_id: int, *, actor: Any) -> Import:
    """Compare the file with the data as they are now."""
    batch = lock_own(import_id, actor)
    _expect(batch, Import.State.CHECKED, Import.State.STOPPED, Import.State.FAILED)
    return _read(batch, actor)


@transaction.atomic
def confirm(
    import_id: int, *, reading: int, sets_aside: bool = False, typed: str = "", reason: str = "", mails_when_done: bool = False, actor: Any
) -> Import:
    """Have the plan of the preview number `reading` carried out.

    `sets_aside`: the good rows now, though others are wrong. `typed`: how many it removes, if those are many.

    Raises:
        RecipientError: it is not the plan that was shown, or not one that can be carried out.
    """
    batch = lock_own(import_id, actor)
    _expect(batch, Import.State.CHECKED)
    if reading != batch.readings:
        raise RecipientError(_("The file was compared with the data again since you opened this page. Look at the new numbers first."))
    batch.sets_aside, batch.mails_when_done = sets_aside, mails_when_done
    _refuse_unready(batch, typed)
    batch.state, batch.confirmed_at, batch.reason = Import.State.APPLYING, clock.now(), reason
    with acting(actor, reason=reason):
        batch.save(update_fields=["state", "confirmed_at", "reason", "sets_aside", "mails_when_done"])
    ask_for_work(APPLY, batch)
    return batch


@transaction.atomic
def stop(import_id: int, *, actor: Any) -> bool:
    """Ask the work that goes on to stop; nothing of it will be left. False: it has ended already."""
    batch = lock_any(import_id, actor)
    if not may_stop(actor, batch):
        raise PermissionDenied(_("Whoever uploaded it can stop it, and administrators can."))
    return any(ask_to_stop(job, batch.pk) for job in JOBS)


@transaction.atomic
def give_up_waiting(import_id: int) -> None:
    """Nobody has decided; the file stays, and can be read again."""
    batch = Import.objects.select_for_update().get(pk=import_id)
    if batch.state != Import.State.CHECKED:
        return
    batch.state = Import.State.STOPPED
    batch.problem = as_json(_("Nobody decided about it for a month. Read the file again to see what it would change now."))
    with acting(None):
        batch.save(update_fields=["state", "problem"])
    ImportRow.objects.filter(batch=batch).delete()


def _last_file(batch: Import) -> ImportFile:
    """The one that is being asked about: those before it could be read."""
    return batch.files.order_by("-part")[0]


def removes_many(batch: Import) -> bool:
    removed, stay = batch.summary.get("removed", 0), batch.summary.get("stays", 0)
    return removed > MANY or removed > SHARE * (removed + stay)


def _refuse_unready(batch: Import, typed: str) -> None:
    summary = batch.summary
    if summary["wrong_rows"] and not batch.sets_aside:
        raise RecipientError(_("Some rows are wrong. Mend them, or choose to import the good rows now."))
    if not any(summary[outcome] for outcome in CHANGES):
        raise RecipientError(_("Nothing would change, so there is nothing to import."))
    if removes_many(batch) and "".join(filter(str.isdigit, typed)) != str(summary["removed"]):
        raise RecipientError(_("Type how many members would be removed: it is the number in the preview."))


def _expect(batch: Import, *states: Import.State) -> None:
    if batch.state not in states:
        state = batch.get_state_display().lower()
        raise RecipientError(_("This import is in another state by now: %(state)s. Look at the page again.") % {"state": state})


def _read(batch: Import, actor: Any) -> Import:
    batch.state, batch.finished_at = Import.State.READING, None
    batch.summary.pop("overdue", None)
    with acting(actor):
        batch.save()
    ask_for_work(READ, batch)
    return batch
