"""The page of one import: file, problems, preview, running, done, undone, as its state has it."""

import csv
from collections.abc import Iterator
from itertools import groupby, islice
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from audit.models import Entry
from backoffice.jobs import progress_of
from backoffice.permissions import may_everywhere
from recipients.admin.imports.forms import AnswerForm, ConfirmForm, FileForm
from recipients.admin.imports.words import JOBS, LABELS, PHASES, act_in_words, figures, in_words
from recipients.imports.guarded import unguarded
from recipients.imports.kinds import KINDS as FILE_KINDS
from recipients.models import Import, ImportRow
from recipients.services.imports.access import may_import, may_stop
from recipients.services.imports.deciding import CHANGES, removes_many

State = Import.State
SHOWN = 20  # wrong rows
SAMPLE = 8  # rows of each outcome


def find(admin: Any, request: HttpRequest, object_id: Any) -> Import:
    """404 for whoever may not see imports, whether there is one of this number or not."""
    if not str(object_id).isdecimal():
        raise Http404
    return admin.object_or_404(request, object_id, rows=Import.objects.select_related("created_by", "undone_by", "follows"))


def show(admin: Any, request: HttpRequest, object_id: str, **answers: Any) -> HttpResponse:
    """`answers`: forms with what was typed into them, and why that could not be done."""
    batch = find(admin, request, object_id)
    status = 409 if answers.get("problem") else 200
    return TemplateResponse(request, "recipients/admin/import.html", _context(admin, request, batch) | answers, status=status)


def progress(admin: Any, request: HttpRequest, object_id: int) -> HttpResponse:
    """The progress alone, asked for again and again; once the work has ended the whole page is."""
    batch = find(admin, request, object_id)
    if batch.state not in JOBS:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return TemplateResponse(request, "recipients/admin/import_progress.html", _progress(request, batch) | {"batch": batch})


def _progress(request: HttpRequest, batch: Import) -> dict[str, Any]:
    now = progress_of(JOBS[batch.state], batch.pk)
    return {"progress": now, "phase": PHASES.get(now.phase, "") if now else "", "may_stop": may_stop(request.user, batch)}


def _context(admin: Any, request: HttpRequest, batch: Import) -> dict[str, Any]:
    may = may_import(request.user, batch.kind)
    context = admin.admin_site.each_context(request) | {
        "title": f"{batch}",
        "opts": admin.opts,
        "original": batch,
        "batch": batch,
        "label": LABELS[batch.state],
        "files": list(batch.files.all()),
        "may_import": may,
        "sees_timeline": may_everywhere(request.user, "view", Entry),
        "is_own": may and batch.created_by_id == request.user.pk,
        "followers": Import.objects.filter(follows=batch),
    }
    if batch.state in JOBS:
        return context | _progress(request, batch)
    if batch.state == State.UNREADABLE:
        same = reverse("admin:recipients_import_add") + f"?kind={batch.kind}"
        return context | {"answers": answer_form(batch), "mend_form": FileForm(), "upload_url": same}
    context |= {"mend_form": FileForm(), "wrong": in_words(batch.summary.get("wrong", []))}
    if batch.summary.get("wrong_rows") and batch.state in {State.CHECKED, State.DONE}:
        context |= _wrong_rows(batch)
    return context | _preview(batch) if batch.state == State.CHECKED else context


def answer_form(batch: Import, data: Any = None) -> AnswerForm:
    return AnswerForm(data, known=FILE_KINDS[batch.kind].columns, titles=(batch.problem or {}).get("titles", []))


def _preview(batch: Import) -> dict[str, Any]:
    return {
        "figures": figures(batch),
        "act": act_in_words(batch),
        "would_change": any(batch.summary.get(outcome) for outcome in CHANGES),
        "removes_many": removes_many(batch),
        "samples": [(outcome, list(_sample(batch, outcome))) for outcome in CHANGES if batch.summary.get(outcome)],
        "form": ConfirmForm(initial={"reading": batch.readings}),
        "same": same_content(batch),
        "keeps": list(_keeps(batch)),
    }


def _sample(batch: Import, outcome: str) -> Any:
    rows = batch.rows.filter(outcome=outcome).select_related("group", "recipient", "person")
    return rows.order_by("outcome", "number")[:SAMPLE]


def same_content(batch: Import) -> Any:
    """Imports with the very same rows, in whatever order and encoding."""
    same = Import.objects.filter(content_digest=batch.content_digest, kind=batch.kind, state__in=(State.DONE, State.APPLYING))
    return same.exclude(pk=batch.pk).select_related("created_by").order_by("-pk")[:3]


def _keeps(batch: Import) -> Iterator[str]:
    """What a file that is the whole truth leaves alone nevertheless, and what is left out."""
    if lost := batch.summary.get("not_mended"):
        yield _("%(count)s wrong rows are not among the mended ones, so they are left out.") % {"count": f"{lost:,}"}
    if kept := batch.summary.get("names_kept"):
        yield _("%(count)s groups are called otherwise in the file. Their names stay.") % {"count": f"{kept:,}"}
    if batch.mode != Import.Mode.REPLACE:
        return
    if kept := batch.summary.get("kept_groups"):
        yield _("%(count)s groups keep all their members, because rows that may be about them are wrong.") % {"count": f"{kept:,}"}
    columns = set(batch.summary.get("removable", []))
    if "recipient" not in columns:
        yield _("Recipients stay in the groups: the file has no column that could name them.")
    if not columns & {"employee_number", "email"}:
        yield _("Single people stay in the groups: the file has no column that could name them.")


def _wrong_rows(batch: Import) -> dict[str, Any]:
    """The first rows that are wrong, each cell with what is wrong in it."""
    problems = batch.problems.order_by("part", "line", "column", "pk").values_list("part", "line", "column", "message")
    first = problems[: SHOWN * 64]  # no row has more columns
    found = [(line, list(group)) for (_part, line), group in islice(groupby(first, key=lambda row: row[:2]), SHOWN)]
    header, rows = _failing(batch)
    return {
        "wrong_header": header,
        "wrong_rows": [_with_messages(header, line, cells, told) for (line, told), cells in zip(found, rows, strict=False)],
        "more_wrong": max(0, batch.summary["wrong_rows"] - SHOWN),
    }


def _failing(batch: Import) -> tuple[list[str], list[list[str]]]:
    """The rows as they stand in the file, in the same order."""
    name = batch.failing.name or ""
    if not (name and batch.failing.storage.exists(name)):
        return [], []
    with batch.failing.open("rb") as file:
        reader = csv.reader(line.decode("utf-8-sig") for line in file)
        header = next(reader)[:-1]
        return header, unguarded([row[:-1] for row in islice(reader, SHOWN)])


def _with_messages(header: list[str], line: int, cells: list[str], told: list[Any]) -> dict[str, Any]:
    by_column: dict[str, list[str]] = {}
    for _part, _line, column, message in told:
        by_column.setdefault(column if column in header else "", []).append(message)
    return {
        "line": line,
        "cells": [(cell, by_column.get(title, [])) for title, cell in zip(header, cells, strict=False)],
        "messages": by_column.get("", []),
    }


def outcome_or_none(value: str) -> str:
    return value if value in ImportRow.Outcome.values else ""
