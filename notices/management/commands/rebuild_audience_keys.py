"""Make the audience keys anew from the tables they are derived from."""

from django.core.management.base import BaseCommand

from notices.services import AudienceKeyService


class Command(BaseCommand):
    help = "Make all audience keys anew. Readers notice nothing meanwhile."

    def handle(self, *args, **options) -> None:
        self.stdout.write(f"{AudienceKeyService.rebuild():,} audience keys were made.")
