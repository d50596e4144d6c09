"""What an approval pins: one digest over the text, the dates, the attachments and the rule of the audience."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from backoffice.richtext import sanitise
from notices.models import PINNED_FIELDS, Notice
from notices.repositories import NoticeRepository
from recipients.dtos import Address


def digest_of(notice: Notice) -> str:
    """The digest of a notice as it is in memory, with its attachments and its audience as they are stored."""
    fields = {name: getattr(notice, name) for name in PINNED_FIELDS}
    attachments = notice.attachments.values_list("sha256", "name")
    return digest(fields | {"content": sanitise(notice.content)}, attachments, NoticeRepository.address_of(notice))


def digest(fields: Mapping[str, Any], attachments: Iterable[tuple[str, str]], address: Address) -> str:
    """The same for the same content, in whatever order attachments and addressees were added."""
    pinned = {
        "fields": {name: None if value is None else str(value) for name, value in fields.items()},
        "attachments": sorted([sha256, name] for sha256, name in attachments),
        "audience": {
            "recipients": sorted(address.recipient_ids),
            "groups": sorted(address.group_ids),
            "people": sorted(address.person_ids),
        },
    }
    text = json.dumps(pinned, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
