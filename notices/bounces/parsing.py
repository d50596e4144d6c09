"""A message from a mailbox of bounces, read. Anybody can send one: whatever it is, it ends in a `Reading`.

Standard reports (RFC 3464) are read field by field, others by the words of the servers that are known to send them.
"""

import logging
from email import message_from_bytes, policy
from email.message import Message
from typing import Any

from notices.bounces.fields import Headers, Part, headers_of, parts_of
from notices.bounces.kinds import kind_of
from notices.bounces.reports import Reading, Report, What
from notices.bounces.returned import returned_mail
from notices.bounces.standard import original_ids, standard_reports

logger = logging.getLogger(__name__)
LONGEST = 1_000_000  # bytes of a message that are looked at: reports stand before what they return
AUTO_REPLY_HEADERS = ("x-autoreply", "x-autorespond", "x-autoresponder")
READ_RECEIPT = "message/disposition-notification"


def read(raw: bytes) -> Reading:
    """Say what a message is and, if it reports on mails of ours, on which and what. Raises nothing."""
    for rules in (policy.default, policy.compat32):  # the modern parser trips over some headers that the old one swallows
        try:
            return _read(message_from_bytes(raw[:LONGEST], policy=rules))
        except Exception as error:  # noqa: BLE001 - whatever a stranger's message makes Python's parser raise
            logger.info("A message in the mailbox of bounces cannot be read by %s: %r", rules, error)
    return Reading(What.OTHER)


def _read(message: Message) -> Reading:
    parts = parts_of(message)
    headers = headers_of(message)
    found = standard_reports(parts, headers)
    if found is None:
        if _is_receipt(parts):
            return Reading(What.AUTO_REPLY)
        found = returned_mail(parts, headers)
    if found is None:
        return Reading(What.AUTO_REPLY if _is_auto_reply(headers) else What.OTHER)
    ids = original_ids(parts, headers)
    if len(ids) != 1:  # none is ours, or it cannot be told which one is meant
        return Reading(What.REPORT)
    [mail] = ids
    return Reading(What.REPORT, tuple(_reports(mail, found)))


def _reports(mail: Any, found: list[Any]) -> list[Report]:
    kinds = ((outcome, kind_of(outcome.action, outcome.code, outcome.diagnostic)) for outcome in found)
    return [
        Report(mail, kind, outcome.code, outcome.diagnostic, outcome.recipients, outcome.at) for outcome, kind in kinds if kind is not None
    ]


def _is_receipt(parts: list[Part]) -> bool:
    return any(part.content_type == READ_RECEIPT for part in parts)


def _is_auto_reply(headers: Headers) -> bool:
    """RFC 3834, and what was there before it."""
    if headers.first("auto-submitted").lower().startswith("auto-replied") or any(headers.first(name) for name in AUTO_REPLY_HEADERS):
        return True
    if headers.first("precedence").lower() in {"auto_reply", "auto-reply"}:
        return True
    subject = headers.first("subject").lower()
    return subject.startswith(("out of office", "automatic reply", "auto:", "autoreply", "automatische antwort", "réponse automatique"))
