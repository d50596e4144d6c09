"""Prove that the audience keys say what the tables they are derived from say."""

from django.core.management.base import BaseCommand, CommandError

from notices.repositories import AudienceKeyRepository


class Command(BaseCommand):
    help = "Compare the audience keys with the notices. Exit code 1 when they differ."

    def handle(self, *args, **options) -> None:
        missing, surplus = AudienceKeyRepository.differences()
        if missing or surplus:
            msg = f"{missing:,} audience keys are missing and {surplus:,} should not be there. Run: manage.py rebuild_audience_keys"
            raise CommandError(msg)
        self.stdout.write("The audience keys are right.")
