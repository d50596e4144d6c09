"""`manage.py export_person USERNAME --output FILE --reason WHY`: all that is held on a person, as a ZIP."""

import os
import shutil
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from recipients.exceptions import RecipientError
from recipients.models import User
from recipients.services import PersonService


class Command(BaseCommand):
    help = "Write all that is held on a person to a ZIP file. Who took it is recorded as “nobody”, so say in the reason who you are."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--output", type=Path, required=True, help="the ZIP file; it must not exist yet")
        parser.add_argument("--reason", required=True, help="why, such as the request and its date; it stays on record")

    def handle(self, *args: Any, **options: Any) -> None:
        person = User.objects.filter(username=options["username"]).first()
        if person is None:
            msg = f"There is no account “{options['username']}”."
            raise CommandError(msg)
        output: Path = options["output"]
        try:
            # For nobody else to read, and never over a file that is there.
            target = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            msg = f"{output} cannot be written: {error.strerror}. Name a file that does not exist, in a folder that does."
            raise CommandError(msg) from error
        try:
            with os.fdopen(target, "wb") as file, PersonService.export_by_operator(person, reason=options["reason"]) as archive:
                shutil.copyfileobj(archive, file)
        except RecipientError as error:
            output.unlink()
            raise CommandError(str(error)) from error
        self.stdout.write(f"{output}: all that is held on {person}. Hand it over safely, and delete it afterwards.")
