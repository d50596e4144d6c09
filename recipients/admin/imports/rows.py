"""Everything that an import would do, row by row, to be searched."""

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from backoffice.admin.paginator import page_of, words_sought
from recipients.admin.imports.page import find, outcome_or_none
from recipients.admin.imports.words import LABELS, figures
from recipients.models import Import, ImportRow, Recipient, RecipientGroup, User

PERSON = ("first_name", "last_name", "username", "email", "employee_number")
MOST_MATCHES = 2_000  # things of one kind that a search finds


def rows(admin: Any, request: HttpRequest, object_id: int) -> HttpResponse:
    batch = find(admin, request, object_id)
    outcome, sought = outcome_or_none(request.GET.get("outcome", "")), words_sought(request)
    planned = batch.rows.select_related("group", "recipient", "person").order_by("outcome", "number")
    planned = planned.filter(outcome=outcome) if outcome else planned
    for word in sought.split():
        planned = _matching(planned, word)
    context = admin.admin_site.each_context(request) | {
        "title": _("%(import)s: row by row") % {"import": batch},
        "opts": admin.opts,
        "original": batch,
        "batch": batch,
        "label": LABELS[batch.state],
        "figures": figures(batch),
        "outcome": outcome,
        "q": sought,
        "page": page_of(request, planned),
        "is_current": batch.state == Import.State.CHECKED,
    }
    return TemplateResponse(request, "recipients/admin/import_rows.html", context)


def _matching(planned: QuerySet, word: str) -> QuerySet:
    """Found by name first, so that the plan is looked through by numbers."""
    people = _named(User, word, *PERSON)
    entities = _named(Recipient, word, "name", "code")
    groups = _named(RecipientGroup, word, "name", "code")
    return planned.filter(Q(person__in=people) | Q(recipient__in=entities) | Q(group__in=groups) | _new_person(word))


def _new_person(word: str) -> Q:
    """Whoever is not there yet is named by the plan alone."""
    named = Q()
    for field in PERSON:
        named |= Q(**{f"after__{field}__icontains": word})
    return named & Q(person=None, outcome=ImportRow.Outcome.NEW)


def _named(model: Any, word: str, *fields: str) -> list[int]:
    named = Q()
    for field in fields:
        named |= Q(**{f"{field}__icontains": word})
    return list(model._base_manager.filter(named).order_by("pk").values_list("pk", flat=True)[:MOST_MATCHES])
