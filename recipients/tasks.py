"""Tasks are doors too: a count out, one call each. Every task may run twice, or never."""

import logging
from smtplib import SMTPException

from celery import shared_task
from django.core.exceptions import ImproperlyConfigured

from recipients.services import ImportService, PersonService
from recipients.services.imports.states import APPLY, READ, UNDO

logger = logging.getLogger(__name__)

# Long: a million rows on a slow disk. Still less than the broker's visibility timeout.
LIMITS = {"soft_time_limit": 1080, "time_limit": 1140}


@shared_task(name="recipients.erase_leavers")
def erase_leavers() -> int:
    """Once a day: erase who those were who left long ago. Returns how many people that were."""
    try:
        return PersonService.erase_leavers()
    except ImproperlyConfigured as error:
        logger.error("Nobody's data are erased: %s", error)  # noqa: TRY400 - the sentence says it all
        return 0


@shared_task(name="recipients.read_import", **LIMITS)
def read_import(import_id: int) -> None:
    ImportService.read(import_id)


@shared_task(name="recipients.apply_import", **LIMITS)
def apply_import(import_id: int) -> None:
    ImportService.apply(import_id)


@shared_task(name="recipients.undo_import", **LIMITS)
def undo_import(import_id: int) -> None:
    ImportService.revert(import_id)


IMPORT_TASKS = {READ: read_import, APPLY: apply_import, UNDO: undo_import}


@shared_task(name="recipients.tell_of_import", autoretry_for=(OSError, SMTPException), retry_backoff=30, max_retries=8)
def tell_of_import(import_id: int) -> int:
    """Mail whoever asked to hear of the end of an import. Returns how many mails that were."""
    return ImportService.tell(import_id)


@shared_task(name="recipients.sweep_imports")
def sweep_imports() -> int:
    """Find imports that nobody works on: a message was lost, or a worker died. Returns how many were woken."""
    return ImportService.sweep()
