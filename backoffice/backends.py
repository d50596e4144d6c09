"""Django's own sign-in by password and its rights from roles, asked in one query together with the grants on single objects."""

from functools import cache
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Permission
from django.db import connection
from django.db.models import Model, Q, Value

from backoffice.permissions import NAME, grants_of, keep_grants

HELD, GRANTED = "held", "granted"
NOBODY = -1  # stands for the person in the question


class PolicyBackend(ModelBackend):
    def get_all_permissions(self, user_obj: Any, obj: Model | None = None) -> set[str]:
        if obj is not None or not user_obj.is_active or user_obj.is_anonymous or user_obj.is_superuser:
            return super().get_all_permissions(user_obj, obj)
        if not hasattr(user_obj, "_perm_cache"):
            _ask(user_obj)
        return user_obj._perm_cache


def _ask(user: Any) -> None:
    """What the person may do everywhere, and what somewhere, is kept on them: each page asks for both many times."""
    sql, parameters = _question()
    with connection.cursor() as cursor:
        cursor.execute(sql, [user.pk if parameter == NOBODY else parameter for parameter in parameters])
        rows = cursor.fetchall()
    user._perm_cache = {f"{app}.{codename}" for kind, app, codename in rows if kind == HELD}
    keep_grants(user, (name for kind, *name in rows if kind == GRANTED))


@cache
def _question() -> tuple[str, tuple[Any, ...]]:
    """Compiled once: with a dozen tables of grants, Django takes longer to write it than the database to answer it."""
    user = get_user_model()(pk=NOBODY)
    held = [
        Permission.objects.filter(holder).order_by().values_list(Value(HELD), "content_type__app_label", "codename")
        for holder in (Q(user=user), Q(group__user=user))
    ]
    granted = [grants.values_list(Value(GRANTED), *NAME) for grants in grants_of(user)]
    first, *others = (*held, *granted)
    return first.union(*others).order_by().query.sql_with_params()
