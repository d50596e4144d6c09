"""Verifications that somebody asked for on the page: they run in the background and tell how far they are."""

from datetime import timedelta
from functools import partial
from time import monotonic
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from audit.models import Seal, Verification
from audit.seals.findings import Exit
from audit.seals.verifying import verify
from backoffice import clock
from backoffice.permissions import require

State = Verification.State
STATES = {Exit.INTACT: State.INTACT, Exit.TAMPERED: State.TAMPERED, Exit.INCOMPLETE: State.INCOMPLETE}
TELL = 1.0  # seconds between two signs of life
SILENT = timedelta(minutes=2)  # without one, the worker has died


@transaction.atomic
def ask(actor: Any) -> Verification:
    """Have all seals verified. One that is under way already is joined instead.

    Raises:
        PermissionDenied: `actor` may not see the seals.
    """
    from audit.tasks import verify as task  # noqa: PLC0415 - tasks call this module

    require(actor, "view", Seal)
    give_up_silent()
    under_way = Verification.objects.filter(state__in=[State.WAITING, State.RUNNING]).order_by("-asked_at").first()
    if under_way is not None:
        return under_way
    asked = Verification.objects.create(user=actor, beat_at=clock.now())
    transaction.on_commit(partial(task.delay, asked.pk))
    return asked


def run(verification_id: int) -> int:
    """Returns the number of rows that were read. Asked twice, it runs once."""
    taken = Verification.objects.filter(pk=verification_id, state=State.WAITING).update(state=State.RUNNING, beat_at=clock.now())
    if not taken:
        return 0
    asked = Verification.objects.select_related("user").get(pk=verification_id)
    ended: tuple[str, list[str], int] = (State.FAILED, [_("The verification could not run to its end. The log of the worker says why.")], 0)
    try:
        report = verify(actor=asked.user, progress=_Teller(asked))
        ended = STATES[report.code], report.sentences, report.rows
    finally:
        _end(asked, *ended)
    return report.rows


def give_up_silent() -> None:
    """Say of what a killed worker left that it failed."""
    silent = Verification.objects.filter(state__in=[State.WAITING, State.RUNNING], beat_at__lt=clock.now() - SILENT)
    silent.update(
        state=State.FAILED, finished_at=clock.now(), sentences=[_("The background worker stopped or is not running. Verify again.")]
    )


class _Teller:
    def __init__(self, asked: Verification) -> None:
        self.asked, self.told_at = asked, 0.0

    def __call__(self, done: int, of: int) -> None:
        if monotonic() - self.told_at >= TELL:
            self.told_at = monotonic()
            Verification.objects.filter(pk=self.asked.pk).update(rows_done=done, rows_expected=of, beat_at=clock.now())


def _end(asked: Verification, state: str, sentences: list[str], rows: int) -> None:
    Verification.objects.filter(pk=asked.pk).update(state=state, sentences=sentences, rows_done=rows, finished_at=clock.now())
