"""Asking for work on an import: on record at once, and sent to a worker after commit."""

from functools import partial

from django.db import transaction

from backoffice.jobs import ask_for
from recipients.events import import_work_asked
from recipients.models import Import


def ask_for_work(job: str, batch: Import) -> None:
    """In the caller's transaction."""
    ask_for(job, batch.pk)
    transaction.on_commit(partial(import_work_asked.send_robust, Import, job=job, import_id=batch.pk))
