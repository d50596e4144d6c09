"""People whose address somebody should mend, for those who may."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from backoffice.permissions import may_somewhere, visible
from recipients.models import User
from recipients.services import AddressService


@dataclass(frozen=True, slots=True)
class FailingAddresses:
    number: int
    url: str
    too_many: bool  # within a day: no more are marked


def people_to_mend(user: Any) -> QuerySet[User] | None:
    """Whose address fails, as the list of people shows them to `user`. None: it is not for them to mend."""
    if not may_somewhere(user, "change", User):
        return None
    return visible(user, "view", User.objects.active().whose_address_fails())


def failing_addresses(number: int) -> FailingAddresses | None:
    if not number:
        return None
    url = f"{reverse('admin:recipients_user_changelist')}?address=fails&is_active__exact=1"
    return FailingAddresses(number, url, too_many=AddressService.too_many_lately())
