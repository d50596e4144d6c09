"""Pages that a recipient and a group have in common: the people in it, and the question before deleting."""

from collections.abc import Callable, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from audit.pages.list_exports import offered
from backoffice.admin.confirmation import ReasonForm, Text, ask
from backoffice.permissions import may, may_everywhere
from recipients.admin.people_table import people_table
from recipients.dtos import Address
from recipients.models import User


def people(
    model_admin: Any, request: HttpRequest, obj: Model, address: Address, *, exported: str, entries: str = "", hint: Text = ""
) -> HttpResponse:
    """Everyone behind an address now, a page at a time, each with the reasons."""
    if not may_everywhere(request.user, "view", User):
        raise PermissionDenied
    context = model_admin.page_context(request, obj, str(obj), "people") | people_table(request, address)
    exports = offered(request, exported, object_id=obj.pk) if may(request.user, "export", obj) else []
    context |= {"may_open_people": True, "entries": entries, "hint": hint, "list_exports": exports}
    return TemplateResponse(request, "recipients/admin/people.html", context)


def confirm(
    model_admin: Any,
    request: HttpRequest,
    obj: Model,
    *,
    title: Text,
    question: Sequence[Text],
    act: Callable[[dict[str, Any]], HttpResponse],
    form: Any = None,
    danger: bool = True,
    back: str = "",
) -> HttpResponse:
    """GET asks in sentences with numbers, POST does it; a refusal is said on the same page."""
    form = form or ReasonForm(request.POST or None)
    problem = ""
    if request.method == "POST" and form.is_valid():
        try:
            return act(form.cleaned_data)
        except ValidationError as error:
            problem = " ".join(error.messages)
    context = model_admin.page_context(request, obj, _("%(act)s: %(name)s") % {"act": title, "name": obj})
    back = back or model_admin.own_url("change", obj.pk)
    return ask(request, context, form=form, heading=title, button=title, sentences=question, problem=problem, back=back, danger=danger)
