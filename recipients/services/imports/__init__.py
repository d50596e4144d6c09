"""`ImportService`: the one door through which spreadsheets come in.

uploading -> reading (staging, the kind's plan) -> deciding -> applying -> undoing
"""

from datetime import timedelta

from django.db.models import Q

from backoffice import clock
from backoffice.jobs import lost
from recipients.events import import_work_asked
from recipients.models import Import, ImportRow
from recipients.services.imports import applying, deciding, mail, reading, undoing, uploading
from recipients.services.imports.states import JOBS

ENDED = (Import.State.DONE, Import.State.UNDONE, Import.State.FAILED)
A_DAY, LONGEST_WAIT = timedelta(days=1), timedelta(days=30)


class ImportService:
    """One method per event; the work itself is done by `read`, `apply` and `revert`, which a worker calls."""

    upload = staticmethod(uploading.upload)
    mend = staticmethod(uploading.mend)
    answer = staticmethod(deciding.answer)
    leave_out_last = staticmethod(deciding.leave_out_last)
    read_again = staticmethod(deciding.read_again)
    confirm = staticmethod(deciding.confirm)
    stop = staticmethod(deciding.stop)
    undo = staticmethod(undoing.undo)

    read = staticmethod(reading.read)
    apply = staticmethod(applying.apply)
    revert = staticmethod(undoing.revert)
    tell = staticmethod(mail.tell)

    @staticmethod
    def sweep() -> int:
        """Wake what nobody works on, and forget plans that nobody needs any more. Returns how many imports were woken."""
        _forget_plans()
        waiting = [(job, import_id) for job in JOBS for import_id in lost(job)]
        for job, import_id in waiting:
            import_work_asked.send_robust(Import, job=job, import_id=import_id)
        return len(waiting)


def _forget_plans() -> None:
    """Of what is carried out, and of what nobody has decided about for a month."""
    now = clock.now()
    ended = Import.objects.filter(Q(finished_at__gte=now - A_DAY) | Q(undone_at__gte=now - A_DAY), state__in=ENDED)
    ImportRow.objects.filter(batch__in=list(ended)).delete()
    for batch in Import.objects.filter(state=Import.State.CHECKED, read_at__lt=now - LONGEST_WAIT):
        deciding.give_up_waiting(batch.pk)
