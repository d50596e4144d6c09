"""People who left: their account stays as the one who did what they did, without saying who they were."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.utils.translation import gettext as _

from audit.attribution import acting
from audit.erasure import erase
from backoffice.permissions import require
from recipients.exceptions import RecipientError
from recipients.models import User
from recipients.services.access import holds_rights, require_change
from recipients.signin.services import SessionService, TwoFactorService


class LeavingMixin:
    @staticmethod
    @transaction.atomic
    def anonymise(person_id: int, *, actor: Any, reason: str) -> User:
        """Erase who an inactive person was, from the account and from every version of it in the history.

        What they read, acknowledged, wrote and belonged to stays, under a number. It cannot be undone.

        Raises:
            PermissionDenied: `actor` may not do this to this account.
            RecipientError: not now, or the database does not let us; the message says what to do first.
        """
        person = User.objects.select_for_update().get(pk=person_id)
        require(actor, "anonymise", person)
        require_change(actor, person)
        _refuse_unless_gone(person)
        if not reason.strip():
            raise RecipientError(_("Say on what ground, such as the request and its date. It stays on record."))
        for field, value in _pseudonym(person).items():
            setattr(person, field, value)
        person.set_unusable_password()
        with acting(actor, reason=reason):
            person.save()
            TwoFactorService.turn_off(person, actor=actor, reason=reason)
            SessionService.end_all(person)
            _erase(person, actor=actor, reason=reason)
        return person


def _erase(person: User, *, actor: Any, reason: str) -> None:
    try:
        erase(person, actor=actor, reason=reason)
    except ImproperlyConfigured as error:
        raise RecipientError(_("Nothing was erased. Ask whoever runs this system: %(why)s") % {"why": error}) from error


def _refuse_unless_gone(person: User) -> None:
    if person.is_active:
        raise RecipientError(_("%(person)s is active. Make the account inactive first.") % {"person": person})
    if holds_rights(person):
        raise RecipientError(_("%(person)s still holds roles or rights. Take them away first.") % {"person": person})


def _pseudonym(person: User) -> dict[str, Any]:
    name = _("Former member of staff %(number)d") % {"number": person.pk}
    return {
        "username": f"left-{person.pk}",
        "first_name": "",
        "last_name": name,
        "email": "",
        "employee_number": None,
        "job_title": "",
        "time_zone": "",
    }
