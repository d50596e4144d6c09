"""What the trail holds on a person: their acts, what was recorded about them, what they looked at."""

from collections.abc import Iterator
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Model, Q
from django.utils.translation import gettext_lazy as _

from audit.models import AccessRecord, Entry, Epoch, Erasure, ListExport, Verification
from audit.personal_data.parts import AT_ONCE, Part, Row, register, told
from audit.triggers.recording import audited_models, history_of


def acts(person: Any) -> Iterator[Row]:
    columns = ("at", "kind", "model", "count", "object_id", "subject_id", "reason", "source", "source_detail", "operation")
    return told(Entry.objects.filter(user=person).order_by("id"), {name: name for name in columns})


def history(person: Any) -> Iterator[Row]:
    """Every version of the account, and of what belongs to it: roles, places, memberships, rights, readings."""
    for model in audited_models():
        about = _about(model, person)
        if about is not None:
            fields = [field.attname for field in history_of(model).tracked_fields]
            for row in history_of(model).objects.filter(about).order_by("history_id").iterator(chunk_size=AT_ONCE):
                yield {
                    "at": row.history_date,
                    "kind": row.history_type,
                    "model": model._meta.label_lower,
                    "by": row.history_user_id,
                    "reason": row.history_change_reason,
                    "values": {name: getattr(row, name) for name in fields},
                }


def _about(model: type[Model], person: Any) -> Q | None:
    if model is get_user_model():
        return Q(**{model._meta.pk.attname: person.pk})
    to_a_person = [name for name in history_of(model).part_of if model._meta.get_field(name).related_model is get_user_model()]
    about = Q()
    for name in to_a_person:
        about |= Q(**{name: person.pk})
    return about if to_a_person else None


def accesses(person: Any) -> Iterator[Row]:
    columns = ("at", "kind", "page", "model", "object_id", "detail", "rows")
    return told(AccessRecord.objects.filter(user=person).order_by("id"), {name: name for name in columns})


def looked_at(person: Any) -> Iterator[Row]:
    """Who looked at evidence about this very person, or took it away."""
    columns = {"at": "at", "kind": "kind", "page": "page", "by": "user_id", "detail": "detail", "rows": "rows"}
    records = AccessRecord.objects.filter(model=get_user_model()._meta.label_lower, object_id=person.pk)
    return told(records.order_by("id"), columns)


def erasures(person: Any) -> Iterator[Row]:
    """What was erased of this person, and what this person erased."""
    of_this_person = Q(model=get_user_model()._meta.label_lower, object_id=person.pk)
    columns = {"at": "at", "by": "user_id", "model": "model", "object_id": "object_id", "reason": "reason", "rows": "rows"}
    return told(Erasure.objects.filter(of_this_person | Q(user=person)).order_by("id"), columns)


def seals(person: Any) -> Iterator[Row]:
    """Verifications this person asked for, and epochs this person began."""
    for verification in Verification.objects.filter(user=person).order_by("id"):
        yield {"at": verification.asked_at, "what": "verification", "reason": ""}
    for epoch in Epoch.objects.filter(user=person).order_by("number"):
        yield {"at": epoch.started_at, "what": "epoch", "reason": epoch.reason}


def exports(person: Any) -> Iterator[Row]:
    """Long lists this person had made into files; that they took one is among the accesses."""
    columns = {name: name for name in ("asked_at", "list_name", "object_id", "query", "format", "rows", "state", "ended_at")}
    return told(ListExport.objects.filter(user=person).order_by("id"), columns)


def register_own() -> None:
    for name, title, rows, tells in (
        ("acts", _("What this person changed"), acts, {"audit.Entry.user"}),
        ("history", _("What was recorded about this person"), history, set()),
        ("accesses", _("Evidence this person looked at"), accesses, {"audit.AccessRecord.user"}),
        ("exports", _("Long lists this person had made into files"), exports, {"audit.ListExport.user"}),
        ("looked_at", _("Who looked at evidence about this person"), looked_at, set()),
        ("erasures", _("What was erased of this person, or by them"), erasures, {"audit.Erasure.user"}),
        ("seals", _("What this person did with the seals"), seals, {"audit.Verification.user", "audit.Epoch.user"}),
    ):
        register(Part(name, title, rows, frozenset(tells), is_trail=True))
