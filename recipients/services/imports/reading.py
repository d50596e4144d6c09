"""Reading an import: its files are checked and staged, what is wrong is kept by cell, and what it would do becomes a plan.

One transaction: whatever ends it early leaves nothing behind.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.db import connection, transaction
from django.db.models import Count
from django.utils.translation import gettext as _

from audit.attribution import acting, operation
from audit.sources import Source
from backoffice import clock
from backoffice.jobs import Busy, Run, Stopped, running
from recipients.imports.kinds import KINDS as FILE_KINDS
from recipients.imports.problems import StructureProblem
from recipients.models import Import, ImportFile, ImportProblem, ImportRow
from recipients.services.imports.failing import forget_failing, write_failing
from recipients.services.imports.files import lines_in, replaced_lines, table_of
from recipients.services.imports.kinds import Reading
from recipients.services.imports.registry import kind_of
from recipients.services.imports.sql import fetch
from recipients.services.imports.staging import Stage, keep_problems
from recipients.services.imports.states import READ, end

MOST_ATTEMPTS = 3
# The same for the same rows, whatever their order, encoding and separators; of members, however a person is named.
CONTENT = "SELECT count(*), coalesce(sum(hash_record_extended(r, 0)::numeric), 0) FROM ({rows}) r"
MEMBERS = """
    SELECT group_id, recipient_id, person_id FROM recipients_importrow
    WHERE batch_id = %s AND part IS NOT NULL AND outcome NOT IN ('repeated', 'changed')
"""


def read(import_id: int) -> None:
    """Read it again from its files, as often as one likes. What was planned before is forgotten."""
    try:
        with running(READ, import_id) as run, operation(Source.IMPORT, str(import_id)):
            _read(import_id, run)
    except Busy:
        return


def _read(import_id: int, run: Run) -> None:
    batch = Import.objects.select_related("created_by").get(pk=import_id)
    if run.attempt > MOST_ATTEMPTS:
        end(batch, run, Import.State.FAILED, problem=_("Reading it was interrupted several times. Nothing was changed. Try once more."))
        return
    try:
        with transaction.atomic(), acting(batch.created_by):
            _read_all(batch, run)
            run.finish()
    except Stopped:
        forget_failing(batch)
        end(batch, run, Import.State.STOPPED)
    except StructureProblem as problem:
        end(batch, run, Import.State.UNREADABLE, problem=problem)


def _read_all(batch: Import, run: Run) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '256MB'")
    ImportRow.objects.filter(batch=batch).delete()
    ImportProblem.objects.filter(batch=batch).delete()
    reading = Reading(batch, batch.created_by)
    stage = Stage([column.key for column in FILE_KINDS[batch.kind].columns.columns], folded=kind_of(batch).folded)
    replaced = replaced_lines(batch)
    for file in batch.files.all():
        _stage(reading, stage, file, replaced[file.part], run)
    reading.summary["not_mended"] = max(0, sum(map(len, replaced.values())) - reading.mended)
    stage.analyse()
    run.tell("planning")
    kind_of(batch).plan(reading)
    _conclude(reading)
    run.tell("failing rows")
    write_failing(batch)
    batch.state, batch.problem = Import.State.CHECKED, None
    batch.readings, batch.read_at = batch.readings + 1, clock.now()
    batch.save()


def _stage(reading: Reading, stage: Stage, file: ImportFile, mended: frozenset[int], run: Run) -> None:
    """One file: every batch of rows goes to the database as it comes, so memory does not grow with the file."""
    batch = reading.batch
    table = table_of(file, batch)
    check = FILE_KINDS[batch.kind].open_check(table, across_rows=kind_of(batch).compares_in_the_file)
    reading.titles[file.part] = {key: table.header.title(key) for key in table.header.positions}
    expected = lines_in(file)
    for checked in check.batches():
        stage.add(file.part, checked.lines, checked.columns, without=mended)
        reading.refuse_too_many(keep_problems(batch, file.part, checked.problems, without=mended))
        reading.ragged |= any(not problem.column and problem.line not in mended for problem in checked.problems)
        run.tell("reading", check.report.rows, max(expected, check.report.rows))
    late: list[Any] = []
    report = check.finish(late.append)
    reading.refuse_too_many(keep_problems(batch, file.part, late, without=mended))
    reading.summary["rows"] = reading.summary.get("rows", 0) + report.rows - len(mended)
    reading.mended += report.rows if file.part > 1 else 0
    reading.summary["blank"] = reading.summary.get("blank", 0) + report.blank
    reading.summary.setdefault("notices", []).extend(notice.message for notice in report.notices)


def _conclude(reading: Reading) -> None:
    batch, summary = reading.batch, reading.summary
    summary["columns"] = reading.columns
    summary["overdue"] = batch.summary.get("overdue", False)
    outcomes = Counter(dict(batch.rows.order_by().values_list("outcome").annotate(n=Count("number"))))
    summary |= {outcome.value: outcomes[outcome] for outcome in ImportRow.Outcome}
    summary["wrong_rows"] = fetch(
        "SELECT count(*) FROM (SELECT DISTINCT part, line FROM recipients_importproblem WHERE batch_id = %s) p", [batch.pk]
    )[0][0]
    summary["wrong"] = list(_wrong(batch))
    batch.summary = summary
    batch.content_digest = "-".join(map(str, (*_content(batch), summary["wrong_rows"])))


def _wrong(batch: Import) -> Iterator[dict[str, Any]]:
    """Problems by column and kind, the most frequent first, for the summary in words."""
    counted = batch.problems.order_by().values("column", "code").annotate(n=Count("pk")).order_by("-n", "column", "code")
    yield from counted


def _content(batch: Import) -> tuple[int, int]:
    if not kind_of(batch).compares_in_the_file:
        return fetch(CONTENT.format(rows=MEMBERS), [batch.pk])[0]
    cells = ", ".join(f'"{column.key}"' for column in FILE_KINDS[batch.kind].columns.columns)
    return fetch(CONTENT.format(rows=f"SELECT {cells} FROM staged_rows"))[0]
