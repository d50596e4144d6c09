"""System checks of the trail. Each hint is the fix."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DEFAULT_DB_ALIAS, connection

from audit.models import Entry
from audit.triggers import faults


@register(Tags.database)
def the_triggers_are_those_of_the_models(*, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    if not databases or DEFAULT_DB_ALIAS not in databases or Entry._meta.db_table not in connection.introspection.table_names():
        return []  # `migrate` asks before the first table is there
    return [Error(fault, hint="Run “manage.py migrate”: it puts every trigger right.", id="audit.E001") for fault in faults()]
