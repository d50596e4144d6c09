"""`manage.py verify_audit`: is the trail what it was when it was sealed? For people, and for cron."""

import json
import sys
from datetime import datetime, time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_date

from audit.seals.findings import Exit, Report
from audit.seals.verifying import verify


class Command(BaseCommand):
    help = "Recompute every seal of the trail. Exit code 0: intact; 1: could not run; 2: tampered with; 3: intact, with reservations."
    requires_system_checks = []  # a broken trigger is a finding, not a reason not to look

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--from", type=int, dest="first", metavar="SEAL", help="begin with this seal")
        parser.add_argument("--to", type=int, dest="last", metavar="SEAL", help="end with this seal")
        parser.add_argument("--since", metavar="DATE", help="only what was sealed on this day or later (2026-11-30)")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print the whole report as JSON")

    def handle(self, *args: Any, first: int | None, last: int | None, since: str | None, as_json: bool, **options: Any) -> None:
        report = verify(first=first, last=last, since=_moment(since), progress=self._progress)
        if self.stderr.isatty():
            self.stderr.write("")
        self.stdout.write(json.dumps(report.as_dict(), indent=2) if as_json else self._words(report))
        if report.code:
            sys.exit(report.code)

    def _progress(self, done: int, of: int) -> None:
        if self.stderr.isatty() and of:
            self.stderr.write(f"\r{done:,} of {of:,} rows ({100 * done // of} %)", ending="")
            self.stderr.flush()

    def _words(self, report: Report) -> str:
        style = {Exit.INTACT: self.style.SUCCESS, Exit.INCOMPLETE: self.style.WARNING, Exit.TAMPERED: self.style.ERROR}[report.code]
        return "\n".join([style(report.verdict), *report.sentences[1:]])


def _moment(day: str | None) -> datetime | None:
    if day is None:
        return None
    try:
        parsed = parse_date(day)
    except ValueError:
        parsed = None
    if parsed is None:
        msg = f"“{day}” is not a day. Write it like 2026-11-30."
        raise CommandError(msg)
    return timezone.make_aware(datetime.combine(parsed, time.min))
