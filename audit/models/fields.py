"""What the columns of the trail have in common."""

from typing import Any

from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import F, Func, Value

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


def words(*texts: Any) -> SearchVector:
    """What the search finds in columns or expressions. “WS-4471” is two words, an e-mail address several."""
    fields = (F(text) if isinstance(text, str) else text for text in texts)
    parts = (Func(field, Value("-_@./"), Value("     "), function="translate", output_field=models.TextField()) for field in fields)
    return SearchVector(*parts, config="simple")
