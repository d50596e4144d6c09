"""Check what must hold however many workers died."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser

from notices.invariants import INVARIANTS, disagreements, violations


class Command(BaseCommand):
    help = "Check what must hold at every moment about notices and their mails. Changes nothing; exit code 1 when something does not hold."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--accepted",
            type=Path,
            help="a file with the Message-ID of each mail that the mail server accepted, one a line, to compare the deliveries with",
        )

    def handle(self, *args, accepted: Path | None = None, **options) -> None:
        found = violations()
        if accepted is not None:
            found += disagreements(accepted.read_text(encoding="utf-8").split())
        for violation in found:
            self.stdout.write(f"Does not hold: {violation.says}")
            self.stdout.writelines(f"  {example}" for example in violation.examples)
        if found:
            msg = "Something does not hold. Keep the database as it is, and look at what stands above before more is sent."
            raise CommandError(msg)
        checked = len(INVARIANTS) + 1 + (3 if accepted else 0)
        self.stdout.write(f"All of it holds: {checked} rules were checked.")
