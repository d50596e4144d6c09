"""Reminding everybody of one notice: `ReminderService.note` and `.gather`, each in a transaction that is rolled back.

The limit is a plain COPY of the rows that the step made into the same table with the same indexes; for `gather` with
one UPDATE that names each reminder's mail. Seconds, largest ratio 7. `.memory` is what this process grows by over both,
in MB, limit 20.
"""

from collections.abc import Callable
from datetime import time, timedelta
from functools import partial
from tempfile import TemporaryFile
from typing import IO
from unittest.mock import patch

from django.db import connection, transaction
from django.db.models import F
from django.test import override_settings

from backoffice.clock import today
from notices.models import Delivery, Notice, NoticeRecipient
from notices.services import NoticeService
from notices.services.reminding import ReminderService, hours
from recipients.models import Recipient, User
from tests.bench import copying
from tests.bench.organisation import ADMIN
from tests.bench.report import Figure, MeasurementError
from tests.bench.seeding import SCALES
from tests.bench.timing import bare_connection, forget_peak, middle, resident, seconds

ROUNDS = 3
MOST_MEMORY = 20
DAY = timedelta(days=1)
TABLES = {
    "note": ("notices_reminder", "notice_id, revision, person_id, day"),
    "gather": ("notices_remindermail", "person_id, day, leave_by, state, attempts, next_attempt_at, changed_at, reason"),
}


def benches(scale: str) -> dict[str, Callable[[], list[Figure]]]:
    people = SCALES[scale].people
    return {"reminders": partial(_measure, people)}


@override_settings(WORKING_HOURS=(time.min, time.max))
def _measure(people: int) -> list[Figure]:
    taken: dict[str, list[float]] = {step: [] for step in TABLES}
    limits: dict[str, list[float]] = {step: [] for step in TABLES}
    grown = 0.0
    with patch.object(hours, "FIRST_DAY_OFF", 7):  # also at the weekend
        for _ in range(ROUNDS):
            with transaction.atomic():
                _told_long_ago()
                forget_peak()
                before = resident()
                for step, act in (("note", ReminderService.note), ("gather", ReminderService.gather)):
                    taken[step].append(_timed(act, step, people))
                grown = max(grown, resident(peak=True) - before)
                files = {step: _kept(step) for step in TABLES}
                transaction.set_rollback(True)
            _clean_up()
            for step, taken_here in _plainly(files).items():
                limits[step].append(taken_here)
            _clean_up()
    figures = [Figure(f"reminders.{step}", middle(taken[step]), "s", middle(limits[step]), 7) for step in TABLES]
    return [*figures, Figure("reminders.memory", grown, "MB", MOST_MEMORY, 1)]


def _told_long_ago() -> None:
    """A notice to all, which is due tomorrow and reminds of it today."""
    notice = Notice.objects.create(
        title="To all",
        content="<p>Everybody.</p>",
        created_by=User.objects.get(username=ADMIN),
        requires_acknowledgement=True,
        start_date=today() - 30 * DAY,
        due_date=today() + DAY,
        remind_before=[1],
    )
    NoticeRecipient.objects.create(notice=notice, recipient=Recipient.objects.get(name="All staff"))
    NoticeService.publish(notice.pk, actor=notice.created_by)
    Delivery.objects.filter(notice=notice).update(state="sent", changed_at=F("changed_at") - 30 * DAY)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE notices_delivery")


def _timed(act: Callable[[], int], step: str, people: int) -> float:
    made = 0

    def run() -> None:
        nonlocal made
        made = act()

    taken = seconds(run)
    if made < people * 0.9:
        raise MeasurementError(f"{step} made {made} rows for {people} people")
    return taken


def _kept(step: str) -> IO[bytes]:
    table, columns = TABLES[step]
    file = TemporaryFile()  # noqa: SIM115 - closed by whoever asked for it
    with connection.cursor() as cursor:
        copying.keep(cursor, f"SELECT {columns} FROM {table} ORDER BY id", file)
    return file


def _plainly(files: dict[str, IO[bytes]]) -> dict[str, float]:
    def note() -> None:
        copying.send(cursor, *TABLES["note"], files["note"])

    def gather() -> None:
        copying.send(cursor, *TABLES["gather"], files["gather"])
        cursor.execute("UPDATE notices_reminder r SET mail_id = m.id FROM notices_remindermail m WHERE m.person_id = r.person_id")

    with bare_connection() as bare, bare.transaction(force_rollback=True), bare.cursor() as cursor:
        taken = {"note": seconds(note)}
        cursor.execute("ANALYZE notices_reminder")
        taken["gather"] = seconds(gather)
    for file in files.values():
        file.close()
    return taken


def _clean_up() -> None:
    """What was rolled back is dead weight in the next round."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE notices_delivery, notices_bounce, notices_reminder, notices_remindermail")
        cursor.execute("VACUUM notices_audiencekey, notices")
