"""`ImportService`: the one door through which spreadsheets come in.

uploading -> reading (staging, the kind's plan) -> deciding -> applying -> undoing
"""

from backoffice.jobs import lost
from recipients.events import import_work_asked
from recipients.models import Import, ImportRow
from recipients.services.imports import applying, deciding, mail, reading, undoing, uploading
from recipients.services.imports.states import JOBS

ENDED = (Import.State.DONE, Import.State.UNDONE, Import.State.FAILED)


class ImportService:
    """One method per event; the work itself is done by `read`, `apply` and `revert`, which a worker calls."""

    upload = staticmethod(uploading.upload)
    mend = staticmethod(uploading.mend)
    answer = staticmethod(deciding.answer)
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
        """Wake what nobody works on, and forget plans that are carried out. Returns how many imports were woken."""
        ImportRow.objects.filter(batch__state__in=ENDED).delete()
        waiting = [(job, import_id) for job in JOBS for import_id in lost(job)]
        for job, import_id in waiting:
            import_work_asked.send_robust(Import, job=job, import_id=import_id)
        return len(waiting)
