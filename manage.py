#!/usr/bin/env python
"""Run the project's commands: `python manage.py help`."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db.utils import OperationalError

from audit.attribution import operation
from audit.sources import Source


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
    try:
        with operation(Source.COMMAND, sys.argv[1] if len(sys.argv) > 1 else ""):
            execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"The settings are not complete: {error}")
    except OperationalError as error:
        sys.exit(
            f"The database cannot be used: {str(error).strip()}\n"
            "Check host, name and password in DATABASE_URL, or unset it to use the embedded PostgreSQL."
        )


if __name__ == "__main__":
    main()
