"""System checks of the trail. Each hint is the fix."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DEFAULT_DB_ALIAS

from audit.triggers import faults
from backoffice.demo.database import is_migrated


@register(Tags.database)
def the_triggers_are_those_of_the_models(*, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    if not databases or DEFAULT_DB_ALIAS not in databases or not is_migrated():
        return []  # `migrate` asks first, when the tables are those of an older version
    return [Error(fault, hint="Run “manage.py migrate”: it puts every trigger right.", id="audit.E001") for fault in faults()]
