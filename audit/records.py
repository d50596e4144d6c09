"""How a model of ours keeps its history: simple-history's tables, with the choices made once."""

from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from simple_history import register
from simple_history.models import HistoricalRecords

from audit.models.fields import HistoryRow, history_id, words

# Changes with every save and says nothing to a reader: kept in the rows, but no reason for one.
BOOKKEEPING = frozenset({"modified_at", "modified_by"})
NEWEST_FIRST = ("-history_date", "-history_id")


class TrailRecords(HistoricalRecords):
    """simple-history's table of a model, for rows that the database writes itself (`audit.triggers`)."""

    def __init__(
        self,
        *,
        part_of: tuple[str, ...],
        personal: tuple[str, ...],
        searched: tuple[str, ...] = (),
        shown: tuple[str, ...] = (),
        by_readers: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(
            bases=[HistoryRow],
            history_id_field=history_id(),
            history_change_reason_field=models.TextField(null=True),
            **options,
        )
        self.part_of, self.personal, self.searched = part_of, personal, searched
        self.shown, self.by_readers = shown, by_readers

    def copy_fields(self, model: Any) -> dict[str, Any]:
        fields = super().copy_fields(model)
        for field in fields.values():
            field.db_index = False  # `get_meta_options` has those that are asked for
        return fields

    def get_extra_fields(self, model: Any, fields: Any) -> dict[str, Any]:
        own: dict[str, Any] = {
            "part_of": self.part_of,
            "personal": self.personal,
            "searched": self.searched,
            "shown": self.shown,
            "by_readers": self.by_readers,
        }
        if self.personal:
            # The seal covers the commitment, sha256(salt, personal values): without the salt it says nothing about them.
            own["history_salt"] = models.UUIDField(null=True)
            own["history_commitment"] = models.BinaryField()
        return super().get_extra_fields(model, fields) | own

    def get_meta_options(self, model: Any) -> dict[str, Any]:
        indexes = [
            models.Index(fields=NEWEST_FIRST),
            models.Index(fields=("history_stamp",)),
            *(models.Index(fields=(name, *NEWEST_FIRST)) for name in (model._meta.pk.name, *self.part_of)),
        ]
        if self.searched:
            indexes.append(GinIndex(words(*self.searched), name=f"{model._meta.model_name}_names_then"[:30]))
        return super().get_meta_options(model) | {"indexes": indexes, "default_permissions": ()}

    def _get_history_user_fields(self) -> dict[str, Any]:
        # No constraint and no SET_NULL: nothing done to an account can rewrite history.
        user = models.ForeignKey(
            settings.AUTH_USER_MODEL,
            models.DO_NOTHING,
            null=True,
            related_name="+",
            db_constraint=False,
            db_index=False,
        )
        return {"history_user": user}


def audited(
    *,
    part_of: tuple[str, ...] = (),
    personal: tuple[str, ...] = (),
    excluded: tuple[str, ...] = (),
    searched: tuple[str, ...] = (),
    shown: tuple[str, ...] = (),
    by_readers: bool = False,
    **options: Any,
) -> TrailRecords:
    """History rows for the model this is set on.

    `part_of` names the foreign keys to what the row belongs to; the timeline of each shows it,
    and the first is what a sentence is about. `personal` names the fields that can be erased when a
    person asks for it. `excluded` fields are derived or secret and never enter a history row.
    `searched` names the fields by which the timeline finds it, under the names it ever had.
    `shown` is what tells the rows of one owner apart, the name first (else all but the owner).
    `by_readers`: rows by the hundred thousand that readers leave, shown beside the rest only when asked for.
    """
    own: dict[str, Any] = {"part_of": part_of, "personal": personal, "searched": searched, "shown": shown, "by_readers": by_readers}
    return TrailRecords(excluded_fields=list(excluded), **own, **options)


def audit_foreign_model(
    model: type[models.Model],
    *,
    app: str,
    part_of: tuple[str, ...] = (),
    searched: tuple[str, ...] = (),
    excluded: tuple[str, ...] = (),
) -> None:
    """Keep the history of a model of another package; its history table belongs to `app`, named by its package."""
    options: dict[str, Any] = {"part_of": part_of, "personal": (), "searched": searched}
    register(model, app=app, records_class=TrailRecords, excluded_fields=list(excluded), **options)
