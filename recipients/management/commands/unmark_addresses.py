"""`manage.py unmark_addresses --since MOMENT --reason WHY`: after reports of bounces that were wrong."""

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from recipients.exceptions import RecipientError
from recipients.services import AddressService


class Command(BaseCommand):
    help = (
        "Take the mark off all e-mail addresses that were marked as not working since a moment: after a mail server that refused "
        "everything, or reports that somebody forged. Who did it is recorded as “nobody”, so say in the reason who you are."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--since", required=True, help="such as 2026-11-23T09:00, in the organisation's zone unless it names another")
        parser.add_argument("--reason", required=True, help="why; it stays on record")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            moment = datetime.fromisoformat(options["since"])
            if timezone.is_naive(moment):
                moment = timezone.make_aware(moment, timezone.get_default_timezone())
            count = AddressService.unmark_since(moment, reason=options["reason"])
        except ValueError as error:
            msg = f"“{options['since']}” is no moment. Write it such as 2026-11-23T09:00."
            raise CommandError(msg) from error
        except RecipientError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{count:,} addresses are mailed again, from the next notice on.")
