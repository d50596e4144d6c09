"""Processes of ours beside the tests, on the database of the tests."""

import os
from urllib.parse import quote

from django.conf import settings
from django.db import connection


def database_url() -> str:
    """The test database, for a process that reads DATABASE_URL."""
    database = connection.settings_dict
    return f"postgres://{database['USER']}@{quote(database['HOST'], safe='')}:{database['PORT']}/{database['NAME']}"


def environment(**more: str) -> dict[str, str]:
    """With the anchors of this test: those of another belong to what its database was, and would stop all sending."""
    ours = {
        "DATABASE_URL": database_url(),
        "DJANGO_SETTINGS_MODULE": "backoffice.settings",
        "AUDIT_ANCHOR_FILE": str(settings.AUDIT_ANCHOR_FILE),
    }
    return os.environ | ours | more
