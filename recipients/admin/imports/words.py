"""How the states and numbers of an import are told."""

from typing import Any

from django.utils.text import capfirst
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
OF_THINGS: dict[str, Any] = {
    Import.Mode.ADD: gettext_lazy("What is not there yet is added. What is there stays as it is."),
    Import.Mode.UPDATE: gettext_lazy("The same, and what is there is changed to what the file says. Empty cells change nothing."),
}
MODES: dict[str, dict[str, Any]] = {
    Import.Kind.MEMBERSHIPS: {
        Import.Mode.ADD: gettext_lazy("Members in the file are added. Nobody is removed, and no name is changed."),
        Import.Mode.UPDATE: gettext_lazy("The same, and groups get the names that the file gives them. Nobody is removed."),
        Import.Mode.REPLACE: gettext_lazy(
            "The file is the whole truth for the groups it names: whoever is not in it is removed from them."
        ),
    },
    Import.Kind.GROUPS: OF_THINGS,
    Import.Kind.RECIPIENTS: OF_THINGS,
    Import.Kind.PEOPLE: OF_THINGS,
}
# What a button does, by kind and outcome.
ACTS: dict[str, dict[str, tuple[str, str]]] = {
    Import.Kind.MEMBERSHIPS: {
        "new": ("Add %(count)s member", "Add %(count)s members"),
        "removed": ("remove %(count)s member", "remove %(count)s members"),
        "changed": ("change %(count)s name", "change %(count)s names"),
    },
    Import.Kind.GROUPS: {
        "new": ("Add %(count)s group", "Add %(count)s groups"),
        "changed": ("change %(count)s group", "change %(count)s groups"),
    },
    Import.Kind.RECIPIENTS: {
        "new": ("Add %(count)s recipient", "Add %(count)s recipients"),
        "changed": ("change %(count)s recipient", "change %(count)s recipients"),
    },
    Import.Kind.PEOPLE: {
        "new": ("Add %(count)s person or entry", "Add %(count)s people and entries"),
        "changed": ("change %(count)s person or entry", "change %(count)s people and entries"),
    },
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
    "taken_code": ("%(count)s code that cannot be used", "%(count)s codes that cannot be used"),
    "near_code": ("%(count)s code that differs in capitals alone", "%(count)s codes that differ in capitals alone"),
    "may_not_add": ("%(count)s unknown code", "%(count)s unknown codes"),
    "taken_username": ("%(count)s username that another has", "%(count)s usernames that others have"),
    "taken_email": ("%(count)s e-mail address that another has", "%(count)s e-mail addresses that others have"),
    "taken_number": ("%(count)s employee number that another has", "%(count)s employee numbers that others have"),
    "unfit_username": ("%(count)s new person without a username", "%(count)s new people without a username"),
    "nameless": ("%(count)s new person without a name", "%(count)s new people without a name"),
    "may_not_change": ("%(count)s row about an account you may not change", "%(count)s rows about accounts you may not change"),
    "own_account": ("%(count)s row that closes your own account", "%(count)s rows that close your own account"),
    "order": ("%(count)s entry that ends before it starts", "%(count)s entries that end before they start"),
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
    counts = ((words, batch.summary.get(outcome, 0)) for outcome, words in ACTS[batch.kind].items())
    return capfirst(", ".join(ngettext(*words, n) % {"count": f"{n:,}"} for words, n in counts if n)) or _("Nothing would change")
