"""Fill an empty database with the organisation of a folder."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from notices.management.organisation.imports import upload_spreadsheets
from notices.management.organisation.loading import load


class Command(BaseCommand):
    help = "Fill an empty database with a believable organisation. A second run changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", nargs="?", type=Path, default=settings.BASE_DIR / "fixtures" / "organisation")

    def handle(self, *args, folder: Path, **options) -> None:
        loaded = load(folder)
        if loaded is None:
            self.stdout.write("The organisation is here already. Nothing was changed.")
            return
        upload_spreadsheets(folder / "imports")
        self.stdout.write(
            f"{loaded.people} people, {loaded.recipients} recipients, {loaded.groups} groups, {loaded.notices} notices, "
            f"{loaded.deliveries:,} deliveries, {loaded.readings:,} readings"
        )
