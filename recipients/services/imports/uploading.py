"""Taking a file in: stored under a name of ours, measured and digested, and put to work."""

import errno
import hashlib
from pathlib import PurePath
from typing import Any

from django.core.files import File
from django.db import transaction
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.attribution import acting
from recipients.exceptions import RecipientError
from recipients.imports.limits import DEFAULT_LIMITS
from recipients.imports.problems import shown
from recipients.models import Import, ImportFile
from recipients.models.imports import stored_name
from recipients.services.imports.access import lock_own, require_import
from recipients.services.imports.asking import ask_for_work
from recipients.services.imports.registry import kind_of
from recipients.services.imports.states import READ

LONGEST_NAME = 150
MOST_PARTS = 20
NO_ROOM = gettext_lazy("There is no room for this file on the server. Nothing was kept. Tell whoever runs it.")
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def upload(file: "File[Any]", *, kind: str, mode: str, actor: Any) -> Import:
    """Store a file and have it read. Nothing of it counts before its plan is confirmed.

    Raises:
        RecipientError: it is empty, too large, or cannot be stored.
    """
    require_import(actor, kind)
    batch = Import(kind=kind, mode=mode, created_by=actor)
    if mode not in kind_of(batch).modes:
        raise RecipientError(_("This cannot be imported in this way. Choose another one."))
    refuse_unfit(file)
    with transaction.atomic(), acting(actor):
        batch.save()
        _store(batch, file, part=1)
        ask_for_work(READ, batch)
    return batch


@transaction.atomic
def mend(import_id: int, file: "File[Any]", *, actor: Any) -> Import:
    """Put a file of mended rows in the place of all rows that are wrong.

    If the good rows are imported already, a new import follows the old one; what is there is found unchanged.
    """
    batch = lock_own(import_id, actor)
    if batch.state not in {Import.State.CHECKED, Import.State.DONE}:
        raise RecipientError(_("There are no rows to mend now. Look at the page again."))
    if not batch.summary.get("wrong_rows"):
        raise RecipientError(_("No row is wrong, so there is nothing to mend. Upload the file as a new import."))
    if batch.files.count() >= MOST_PARTS:
        raise RecipientError(_("This was mended many times. Put everything into one file, and upload it as a new import."))
    refuse_unfit(file)
    with acting(actor):
        mended = _follow(batch) if batch.state == Import.State.DONE else batch
        _store(mended, file, part=batch.files.count() + 1, replaces=_wrong_lines(batch))
        mended.state = Import.State.READING
        mended.save(update_fields=["state"])
        ask_for_work(READ, mended)
    return mended


def _wrong_lines(batch: Import) -> dict[str, list[int]]:
    lines: dict[str, list[int]] = {}
    for part, line in batch.problems.order_by("part", "line").values_list("part", "line").distinct():
        lines.setdefault(str(part), []).append(line)
    return lines


def _follow(batch: Import) -> Import:
    """Another import of the same files. It removes nobody: who belongs where has gone on since the first."""
    mode = Import.Mode.UPDATE if batch.mode == Import.Mode.REPLACE else batch.mode
    following = Import.objects.create(kind=batch.kind, mode=mode, created_by=batch.created_by, follows=batch)
    for file in batch.files.all():
        file.pk, file._state.adding, file.batch = None, True, following
        file.save()
    return following


def refuse_unfit(file: "File[Any]") -> None:
    if not file.size:
        raise RecipientError(_("This file is empty. Choose the file that holds your data."))
    if file.size > DEFAULT_LIMITS.file_bytes:
        facts = {"size": filesizeformat(file.size), "most": filesizeformat(DEFAULT_LIMITS.file_bytes)}
        raise RecipientError(_("This file is %(size)s. The limit is %(most)s: split it, and import the parts one by one.") % facts)


def _store(batch: Import, file: "File[Any]", *, part: int, replaces: dict[str, list[int]] | None = None) -> None:
    """The row, and with it the file: what is rolled back takes the file along."""
    answers = _same_columns(batch) if replaces else {}
    facts = {"name": clean_name(file.name or ""), "size": file.size, "sha256": _digest(file)}
    stored = ImportFile(batch=batch, part=part, answers=answers, replaces=replaces or {}, **facts)
    storage, name = stored.file.storage, stored_name()
    try:
        stored.file.name = storage.save(name, file)
        stored.save()
    except BaseException as error:
        storage.delete(name)
        if isinstance(error, OSError) and error.errno in FULL:
            raise RecipientError(NO_ROOM) from error
        raise


def _same_columns(batch: Import) -> dict[str, Any]:
    """Columns that were mapped by hand bear the same titles among the wrong rows that went out."""
    mapping = batch.files.order_by("part")[0].answers.get("mapping")
    return {"mapping": mapping} if mapping else {}


def clean_name(name: str) -> str:
    """What people see; it never becomes a path."""
    path = PurePath(shown(PurePath(name.replace("\\", "/")).name, most=4 * LONGEST_NAME) or _("file"))
    return path.stem[:LONGEST_NAME] + path.suffix[:10]


def _digest(file: "File[Any]") -> str:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()
