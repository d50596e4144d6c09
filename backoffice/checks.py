"""System checks. Each hint is the fix."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connection

OLDEST_POSTGRES = 16


@register(Tags.database)
def the_database_will_do(*, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    if not databases:
        return []
    connection.ensure_connection()
    if connection.pg_version < OLDEST_POSTGRES * 10_000:
        return [
            Error(
                f"PostgreSQL {connection.pg_version // 10_000} is too old.",
                hint=f"Use PostgreSQL {OLDEST_POSTGRES} or newer.",
                id="backoffice.E001",
            )
        ]
    return _superuser_in_production()


def _superuser_in_production() -> list[CheckMessage]:
    if not settings.PRODUCTION:
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        (is_superuser,) = cursor.fetchone()
    if is_superuser:
        return [
            Error(
                "The application connects as a database superuser.",
                hint="Create a role without SUPERUSER that owns the database, and use it in DATABASE_URL.",
                id="backoffice.E002",
            )
        ]
    return []
