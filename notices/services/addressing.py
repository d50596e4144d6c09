"""Whom a person may send to: recipients and groups by the right to address them, single people by the right to see people."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from backoffice.permissions import may_everywhere, visible
from notices.exceptions import NoticeError
from recipients.dtos import Address
from recipients.models import Recipient, RecipientGroup, User

# What an address names, and the right that sending to it takes.
KINDS: tuple[tuple[str, Any, str], ...] = (
    ("recipient_ids", Recipient, "address"),
    ("group_ids", RecipientGroup, "address"),
    ("person_ids", User, "view"),
)


class MayNotAddressError(NoticeError):
    """The notice could be sent, but not by this person."""


def refuse_unless_addressable(address: Address, *, actor: Any) -> None:
    """Refuse an address of which a part is not `actor`'s to send to; the message names it, as far as they may see it."""
    names, unseen = not_addressable(address, actor=actor)
    if names:
        quoted = ", ".join(f"“{name}”" for name in names)
        raise MayNotAddressError(
            _("You may not send to %(names)s. Take it out of the audience, or ask someone who may send to it.") % {"names": quoted}
        )
    if unseen:
        raise MayNotAddressError(
            _("A part of the audience is not yours to send to, or is no longer there. Choose the audience again, or ask someone who may.")
        )


def not_addressable(address: Address, *, actor: Any) -> tuple[list[str], bool]:
    """The names of what `actor` may see but not send to; and whether there is more that they may not even see."""
    names: list[str] = []
    unseen = False
    for rows, ids in _refused(address, actor):
        seen = list(visible(actor, "view", rows))
        names += map(str, seen)
        unseen |= len(seen) < len(ids)
    return names, unseen


def _refused(address: Address, actor: Any) -> Iterator[tuple[Any, set[int]]]:
    """Of each kind, the rows that are not `actor`'s to send to, and their ids; nothing is asked of whoever may send to all of them."""
    for field, model, verb in KINDS:
        ids = set(getattr(address, field))
        if not ids or may_everywhere(actor, verb, model):
            continue
        rows = model._base_manager.filter(pk__in=ids)
        if refused := ids - set(visible(actor, verb, rows).values_list("pk", flat=True)):
            yield rows.filter(pk__in=refused), refused
