"""The ends of the work on an import, and the names of its jobs."""

from typing import Any

from django.db import transaction

from audit.attribution import acting
from backoffice import clock
from backoffice.jobs import Run
from recipients.imports.problems import StructureProblem
from recipients.models import Import

JOBS = READ, APPLY, UNDO = "imports.read", "imports.apply", "imports.undo"


@transaction.atomic
def end(batch: Import, run: Run, state: Import.State, *, problem: StructureProblem | str | None = None) -> None:
    """After a roll-back: say why it came to nothing. The plan of an earlier reading stays as it was."""
    batch.refresh_from_db()
    batch.state, batch.problem = state, as_json(problem)
    if state == Import.State.FAILED:
        batch.finished_at = clock.now()
    with acting(batch.created_by):
        batch.save(update_fields=["state", "problem", "finished_at"])
    run.finish(even_if_stopped=True)


def as_json(problem: StructureProblem | str | None) -> dict[str, Any] | None:
    if problem is None or isinstance(problem, str):
        return {"code": "", "message": problem} if problem else None
    return {
        "code": problem.code,
        "message": problem.message,
        "line": problem.line,
        "column": problem.column,
        "sample": list(problem.sample),
        "suggestion": problem.suggestion,
        "titles": list(getattr(problem, "titles", ())),
        "sheets": list(getattr(problem, "sheets", ())),
    }
