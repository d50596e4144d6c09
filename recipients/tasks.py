"""Tasks are doors too: a count out, one call each. Every task may run twice, or never."""

import logging

from celery import shared_task
from django.core.exceptions import ImproperlyConfigured

from recipients.services import PersonService

logger = logging.getLogger(__name__)


@shared_task(name="recipients.erase_leavers")
def erase_leavers() -> int:
    """Once a day: erase who those were who left long ago. Returns how many people that were."""
    try:
        return PersonService.erase_leavers()
    except ImproperlyConfigured as error:
        logger.error("Nobody's data are erased: %s", error)  # noqa: TRY400 - the sentence says it all
        return 0
