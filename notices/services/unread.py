"""The unread count on every page: exact, and made anew only when something that it depends on has changed.

To look at every notice on show for a reader takes the longer, the more there are. It depends on the day, on the keys
that the reader holds, and on what happened behind these keys. A count that was made for the same three is still right,
so this is asked each time, in one snapshot, and at the cost of the keys alone.
"""

from typing import Any

from notices.repositories import as_reader, prepared_cursor, unread_of
from recipients.audience import KEYS_OF_PERSON

# Two that count at once may overwrite each other: what is out of date is never taken for right.
_COUNT = f"""
    WITH mine AS MATERIALIZED (SELECT array_agg(key ORDER BY key) AS keys FROM ({KEYS_OF_PERSON}) held),
    state AS MATERIALIZED (
        SELECT keys, (SELECT coalesce(sum(c.times), 0)::bigint FROM notices_audiencechange c WHERE c.key = ANY(mine.keys)) AS changes
        FROM mine
    ),
    known AS MATERIALIZED (
        SELECT unread FROM notices_unreadcount JOIN state USING (keys, changes) WHERE user_id = %(user)s AND day = %(day)s
    ),
    counted AS (
        INSERT INTO notices_unreadcount AS u (user_id, day, keys, changes, unread)
        SELECT %(user)s, %(day)s, keys, changes, ({unread_of("state.keys")}) FROM state WHERE NOT EXISTS (SELECT FROM known)
        ON CONFLICT (user_id) DO UPDATE
        SET day = EXCLUDED.day, keys = EXCLUDED.keys, changes = EXCLUDED.changes, unread = EXCLUDED.unread
        RETURNING u.unread
    )
    SELECT unread FROM known UNION ALL SELECT unread FROM counted
"""


class UnreadCountService:
    @staticmethod
    def count(user: Any) -> int:
        """How many notices `user` has not read at this moment; remembered until it may be another number."""
        if user.pk is None:
            return 0  # a visitor, to whom nothing is addressed
        with prepared_cursor() as cursor:
            cursor.execute(_COUNT, as_reader(user))
            return cursor.fetchone()[0]
