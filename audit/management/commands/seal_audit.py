"""`manage.py seal_audit`: make a seal now, as the background worker does every minute."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.seals import keys
from audit.seals.sealing import SealingIsOffError, seal


class Command(BaseCommand):
    help = "Seal what was written since the last seal, and anchor it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--public-key", action="store_true", help="only print the public key, for AUDIT_TRUSTED_KEYS after a change of keys"
        )

    def handle(self, *args: Any, public_key: bool, **options: Any) -> None:
        if public_key:
            self.stdout.write(keys.public_key())
            return
        try:
            made = seal()
        except SealingIsOffError as error:
            msg = f"{error} A person has to start a new epoch: manage.py start_epoch --reason …"
            raise CommandError(msg) from error
        self.stdout.write(f"Seal {made.number}: {made.rows:,} rows." if made else "There was nothing to seal.")
