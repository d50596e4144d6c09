"""Tasks are doors too: ids in, a count out, one call each. Every task may run twice, or never."""

import logging

from celery import shared_task

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
