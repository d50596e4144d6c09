"""Django's own sign-in by password and its rights from roles, asked in one query together with the grants on single objects."""

from functools import cache
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Group
from django.db import connection
from django.db.models import Model, Value

from backoffice.permissions import grants_of, keep_grants, roles_of

HELD, GRANTED = "held", "granted"
NOBODY = -1  # stands for the person in the question
NAMED = """
    SELECT kind, app_label, codename FROM ({}) AS asked (kind, permission_id)
    JOIN auth_permission ON auth_permission.id = permission_id JOIN django_content_type ON django_content_type.id = content_type_id
"""


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
    """Compiled once: with a dozen tables of grants, Django takes longer to write it than the database to answer it.

    Permissions get their names at the end, together: named table by table, the database would plan twenty joins more on each page.
    """
    person = get_user_model()(pk=NOBODY)
    held = [
        person.user_permissions.through.objects.filter(user=person),
        Group.permissions.through.objects.filter(group__in=roles_of(person)),
    ]
    parts = [rows.values_list(Value(HELD), "permission") for rows in held]
    parts += [grants.values_list(Value(GRANTED), "permission") for grants in grants_of(person)]
    first, *others = parts
    permissions, parameters = first.union(*others).order_by().query.sql_with_params()
    return NAMED.format(permissions), parameters
