"""How a model of ours keeps its history: simple-history's tables, with the choices made once."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import models
from simple_history.models import HistoricalRecords


def audited(*, excluded: tuple[str, ...] = (), **options: Any) -> HistoricalRecords:
    """History rows for the model this is set on.

    `excluded` names fields that are derived or secret and so never enter a history row.
    `history_id` is a bigint (the default would overflow), and the actor carries no constraint,
    so that nothing done to an account can rewrite history.
    """
    return HistoricalRecords(
        history_id_field=models.BigAutoField(),
        history_change_reason_field=models.TextField(null=True),
        user_db_constraint=False,
        excluded_fields=list(excluded),
        **options,
    )


@contextmanager
def attributed(instance: models.Model, *, actor: Any, reason: str = "") -> Iterator[None]:
    """Write `actor` and `reason` into the history rows that saving `instance` makes meanwhile.

    simple-history leaves both on the instance, where the next save would repeat them.
    """
    instance._history_user, instance._change_reason = actor, reason or None
    try:
        yield
    finally:
        del instance._history_user, instance._change_reason
