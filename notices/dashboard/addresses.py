"""People whose address somebody should mend, for those who may."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from backoffice.permissions import may_somewhere, visible
from recipients.models import User


@dataclass(frozen=True, slots=True)
class FailingAddresses:
    number: int
    url: str


def failing_addresses(user: Any) -> FailingAddresses | None:
    """How many, as the list of people shows them to `user`. None: there is none, or it is not for them to mend."""
    if not may_somewhere(user, "change", User):
        return None
    number = visible(user, "view", User.objects.active().whose_address_fails()).count()
    return FailingAddresses(number, f"{reverse('admin:recipients_user_changelist')}?address=fails&is_active__exact=1") if number else None
