"""Handing out all that is held on a person: to whom it concerns, through whoever may."""

import tempfile
from contextlib import ExitStack
from typing import IO, Any

from django.db import transaction
from django.utils.translation import gettext as _

from audit.access import record_export
from audit.personal_data.archive import write_archive
from backoffice import clock
from backoffice.permissions import require
from recipients.exceptions import RecipientError
from recipients.models import User

PAGE = "personal data"


class PersonalDataMixin:
    @staticmethod
    def export(person_id: int, *, actor: Any, reason: str) -> IO[bytes]:
        """A ZIP with all that is held on a person, at its beginning; it goes when it is closed.

        That it was taken, by whom and why, is on record before the caller has it.

        Raises:
            PermissionDenied: `actor` may not take it, or it could not be recorded.
            RecipientError: the reason is missing.
        """
        person = User.objects.get(pk=person_id)
        require(actor, "export", person)
        return _export(person, actor=actor, reason=reason)

    @staticmethod
    def export_by_operator(person: User, *, reason: str) -> IO[bytes]:
        """For whoever runs commands on the machine, and so has the database anyway; recorded without a person."""
        return _export(person, actor=None, reason=reason)


@transaction.atomic
def _export(person: User, *, actor: Any, reason: str) -> IO[bytes]:
    if not reason.strip():
        raise RecipientError(_("Say why, such as the request and its date. It stays on record."))
    with ExitStack() as held:
        file = held.enter_context(tempfile.TemporaryFile())
        counts = write_archive(person, file, at=clock.now())
        what: dict[str, Any] = {"model": person._meta.label_lower, "object_id": person.pk}
        record_export(actor, page=PAGE, detail=f"zip: {reason.strip()}", rows=sum(counts.values()), **what)
        held.pop_all()  # whoever asked closes it
    file.seek(0)
    return file
