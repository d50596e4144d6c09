"""Tasks are doors too: ids in, a count out, one call each. Every task may run twice, or never."""

import logging

from celery import shared_task

from audit.exports import making
from audit.seals import anchors
from audit.seals.running import run
from audit.seals.sealing import SealingIsOffError
from audit.seals.sealing import seal as make_seal

logger = logging.getLogger(__name__)


@shared_task(name="audit.seal")
def seal() -> int:
    """Seal what was written since the last time. Returns how many rows that were."""
    try:
        made = make_seal()
    except SealingIsOffError as error:
        logger.error("Nothing is sealed: %s", error)  # noqa: TRY400 - the sentence says it all
        return 0
    return made.rows if made else 0


@shared_task(name="audit.mail_anchor")
def mail_anchor() -> int:
    """Send the newest seal out of the house, once a day. Returns how many mails that were."""
    return int(anchors.mail_newest())


@shared_task(name="audit.verify")
def verify(verification_id: int) -> int:
    """Run a verification that somebody asked for. Returns how many rows were read."""
    return run(verification_id)


@shared_task(name="audit.make_export")
def make_export(export_id: int) -> int:
    """Write the file of a long list. Returns how many rows it has."""
    return making.make(export_id)


@shared_task(name="audit.sweep_exports")
def sweep_exports() -> int:
    """Send exports again whose message was lost or whose worker died. Returns how many."""
    return making.send_lost(make_export.delay)


@shared_task(name="audit.forget_exports")
def forget_exports() -> int:
    """Remove files that were kept for a day. Returns how many."""
    return making.forget_old()
