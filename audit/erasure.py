"""Erasing someone's personal data from the history. The rows, what else they say, and their seals stay."""

from typing import Any

from django.db import models, transaction

from audit.maintenance import maintenance
from audit.models import Erasure
from audit.triggers.recording import history_of


@transaction.atomic
def erase(subject: models.Model, *, actor: Any, reason: str) -> Erasure:
    """Blank the personal values in every version of `subject`, for ever, and the salts that tie them to the seals.

    What the seals cover is a digest of salt and values (`history_commitment`): it stays, and without
    the salt nobody can try out values against it. The living row is the caller's to anonymise, before this.

    Raises:
        ImproperlyConfigured: the database gives us no maintenance role; the message says who can help.
    """
    history = history_of(type(subject))
    blank: dict[str, Any] = {name: None if history._meta.get_field(name).null else "" for name in history.personal}
    with maintenance():
        rows = history.objects.filter(**{subject._meta.pk.attname: subject.pk}).update(history_salt=None, **blank)
    erasure = Erasure(user=actor, model=subject._meta.label_lower, object_id=subject.pk, reason=reason, rows=rows)
    erasure.save()
    return erasure


def is_erased(subject: models.Model) -> bool:
    return Erasure.objects.filter(model=subject._meta.label_lower, object_id=subject.pk).exists()


def erased_ids(model: type[models.Model]) -> models.QuerySet:
    """The numbers of those whose data were erased, for a subquery."""
    return Erasure.objects.filter(model=model._meta.label_lower).values("object_id")
