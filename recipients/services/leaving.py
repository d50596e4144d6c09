"""People who left: their account stays as the one who did what they did, without saying who they were."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from audit.attribution import acting
from audit.erasure import erase, erased_ids
from backoffice import clock
from backoffice.permissions import require
from recipients.exceptions import RecipientError
from recipients.models import User
from recipients.services.access import holds_rights, require_change
from recipients.signin.services import SessionService, TwoFactorService

MOST_IN_ONE_RUN = 2000  # people; the rest is next day's


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
        try:
            _anonymise(person, actor=actor, reason=reason)
        except ImproperlyConfigured as error:
            raise RecipientError(_("Nothing was erased. Ask whoever runs this system: %(why)s") % {"why": error}) from error
        return person

    @staticmethod
    def erase_leavers(*, now: datetime | None = None, most: int = MOST_IN_ONE_RUN) -> int:
        """Erase who those were whose account has been closed for `ERASE_LEAVERS_AFTER_DAYS`, each in a transaction of its own.

        The system itself does it, for that reason. Superusers and whoever is on hold stay. Returns how many people it was.

        Raises:
            ImproperlyConfigured: the database gives us no maintenance role; the message says who can help.
        """
        days = settings.ERASE_LEAVERS_AFTER_DAYS
        if not days:
            return 0
        due = _due(before=(now or clock.now()) - timedelta(days=days))
        reason = _("The account was closed for more than %(days)d days.") % {"days": days}
        return sum(_erase_one(pk, due, reason=reason) for pk in due.values_list("pk", flat=True).order_by("pk")[:most])


def _due(*, before: datetime) -> QuerySet[User]:
    return User.objects.left_before(before).filter(is_superuser=False, on_hold=False).exclude(pk__in=erased_ids(User))


@transaction.atomic
def _erase_one(pk: int, due: QuerySet[User], *, reason: str) -> bool:
    """False: another run has it, or something about it changed since it was found."""
    person = User.objects.select_for_update(skip_locked=True).filter(pk=pk).first()
    if person is None or not due.filter(pk=pk).exists():
        return False
    with acting(None, reason=reason):
        person.groups.clear()  # who may do what is of no use to a number; that it was so stays in the history
        person.user_permissions.clear()
        person.is_staff = False
        _anonymise(person, actor=None, reason=reason)
    return True


def _anonymise(person: User, *, actor: Any, reason: str) -> None:
    for field, value in _pseudonym(person).items():
        setattr(person, field, value)
    person.set_unusable_password()
    with acting(actor, reason=reason):
        person.save()
        TwoFactorService.turn_off(person, actor=actor, reason=reason)
        SessionService.end_all(person)
        erase(person, actor=actor, reason=reason)


def _refuse_unless_gone(person: User) -> None:
    if person.is_active:
        raise RecipientError(_("%(person)s is active. Make the account inactive first.") % {"person": person})
    if person.on_hold:
        raise RecipientError(_("The identity of %(person)s is on hold. End the hold first, if its ground is gone.") % {"person": person})
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
