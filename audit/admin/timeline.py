"""The timeline: everything that was done, in sentences, newest first."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from audit.access import record_view
from audit.admin.audited import AuditedAdmin
from audit.admin.subject import Subject
from audit.models import Entry
from audit.pages.exports import export_url
from audit.sentences import sentences_of
from audit.sentences.names import Names
from audit.timeline.criteria import Criteria
from audit.timeline.details import details_of
from audit.timeline.forms import TimelineForm, as_text, place_of
from audit.timeline.grouping import actions_of
from audit.timeline.queries import MOST_UNATTRIBUTED, PER_PAGE, page_of, unattributed
from audit.timeline.search import MOST_FOUND
from backoffice import clock

LOOKED_BACK = timedelta(days=30)


@admin.register(Entry)
class EntryAdmin(AuditedAdmin):
    """Pages that only show: nothing can be posted to them, and there is nothing to add, change or delete."""

    def changelist_view(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        self._require_reader(request)
        form = TimelineForm(request.GET)
        context = self._context(request) | {"title": _("Timeline"), "form": form, "media": self.media + form.media}
        if form.is_valid():
            context |= _page(request, form) | {"export_url": export_url(request)}
        record_view(request, page="timeline")
        return TemplateResponse(request, "audit/timeline.html", context, status=200 if form.is_valid() else 400)

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict | None = None) -> HttpResponse:
        """One entry with all its rows."""
        self._require_reader(request)
        entry: Any = self.object_or_404(request, object_id)
        after = request.GET.get("after", "")
        details, following = details_of(entry, after=int(after) if _is_id(after) else 0, reader=request.user)
        sentence = sentences_of([entry], reader=request.user)[entry.pk]
        context = {"title": str(sentence), "entry": entry, "sentence": sentence, "details": details, "following": following}
        record_view(request, page="timeline", model=entry.model, object_id=entry.object_id)
        return TemplateResponse(request, "audit/timeline_entry.html", self._context(request) | context)

    def history_subject(self, request: HttpRequest, object_id: Any) -> Subject:
        raise Http404  # it is the history, and has none

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def _require_reader(self, request: HttpRequest) -> None:
        if request.method not in {"GET", "HEAD"} or not self.has_view_permission(request):
            raise PermissionDenied

    def _context(self, request: HttpRequest) -> dict[str, Any]:
        return self.admin_site.each_context(request) | {"opts": self.opts}


def _page(request: HttpRequest, form: TimelineForm) -> dict[str, Any]:
    criteria = form.criteria()
    before = place_of(request.GET.get("before", ""))
    page = page_of(criteria, before)
    shown = page.entries[:PER_PAGE]
    count, last = _without_a_person(criteria)
    return {
        "actions": actions_of(shown, sentences_of(shown, reader=request.user)),
        "older": as_text(shown[-1]) if len(page.entries) > PER_PAGE else "",
        "most_things": 0 if page.are_all_things else MOST_FOUND,
        "is_newest": before is None,
        "is_filtered": any(form.cleaned_data.values()),
        "chosen": _chosen(request, form),
        "unattributed": {"count": count, "more": count > MOST_UNATTRIBUTED, "most": MOST_UNATTRIBUTED, "last": last} if last else None,
    }


def _without_a_person(criteria: Criteria) -> tuple[int, Entry | None]:
    """In the days that are asked for, else lately; nothing when they are what is listed."""
    if criteria.source == "":
        return 0, None
    lately = None if criteria.since or criteria.until else clock.now() - LOOKED_BACK
    return unattributed(Criteria(since=criteria.since or lately, until=criteria.until))


def _chosen(request: HttpRequest, form: TimelineForm) -> list[dict[str, str]]:
    """What links have narrowed the list to, each with the name of its parameter."""
    data, chosen = form.cleaned_data, []
    if data["thing"]:
        reference = (*data["thing"], clock.now())
        name = Names([reference], request.user).part(*reference)
        chosen.append({"name": "thing", "text": _("Only %(thing)s and what belongs to it") % {"thing": name}})
    if data["through"]:
        chosen.append({"name": "through", "text": _("Only through %(file)s") % {"file": data["through"]}})
    if data["operation"]:
        chosen.append({"name": "operation", "text": _("Only one action")})
    return [one | {"without": _without(request, one["name"])} for one in chosen]


def _without(request: HttpRequest, name: str) -> str:
    query = request.GET.copy()
    for gone in {name, "before"} & query.keys():
        del query[gone]
    return f"?{query.urlencode()}"


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < len(str(2**63))
