"""`AddressService`: which e-mail addresses mail comes back from, and that one works again."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, Min
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext as _

from audit.attribution import acting
from recipients.exceptions import RecipientError
from recipients.mail_codes import in_words
from recipients.models import AddressProblem, User
from recipients.services.access import require_change

# So many marks within a day are the fault of a mail server, or forged: at least so many, and one address in so many.
MOST_IN_A_DAY, ONE_IN = 50, 20


class AddressService:
    @staticmethod
    @transaction.atomic
    def mark(person_id: int, *, cause: str, code: str) -> bool:
        """The system's own act, when a mail came back: what is sent to this person by mail would come back too.

        True: it was not marked yet. Twice is once; the first cause stays until somebody mends it.
        """
        person = User.objects.select_for_update(no_key=True).get(pk=person_id)
        if not person.email or AddressProblem.objects.filter(person=person).exists():
            return False
        with acting(None, reason=_("A mail came back: %(why)s") % {"why": in_words(code)}):
            AddressProblem.objects.create(person=person, cause=cause, code=code, since=Now())
        return True

    @staticmethod
    def too_many_lately() -> bool:
        """Whether so many addresses were marked within a day that no more should be, until somebody has looked."""
        lately = AddressProblem.objects.filter(since__gt=Now() - timedelta(days=1)).count()
        return lately >= MOST_IN_A_DAY and lately * ONE_IN >= User.objects.active().with_address().count()

    @staticmethod
    @transaction.atomic
    def works_again(person_id: int, *, actor: Any, reason: str) -> None:
        """Take the mark off an address that is right after all, such as one whose mailbox was full.

        Raises:
            PermissionDenied: `actor` may not change this account.
            RecipientError: the address is not marked, or no reason is given.
        """
        person = User.objects.select_for_update(no_key=True).get(pk=person_id)
        require_change(actor, person)
        if not reason.strip():
            raise RecipientError(_("Say how you know that the address works. It stays on record."))
        problem = AddressProblem.objects.filter(person=person).first()
        if problem is None:
            raise RecipientError(_("Nothing is known against the address of %(person)s. Mail goes there.") % {"person": person})
        with acting(actor, reason=reason):
            problem.delete()

    @staticmethod
    @transaction.atomic
    def unmark_since(moment: datetime, *, reason: str) -> int:
        """Take off all marks that were set at `moment` or later: for whoever runs commands on the machine, after reports that were wrong.

        Raises:
            RecipientError: no reason is given.
        """
        if not reason.strip():
            raise RecipientError(_("Say why, and who you are. It stays on record."))
        marked = User.objects.filter(address_problem__since__gte=moment).order_by("pk")
        people = list(marked.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
        with acting(None, reason=reason):
            return AddressProblem.objects.filter(person__in=people, since__gte=moment).delete()[0]

    @staticmethod
    def addresses_of(person: User) -> set[str]:
        """All that this person has and had, in small letters. What came back may have been sent to an earlier one."""
        known = person.history.exclude(email="").annotate(lower=Lower("email")).order_by().values_list("lower", flat=True).distinct()
        return {*known, person.email.lower()} - {""}

    @staticmethod
    def unblemished_since(person: User) -> datetime | None:
        """Since when mail to the present address counts: it was changed then, or somebody said that it works again. None: always."""
        email = person.email.lower()
        before = person.history.annotate(lower=Lower("email")).exclude(lower=email).aggregate(last=Max("history_id"))["last"]
        changed = person.history.filter(history_id__gt=before).aggregate(at=Min("history_date"))["at"] if before else None
        cleared = AddressProblem.history.filter(person_id=person.pk, history_type="-").aggregate(at=Max("history_date"))["at"]
        return max((moment for moment in (changed, cleared) if moment), default=None)
