"""`manage.py start_epoch`: go on with a database that was restored from an older copy."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.attribution import operation
from audit.seals.epochs import EpochError, start_epoch
from audit.seals.sealing import seal
from audit.sources import Source


class Command(BaseCommand):
    help = "Give up what was sealed after this copy of the database was made. Sealing and sending resume."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--reason", required=True, help="what happened; it stays in the trail")

    def handle(self, *args: Any, reason: str, **options: Any) -> None:
        try:
            with operation(Source.COMMAND, "start_epoch"):
                epoch = start_epoch(reason=reason)
        except EpochError as error:
            raise CommandError(error) from error
        seal()
        self.stdout.write(f"Epoch {epoch.number} has begun.")
