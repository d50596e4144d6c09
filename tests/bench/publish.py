"""Publishing to everybody: `NoticeService.publish`, all that it does, in a transaction that is rolled back.

The limit is a plain COPY of the same delivery rows, in the order of their index, into the same table with the same
indexes. Seconds; 1.7 x is the target, 1.3 x the stretch. `.memory` is what this process grows by, in MB, limit 20.
"""

import tempfile
from collections.abc import Callable
from functools import partial
from typing import IO

from django.db import connection, transaction

from notices.models import Notice, NoticeRecipient
from notices.services import NoticeService
from recipients.models import Recipient, User
from tests.bench import copying
from tests.bench.organisation import ADMIN
from tests.bench.report import Figure, MeasurementError
from tests.bench.seeding import SCALES
from tests.bench.timing import bare_connection, forget_peak, middle, resident, seconds

MOST_MEMORY = 20
ROUNDS = 5
COLUMNS = "notice_id, person_id, revision, kind, state, attempts, next_attempt_at, changed_at, reason"


def benches(scale: str) -> dict[str, Callable[[], list[Figure]]]:
    people = SCALES[scale].people
    name = f"publish.{people // 1000}k"
    return {name: partial(_measure, name)}


def _measure(name: str) -> list[Figure]:
    with tempfile.TemporaryFile() as rows:
        forget_peak()
        before = resident()
        _publish(keep=rows)
        grown = resident(peak=True) - before
        limits, values = zip(*[(_copy(rows), _publish()) for _ in range(ROUNDS)], strict=True)
    return [
        Figure(name, middle(values), "s", middle(limits), 1.7),
        Figure(f"{name}.memory", grown, "MB", MOST_MEMORY, 1),
    ]


def _publish(*, keep: IO[bytes] | None = None) -> float:
    """Seconds for one publication; the rows it made are written to `keep` before they are gone."""
    actor = User.objects.get(username=ADMIN)
    with transaction.atomic():
        notice = Notice.objects.create(title="To all", content="<p>Everybody.</p>", created_by=actor)
        NoticeRecipient.objects.create(notice=notice, recipient=Recipient.objects.get(name="All staff"))
        taken = seconds(lambda: _publish_and_check(notice, actor))
        if not notice.delivery_set.exists():
            raise MeasurementError("publishing owed nobody anything")
        if keep is not None:
            _keep_rows(keep)
        transaction.set_rollback(True)
    _clean_up()
    return taken


def _publish_and_check(notice: Notice, actor: User) -> None:
    NoticeService.publish(notice.pk, actor=actor)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # the part of a commit that is work


def _keep_rows(keep: IO[bytes]) -> None:
    with connection.cursor() as cursor:
        copying.keep(cursor, f"SELECT {COLUMNS} FROM notices_delivery ORDER BY person_id", keep)


def _copy(rows: IO[bytes]) -> float:
    with bare_connection() as bare, bare.transaction(force_rollback=True), bare.cursor() as cursor:
        taken = seconds(lambda: copying.send(cursor, "notices_delivery", COLUMNS, rows))
    _clean_up()
    return taken


def _clean_up() -> None:
    """What was rolled back is dead weight in the next round."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE notices_delivery, notices_bounce")
        cursor.execute("VACUUM notices_audiencekey, notices")
