"""Long lists become files in the background: asked for, made alone, stopped, fetched by who asked, and forgotten a day later."""

import hashlib
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, QueryDict
from django.utils.translation import gettext as _

from audit.exports.csv_table import CsvTable
from audit.exports.lists import Asked, ExportedList, FilterError, lists
from audit.exports.snapshot import Snapshot
from audit.exports.xlsx_table import write_workbook
from audit.models import ListExport
from audit.models.list_export import KEPT
from backoffice import clock, jobs

XLSX = "xlsx"
KIND = "audit.list_export"
FOLDER = "exports"
MOST_AT_ONCE = 20_000  # rows that are the answer itself
MOST_UNDER_WAY = 3  # for one person
MOST_ATTEMPTS = 3
WRITING = "writing"

State = ListExport.State
logger = logging.getLogger(__name__)


class ListExportError(Exception):
    """It cannot be made now. The message says what to do."""


@transaction.atomic
def ask(exported: ExportedList, asked: Asked, *, wanted: str, rows: int) -> ListExport:
    """Have a file made. The same one under way already is joined instead.

    Raises:
        PermissionDenied, Http404: `asked.user` may not have it.
        ListExportError: enough of theirs are under way.
    """
    from audit.tasks import make_export  # noqa: PLC0415 - tasks call this module

    exported.admit(asked)
    get_user_model()._base_manager.select_for_update(no_key=True).get(pk=asked.user.pk)  # one click after the other
    under_way = ListExport.objects.filter(user=asked.user, state=State.MAKING)
    what = {"list_name": exported.name, "object_id": asked.object_id, "query": asked.query.urlencode(), "format": wanted}
    if (same := under_way.filter(**what).first()) is not None:
        return same
    if under_way.count() >= MOST_UNDER_WAY:
        raise ListExportError(_("%(number)d exports of yours are under way. Wait for one, or stop it.") % {"number": MOST_UNDER_WAY})
    export = ListExport.objects.create(
        user=asked.user, words=exported.words(asked), rows=rows, file=f"{FOLDER}/{token_hex(16)}.{wanted}", **what
    )
    jobs.ask_for(KIND, export.pk)
    transaction.on_commit(partial(make_export.delay, export.pk))
    return export


def make(export_id: int) -> int:
    """Returns how many rows were written. Asked twice, it is made once; of a killed worker's half a file nothing is left."""
    try:
        with jobs.running(KIND, export_id) as run:
            return _make(ListExport.objects.select_related("user").get(pk=export_id), run)
    except jobs.Busy:
        return 0


def _make(export: ListExport, run: jobs.Run) -> int:
    try:
        if run.attempt > MOST_ATTEMPTS:
            _end(export, run, State.FAILED, _("It was begun three times and never came to its end. Narrow the list by a filter."))
            return 0
        rows, of_all = _write(export, run)
        _ready(export, run, rows, of_all=of_all)
    except jobs.Stopped:
        _end(export, run, State.STOPPED)
    except (PermissionDenied, Http404):
        _end(export, run, State.REFUSED, _("You may no longer export this list."))
    except FilterError as error:
        _end(export, run, State.REFUSED, str(error))
    except Exception:  # whatever it is, the page has to say so, and the log what it was
        _end(export, run, State.FAILED, _("The file could not be written. Try again later, or narrow the list by a filter."))
        logger.exception("The export %s of a list could not be made.", export.pk)
        raise
    else:
        return rows
    return 0


def _write(export: ListExport, run: jobs.Run) -> tuple[int, bool]:
    exported, asked = what_was_asked(export)
    exported.admit(asked)
    of_all, rows = exported.may_all(asked.user), exported.rows(asked)
    with Snapshot() as snapshot:
        total = snapshot.count_of(exported.resource().counted(rows))
        table = exported.table(rows)
        path = path_of(export)
        path.parent.mkdir(parents=True, exist_ok=True)

        def tell(done: int) -> None:
            run.tell(WRITING, done, total)

        tell(0)
        with path.open("wb") as file:
            path.chmod(settings.FILE_UPLOAD_PERMISSIONS)
            if export.format == XLSX:
                write_workbook(table, snapshot, file, tell=tell)
            else:
                file.writelines(CsvTable(table, snapshot, tell=tell))
    return total, of_all


def _ready(export: ListExport, run: jobs.Run, rows: int, *, of_all: bool) -> None:
    path = path_of(export)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    facts: dict[str, Any] = {"rows": rows, "of_all": of_all, "size": path.stat().st_size, "sha256": digest, "ended_at": clock.now()}
    with transaction.atomic():
        run.finish()
        ListExport.objects.filter(pk=export.pk).update(state=State.READY, **facts)


def _end(export: ListExport, run: jobs.Run, state: str, problem: str = "") -> None:
    """There is no file, and nobody is to go on with it."""
    _remove(export)
    with transaction.atomic():
        run.finish(even_if_stopped=True)
        ListExport.objects.filter(pk=export.pk).update(state=state, problem=problem, ended_at=clock.now())


def _remove(export: ListExport) -> bool:
    """What keeps the file from being removed keeps nothing else from going on: nobody can fetch it any more."""
    try:
        path_of(export).unlink(missing_ok=True)
    except OSError:
        logger.exception("The file of the export %s of a list could not be removed.", export.pk)
        return False
    return True


def stop(export: ListExport) -> None:
    """At once if nobody is at it; else whoever is hears of it."""
    jobs.ask_to_stop(KIND, export.pk)
    try:
        with jobs.running(KIND, export.pk) as run:
            _end(export, run, State.STOPPED)
    except jobs.Busy:
        pass


def own(user: Any) -> Any:
    """What this person asked for, the newest first."""
    return ListExport.objects.filter(user=user).order_by("-asked_at", "-pk")


def what_was_asked(export: ListExport) -> tuple[ExportedList, Asked]:
    """Raises PermissionDenied if there is no such list any more."""
    if export.list_name not in lists():
        raise PermissionDenied
    return lists()[export.list_name], Asked(export.user, QueryDict(export.query), export.object_id)


def may_fetch(export: ListExport) -> bool:
    """The right is asked again, and as much of it as the file was made with."""
    try:
        exported, asked = what_was_asked(export)
        exported.admit(asked)
    except (PermissionDenied, Http404):
        return False
    return exported.may_all(asked.user) or not export.of_all


def path_of(export: ListExport) -> Path:
    return Path(settings.MEDIA_ROOT) / export.file


# -- on the clock --
def send_lost(send: Callable[[int], Any]) -> int:
    """Give to a worker again what lost its own."""
    lost = jobs.lost(KIND)
    for export_id in lost:
        send(export_id)
    return len(lost)


def forget_old() -> int:
    """Remove the files whose day is over; one that cannot be removed is tried again the next time."""
    old = ListExport.objects.filter(state=State.READY, ended_at__lte=clock.now() - KEPT)
    removed = [export.pk for export in old if _remove(export)]
    return ListExport.objects.filter(pk__in=removed).update(state=State.GONE)
