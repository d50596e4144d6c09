"""Compare the audience of what is on show with its deliveries, and mend the difference."""

from django.core.management.base import BaseCommand, CommandParser

from notices.services import FollowingService
from notices.services.following.comparing import on_show
from notices.tasks import send_one_turn


class Command(BaseCommand):
    help = "Owe deliveries to whoever is in the audience of a notice on show without one, and close those of whoever is not."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("notices", nargs="*", type=int, help="Numbers of notices. None: all that are on show.")

    def handle(self, *args, **options) -> None:
        for notice_id in options["notices"] or on_show():
            followed = FollowingService.compare(notice_id)
            for to_mail in followed.to_mail:
                send_one_turn.delay(to_mail)
            if followed.changed or options["notices"]:
                self.stdout.write(
                    f"Notice {notice_id}: {followed.joined:,} joined, {followed.closed:,} are no longer asked, "
                    f"{followed.reopened:,} are asked again."
                )
