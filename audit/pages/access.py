"""Who looked at which evidence, and who took it away."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.access import LABELS, PAGES, record_view
from audit.exports.lists import parameter_of
from audit.models import AccessRecord
from audit.pages.list_exports import offered
from audit.pages.review import may_review
from audit.sentences.names import Names, Part
from audit.sentences.rows import model_of
from audit.timeline.criteria import NEWEST_FIRST
from audit.timeline.forms import TimelineForm, as_text, place_of
from backoffice.admin.paginator import LONGEST_SEARCH, PER_PAGE
from backoffice.permissions import may_everywhere

ACCESS_RECORDS = "access_records"
MOST_PEOPLE = 200  # that a name may mean


@dataclass(frozen=True, slots=True)
class Line:
    record: AccessRecord
    what: str
    page: str
    thing: Part | None
    filters: str


class AccessForm(forms.Form):
    q = forms.CharField(label=gettext_lazy("Person"), required=False, max_length=LONGEST_SEARCH)
    page = forms.ChoiceField(label=gettext_lazy("Page"), required=False, choices=lambda: [("", _("Any")), *PAGES.items()])


def urls(site: admin.AdminSite) -> list:
    def view(request: HttpRequest) -> HttpResponse:
        return accesses(site, request)

    return [path("audit/access/", site.admin_view(view), name="audit_access")]


def accesses(site: admin.AdminSite, request: HttpRequest) -> HttpResponse:
    if request.method not in {"GET", "HEAD"} or not may_everywhere(request.user, "view", AccessRecord):
        raise PermissionDenied
    form = AccessForm(request.GET)
    records = list(_page(form, request)[: PER_PAGE + 1])
    record_view(request, page="access records")
    shown = records[:PER_PAGE]
    context = site.each_context(request) | {
        "title": _("Access"),
        "form": form,
        "lines": _lines(shown, request.user),
        "older": as_text(shown[-1]) if len(records) > PER_PAGE else "",
        "is_newest": "before" not in request.GET,
        "may_review": may_review(request.user),
        "list_exports": offered(request, ACCESS_RECORDS),
    }
    return TemplateResponse(request, "audit/access.html", context)


def records_of(form: AccessForm) -> QuerySet[AccessRecord]:
    """The newest first; none if the form asks for nothing that there is."""
    records = AccessRecord.objects.select_related("user").order_by(*NEWEST_FIRST)
    if not form.is_valid():
        return records.none()
    if name := form.cleaned_data["q"]:
        records = records.filter(user__in=_people_called(name))
    if page := form.cleaned_data["page"]:
        records = records.filter(page=page)
    return records


def _page(form: AccessForm, request: HttpRequest) -> QuerySet[AccessRecord]:
    records = records_of(form)
    if before := place_of(request.GET.get("before", "")):
        records = records.filter(Q(at__lt=before.at) | Q(at=before.at, id__lt=before.entry), at__lte=before.at)
    return records


def _people_called(name: str) -> list[int]:
    people = get_user_model()._default_manager.all()
    for word in name.split():
        people = people.filter(Q(first_name__icontains=word) | Q(last_name__icontains=word) | Q(username__icontains=word))
    return list(people.values_list("pk", flat=True)[:MOST_PEOPLE])


def _lines(records: list[AccessRecord], reader: Any) -> list[Line]:
    models = {record.pk: model_of(record.model) for record in records if record.object_id is not None}
    names = Names([(models[r.pk], r.object_id, r.at) for r in records if models.get(r.pk) and r.object_id is not None], reader)
    return [_line(record, models.get(record.pk), names) for record in records]


def _line(record: AccessRecord, model: Any, names: Names) -> Line:
    thing = names.part(model, record.object_id, record.at) if model is not None and record.object_id is not None else None
    return Line(record, record.get_kind_display(), str(PAGES.get(record.page, record.page)), thing, _filters(record.page, record.detail))


def _filters(page: str, detail: str) -> str:
    """The format of an export and what a page was narrowed to, as the page itself calls it."""
    start, _space, query = detail.rpartition(" ")
    if "=" not in query:
        return detail
    labels = {name: str(field.label or name) for name, field in TimelineForm.base_fields.items()} if page == "timeline" else LABELS
    named = [
        f"{labels.get(name) or parameter_of(page, name)}: {value}" for name, value in QueryDict(query).items() if value and name != "before"
    ]
    return ", ".join(filter(None, [start, *named]))
