"""The settings and the rights that Django's and our own system checks look at: one list of rules, told here too."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import ERROR, CheckMessage, Tags, run_checks
from django.core.checks.registry import registry
from django.db import DEFAULT_DB_ALIAS
from django.utils.translation import gettext as _

from backoffice.health.findings import Finding, Group, Level
from backoffice.health.registry import check


@check("settings", Group.SETUP, asks_database=False)
def the_settings() -> Iterator[Finding]:
    """Those of the models are left out: they ask the database, and depend on nothing that an operator can change."""
    tags = registry.tags_available(settings.PRODUCTION) - {Tags.models, Tags.database}
    yield from map(_finding, _shown(run_checks(tags=sorted(tags), include_deployment_checks=settings.PRODUCTION)))


@check("rules", Group.DATABASE, on_card=True)
def rules() -> Iterator[Finding]:
    """Those that ask the database: its version, its role, and the triggers that write the history."""
    yield from map(_finding, _shown(run_checks(tags=[Tags.database], databases=[DEFAULT_DB_ALIAS])))


def _shown(messages: list[Any]) -> list[CheckMessage]:
    return [message for message in messages if not message.is_silenced()]


def _finding(message: CheckMessage) -> Finding:
    text = f"{message.msg} ({message.id})" if message.id else str(message.msg)
    level = Level.PROBLEM if message.level >= ERROR else Level.NOTE
    return Finding(text, str(message.hint or _("“manage.py check” says the same; change what it names.")), level)
