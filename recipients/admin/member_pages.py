"""Pages that a recipient and a group have in common: the people in it, and the question before deleting."""

from collections.abc import Callable, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.admin.paginator import CappedPaginator
from backoffice.permissions import may_everywhere
from recipients.admin.forms import ReasonForm
from recipients.dtos import Address
from recipients.models import User
from recipients.repositories import AudienceRepository

PER_PAGE = 25
PARTS = (
    ("", gettext_lazy("Everyone")),
    ("overlapping", gettext_lazy("In more than once")),
    ("without_email", gettext_lazy("Without e-mail")),
    ("inactive", gettext_lazy("Left out")),
)


def people(
    model_admin: Any, request: HttpRequest, obj: Model, address: Address, *, entries: str = "", hint: str | Promise = ""
) -> HttpResponse:
    """Everyone behind an address now, a page at a time, each with the reasons."""
    if not may_everywhere(request.user, "view", User):
        raise PermissionDenied
    only = request.GET.get("only", "")
    only = only if only in dict(PARTS) else ""
    search = request.GET.get("q", "")[:100].replace("\x00", "")
    summary = AudienceRepository.summary(address)
    page = CappedPaginator(AudienceRepository.people(address, only=only, search=search), PER_PAGE).get_page(request.GET.get("p"))
    numbers = {"": summary.total, "overlapping": summary.overlapping, "without_email": summary.without_email, "inactive": summary.inactive}
    context = model_admin.page_context(request, obj, str(obj), "people") | {
        "summary": summary,
        "page": page,
        "members": AudienceRepository.explain(address, list(page.object_list)),
        "parts": [(key, title, numbers[key]) for key, title in PARTS],
        "only": only,
        "q": search,
        "entries": entries,
        "hint": hint,
    }
    return TemplateResponse(request, "recipients/admin/people.html", context)


def confirm(
    model_admin: Any,
    request: HttpRequest,
    obj: Model,
    *,
    title: str | Promise,
    question: Sequence[str | Promise],
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
    context = model_admin.page_context(request, obj, _("%(act)s: %(name)s") % {"act": title, "name": obj}) | {
        "act": title,
        "question": question,
        "form": form,
        "problem": problem,
        "danger": danger,
        "back": back or model_admin.own_url("change", obj.pk),
    }
    return TemplateResponse(request, "recipients/admin/confirm.html", context, status=409 if problem else 200)
