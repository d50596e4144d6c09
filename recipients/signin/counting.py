"""Counts of failures, each in a window that begins with the first failure and that no later one prolongs.

They are rows, not entries of a cache: the cache may be one for each process, and would then count each process by itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import connection

from backoffice import clock
from recipients.signin.models import FailureCount

# On reaching its limit a window begins anew, once: whoever is refused waits for a whole one, and then has all tries again.
COUNT = """
INSERT INTO signin_failurecount AS stored (key, count, ends_at) VALUES (%s, 1, %s)
ON CONFLICT (key) DO UPDATE SET
    count = CASE WHEN stored.ends_at <= %s THEN 1 ELSE stored.count + 1 END,
    ends_at = CASE WHEN stored.ends_at <= %s OR stored.count + 1 = %s THEN excluded.ends_at ELSE stored.ends_at END
RETURNING count, ends_at
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """`what` may fail `tries` times in `minutes`."""

    what: tuple[str, ...]
    tries: int
    minutes: int

    @property
    def key(self) -> str:
        return sha256("\0".join(self.what).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand: what was counted, and until when it is refused (None: it is not)."""

    counts: dict[str, int]
    refused_until: datetime | None

    def has(self, limit: Limit) -> bool:
        return limit.key in self.counts


def standing(limits: Iterable[Limit]) -> Standing:
    by_key = {limit.key: limit for limit in limits}
    rows = FailureCount.objects.filter(key__in=by_key, ends_at__gt=clock.now()).values_list("key", "count", "ends_at")
    found = list(rows)
    ends = [ends_at for key, count, ends_at in found if count >= by_key[key].tries]
    return Standing({key: count for key, count, _ends in found}, max(ends, default=None))


def count_failure(limits: Iterable[Limit]) -> datetime | None:
    """Count one more. Returns until when it is refused from now on, if it is."""
    now = clock.now()
    ends = []
    with connection.cursor() as cursor:
        for limit in sorted(limits, key=lambda limit: limit.key):  # in one order: two at once never wait for each other
            cursor.execute(COUNT, [limit.key, now + timedelta(minutes=limit.minutes), now, now, limit.tries])
            count, ends_at = cursor.fetchone()
            if count >= limit.tries:
                ends.append(ends_at)
    return max(ends, default=None)


def forget(limit: Limit) -> None:
    FailureCount.objects.filter(key=limit.key).delete()


def sweep() -> int:
    """Remove the counts that are over. Returns how many."""
    return FailureCount.objects.filter(ends_at__lte=clock.now()).delete()[0]
