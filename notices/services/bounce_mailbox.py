"""Takes what lies in a mailbox: each message in a transaction of its own, marked there only after that was committed.

Whoever is interrupted between the two finds the message again, and knows it by its digest.
"""

import logging
from pathlib import Path
from time import monotonic
from typing import Any

from django.conf import settings

from notices.bounces.folders import Maildir, MboxFile
from notices.bounces.imap import ImapMailbox, MailboxProblem
from notices.services.bounces import BounceService, Taken

logger = logging.getLogger(__name__)
LONGEST_RUN = 150  # seconds; less than the pause between two runs. The next goes on.


def take_from_mailbox() -> int:
    """The clock's: what is unread in the mailbox of the settings. Returns how many messages were taken."""
    if not settings.BOUNCE_MAILBOX:
        return 0
    try:
        taken = take_from_imap()
    except MailboxProblem as error:
        logger.warning("The mailbox of bounces cannot be read: %s. The next look is in some minutes.", error)
        return 0
    if taken != Taken():
        logger.info("Taken from the mailbox of bounces: %s", taken)
    return taken.messages


def take_from_imap() -> Taken:
    """What is unread in the mailbox of the settings.

    Raises:
        MailboxProblem: the mail server is away or refuses. What was taken until then is.
    """
    taken, stop_at = Taken(), monotonic() + LONGEST_RUN
    with ImapMailbox(**settings.BOUNCE_MAILBOX) as box:
        for uid in box.unread():
            if monotonic() > stop_at:
                break
            raw = box.fetch(uid)
            if raw is not None:
                taken += _take(box, uid, raw)
    return taken


def take_from_folder(path: Path) -> Taken:
    """What is in an mbox file, or not seen yet in a maildir."""
    box: Any = Maildir(path) if path.is_dir() else MboxFile(path)
    return sum((_take(box, key, raw) for key, raw in box.messages()), Taken())


def _take(box: Any, key: Any, raw: bytes) -> Taken:
    taken = BounceService.take(raw)
    box.settle(key, look=taken.others > 0)
    return taken
