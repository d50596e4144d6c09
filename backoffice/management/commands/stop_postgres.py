"""Stop the embedded PostgreSQL of this checkout."""

from django.conf import settings
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Stop the embedded PostgreSQL."
    requires_system_checks = []

    def handle(self, *args, **options) -> None:
        if settings.EMBEDDED_POSTGRES is None:
            self.stdout.write("DATABASE_URL is set: that server is yours to stop.")
        elif settings.EMBEDDED_POSTGRES.stop():
            self.stdout.write("The embedded PostgreSQL has stopped.")
