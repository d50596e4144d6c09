"""What the columns of the trail have in common."""

from django.db import models
from django.db.models import Func, Value

HISTORY_IDS, ENTRY_IDS = "audit_history_id", "audit_entry_id"


class NextValue(Func):
    """The next number of a sequence."""

    function = "nextval"
    output_field = models.BigIntegerField()

    def __init__(self, sequence: str) -> None:
        super().__init__(Value(sequence))


class Stamp(Func):
    """The transaction that runs now, as `history_stamp` keeps it."""

    function = "audit_stamp"
    output_field = models.BigIntegerField()


class HistoryRow(models.Model):
    """What simple-history's rows carry beyond its own columns. Only triggers write them."""

    history_entry = models.ForeignKey("audit.Entry", models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    # The transaction that wrote the row, comparable across restores: `audit_stamp()` says how.
    history_stamp = models.BigIntegerField()

    class Meta:
        abstract = True


def history_id() -> models.BigIntegerField:
    """One sequence for every history table: a number names a row of the whole trail."""
    return models.BigIntegerField(db_default=NextValue(HISTORY_IDS))
