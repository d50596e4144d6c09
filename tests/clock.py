"""Time that passes for the database, whose clock no test can turn: what lies ahead in its tables comes nearer."""

from datetime import timedelta

from django.db import connection

MOMENTS = {
    "notices_delivery": ("next_attempt_at",),
    "notices_approvalmail": ("next_attempt_at",),
    "notices_remindermail": ("next_attempt_at", "leave_by"),
    "notices_claim": ("lease_until",),  # when it was claimed stays: the server did not start since
    "notices_mailserver": ("next_try_at", "counted_at", "away_since"),
    "notices": ("publish_at",),
}


def pass_time(by: timedelta) -> None:
    with connection.cursor() as cursor:
        for table, columns in MOMENTS.items():
            moved = ", ".join(f"{column} = {column} - %(by)s" for column in columns)
            cursor.execute(f"UPDATE {table} SET {moved}", {"by": by})
