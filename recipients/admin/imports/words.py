"""How the states and numbers of an import are told."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from recipients.models import Import, ImportRow
from recipients.services.imports.states import APPLY, READ, UNDO

State = Import.State
# unfold's label variants.
LABELS: dict[str, str] = {
    State.READING: "info",
    State.UNREADABLE: "danger",
    State.CHECKED: "warning",
    State.APPLYING: "info",
    State.DONE: "success",
    State.UNDOING: "info",
    State.UNDONE: "",
    State.STOPPED: "",
    State.FAILED: "danger",
}
JOBS: dict[str, str] = {State.READING: READ, State.APPLYING: APPLY, State.UNDOING: UNDO}
PHASES = {
    "": gettext_lazy("Waiting for a worker"),
    "reading": gettext_lazy("Reading and checking rows"),
    "planning": gettext_lazy("Comparing with what is there"),
    "failing rows": gettext_lazy("Writing the rows that are wrong into a file"),
    "locking": gettext_lazy("Waiting for others who change the same groups"),
    "comparing": gettext_lazy("Looking whether anything has changed since the preview"),
    "importing": gettext_lazy("Importing"),
    "undoing": gettext_lazy("Taking back"),
}
MODES: dict[str, Any] = {
    Import.Mode.ADD: gettext_lazy("Members in the file are added. Nobody is removed, and no name is changed."),
    Import.Mode.UPDATE: gettext_lazy(
        "Members in the file are added, and names of groups are changed to those in the file. Nobody is removed."
    ),
    Import.Mode.REPLACE: gettext_lazy("The file is the whole truth for the groups it names: whoever is not in it is removed from them."),
}
# By the code of what is wrong.
NOUNS = {
    "unknown_group": ("%(count)s unknown group code", "%(count)s unknown group codes"),
    "unknown_recipient": ("%(count)s unknown recipient code", "%(count)s unknown recipient codes"),
    "inactive_recipient": ("%(count)s inactive recipient", "%(count)s inactive recipients"),
    "unknown_number": ("%(count)s unknown employee number", "%(count)s unknown employee numbers"),
    "unknown_email": ("%(count)s unknown e-mail address", "%(count)s unknown e-mail addresses"),
    "two_people": ("%(count)s row that names two people", "%(count)s rows that name two people"),
    "inactive_person": ("%(count)s person whose account is inactive", "%(count)s people whose account is inactive"),
    "missing": ("%(count)s empty cell", "%(count)s empty cells"),
    "width": ("%(count)s row with too few or too many cells", "%(count)s rows with too few or too many cells"),
    "email": ("%(count)s e-mail address that is none", "%(count)s e-mail addresses that are none"),
    "conflict": ("%(count)s row that contradicts another", "%(count)s rows that contradict others"),
}


def in_words(wrong: list[dict[str, Any]]) -> str:
    """“3 unknown e-mail addresses, 2 people whose account is inactive”."""
    counts: dict[tuple[str, str], int] = {}
    for part in wrong:
        key = (part["code"] if part["code"] in NOUNS else "", "" if part["code"] in NOUNS else part["column"])
        counts[key] = counts.get(key, 0) + part["n"]
    return ", ".join(_noun(code, column, count) for (code, column), count in sorted(counts.items(), key=lambda item: -item[1]))


def _noun(code: str, column: str, count: int) -> str:
    facts = {"count": f"{count:,}", "column": column}
    if code:
        return ngettext(*NOUNS[code], count) % facts
    return ngettext("%(count)s cell in “%(column)s”", "%(count)s cells in “%(column)s”", count) % facts


def figures(batch: Import) -> list[tuple[str, str, int]]:
    """Outcome, title and number of what the preview shows."""
    return [(outcome.value, outcome.label, batch.summary.get(outcome.value, 0)) for outcome in ImportRow.Outcome]


def act_in_words(batch: Import) -> str:
    """What the button does, in numbers."""
    return ", ".join(_acts(batch.summary)) or _("Nothing would change")


def _acts(summary: dict[str, Any]) -> Iterator[str]:
    if new := summary.get("new"):
        yield ngettext("Add %(count)s member", "Add %(count)s members", new) % {"count": f"{new:,}"}
    if removed := summary.get("removed"):
        yield ngettext("remove %(count)s member", "remove %(count)s members", removed) % {"count": f"{removed:,}"}
    if changed := summary.get("changed"):
        yield ngettext("change %(count)s name", "change %(count)s names", changed) % {"count": f"{changed:,}"}
