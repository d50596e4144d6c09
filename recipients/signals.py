"""Side effects of business events, one call each."""

from typing import Any

from django.dispatch import receiver

from recipients.events import import_ended, import_work_asked
from recipients.tasks import IMPORT_TASKS, tell_of_import


@receiver(import_work_asked, dispatch_uid="recipients.wake_the_worker_for_an_import")
def wake_the_worker_for_an_import(sender: Any, job: str, import_id: int, **kwargs: Any) -> None:
    IMPORT_TASKS[job].delay(import_id)


@receiver(import_ended, dispatch_uid="recipients.mail_whoever_imported")
def mail_whoever_imported(sender: Any, import_id: int, **kwargs: Any) -> None:
    tell_of_import.delay(import_id)
