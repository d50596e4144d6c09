"""Who may do what, and through which grant: for one thing, and for one person."""

import csv
from collections.abc import Iterator
from itertools import batched
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from audit.access import record_export, record_view
from audit.access_review.people import GrantOnOne, grants_on_single_objects, rights_everywhere, told
from audit.access_review.routes import people_who_may, routes_of
from audit.access_review.verbs import verbs_of
from audit.exports.columns import guard
from audit.models import AccessRecord
from backoffice import clock
from backoffice.admin.paginator import page_of, words_sought
from backoffice.permissions import may_everywhere, visible

MOST_FOUND = 25
AT_ONCE = 1000  # people
NAME_ORDER = ("last_name", "first_name", "pk")
NO_THINGS = frozenset({"audit"})  # what only shows is not acted on


def urls(site: admin.AdminSite) -> list:
    def page(route: str, name: str, show: Any) -> Any:
        return path(f"audit/access/review/{route}", site.admin_view(lambda request, **ids: show(site, request, **ids)), name=name)

    return [
        page("", "audit_review", find),
        page("people/<int:object_id>/", "audit_review_person", person),
        page("<str:label>/<int:object_id>/", "audit_review_thing", thing),
        page("<str:label>/<int:object_id>/export/", "audit_review_export", export),
    ]


def may_review(user: Any) -> bool:
    return may_everywhere(user, "review", AccessRecord)


def review_url(user: Any, target: Model) -> str:
    """The page about `target`, if `user` may see it and it can be acted on."""
    if not may_review(user) or not verbs_of(target):
        return ""
    return reverse("admin:audit_review_thing", args=[target._meta.label_lower, target.pk])


def find(site: admin.AdminSite, request: HttpRequest) -> HttpResponse:
    """Where a review begins: which person, or which thing?"""
    _refuse_unless_reader(request)
    kinds = _kinds(site, request)
    label = request.GET.get("kind", "")
    sought = words_sought(request)
    record_view(request, page="access review")
    context = site.each_context(request) | {
        "title": _("Who may do what"),
        "kinds": [(kind, capfirst(str(model._meta.verbose_name_plural))) for kind, model in kinds.items()],
        "kind": label,
        "q": sought,
        "may_see_records": may_everywhere(request.user, "view", AccessRecord),
        "found": _found(site, request, kinds[label], sought) if label in kinds else None,
    }
    return TemplateResponse(request, "audit/review_find.html", context)


def _kinds(site: admin.AdminSite, request: HttpRequest) -> dict[str, Any]:
    registered = (model for model in site._registry if not model._meta.proxy and model._meta.app_label not in NO_THINGS)
    return {model._meta.label_lower: model for model in registered if site.get_model_admin(model).has_view_permission(request)}


def _found(site: admin.AdminSite, request: HttpRequest, model: Any, sought: str) -> list[dict[str, str]]:
    own = site.get_model_admin(model)
    rows, may_repeat = own.get_search_results(request, own.get_queryset(request), sought)
    found = list((rows.distinct() if may_repeat else rows).order_by(*own.get_ordering(request))[:MOST_FOUND])
    return [
        {
            "name": str(obj),
            "thing": reverse("admin:audit_review_thing", args=[model._meta.label_lower, obj.pk]),
            "person": reverse("admin:audit_review_person", args=[obj.pk]) if model is get_user_model() else "",
        }
        for obj in found
    ]


def thing(site: admin.AdminSite, request: HttpRequest, label: str, object_id: int) -> HttpResponse:
    _refuse_unless_reader(request)
    target = _target_or_404(request, label, object_id)
    verbs, verb = _verb(request, target)
    page = page_of(request, _people(request, verb, target))
    record_view(request, page="access review", model=target._meta.label_lower, object_id=target.pk)
    routes = routes_of(page.object_list, verb, target)
    context = site.each_context(request) | {
        "title": _("Who may do what: %(name)s") % {"name": target},
        "target": target,
        "verbs": verbs.items(),
        "verb": verb,
        "words": verbs[verb],
        "q": words_sought(request),
        "page": page,
        "may_see_records": may_everywhere(request.user, "view", AccessRecord),
        "rows": [(found, routes[found.pk]) for found in page.object_list],
        "export_url": f"{reverse('admin:audit_review_export', args=[label, object_id])}?{request.GET.urlencode()}",
    }
    return TemplateResponse(request, "audit/review_thing.html", context)


def person(site: admin.AdminSite, request: HttpRequest, object_id: int) -> HttpResponse:
    _refuse_unless_reader(request)
    found = _target_or_404(request, get_user_model()._meta.label_lower, object_id)
    page = page_of(request, grants_on_single_objects(found))
    record_view(request, page="access review", model=found._meta.label_lower, object_id=found.pk)
    context = site.each_context(request) | {
        "title": _("What %(name)s may do") % {"name": found},
        "person": found,
        "may_see_records": may_everywhere(request.user, "view", AccessRecord),
        "rights": rights_everywhere(found),
        "grants": [(grant, _url(grant)) for grant in told(list(page.object_list), reader=request.user)],
        "page": page,
    }
    return TemplateResponse(request, "audit/review_person.html", context)


def _url(grant: GrantOnOne) -> str:
    return reverse("admin:audit_review_thing", args=[grant.model._meta.label_lower, grant.object_id]) if grant.thing else ""


def export(site: admin.AdminSite, request: HttpRequest, label: str, object_id: int) -> HttpResponseBase:
    if not may_review(request.user):
        raise PermissionDenied
    target = _target_or_404(request, label, object_id)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    verbs, verb = _verb(request, target)
    people = list(_people(request, verb, target).values_list("pk", flat=True))
    detail = f"csv {request.GET.urlencode()}".strip()
    record_export(request.user, page="access review", detail=detail, rows=len(people), model=target._meta.label_lower, object_id=target.pk)
    name = f"who-may-{verb}-{target._meta.model_name}-{target.pk}-{timezone.localtime(clock.now()):%Y-%m-%d}.csv"
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(_csv(people, verb, target, verbs[verb]), content_type="text/csv; charset=utf-8", headers=disposition)


class _Echo:
    def write(self, line: str) -> str:
        return line


def _csv(people: list[int], verb: str, target: Model, words: str) -> Iterator[str]:
    """A line for each way of each person, in the order of the page."""
    lines = csv.writer(_Echo())
    yield "\ufeff" + lines.writerow(
        [_("Person"), _("Username"), _("Number of the person"), _("May"), _("Object"), _("Because this person")]
    )
    for part in batched(people, AT_ONCE):
        by_id = get_user_model()._default_manager.in_bulk(part)
        routes = routes_of(by_id.values(), verb, target)
        for pk in part:
            found = by_id[pk]
            for route in routes.get(pk, []):
                cells = (str(found), found.get_username(), str(pk), words, str(target), route)
                yield lines.writerow([guard(cell) for cell in cells])


def _refuse_unless_reader(request: HttpRequest) -> None:
    if request.method not in {"GET", "HEAD"} or not may_review(request.user):
        raise PermissionDenied


def _target_or_404(request: HttpRequest, label: str, object_id: int) -> Model:
    """Reviewing shows names, so only of what this person may see."""
    try:
        model: Any = apps.get_model(label)
    except (LookupError, ValueError) as error:
        raise Http404 from error
    known = object_id < 2**63 and verbs_of(model)
    target = visible(request.user, "view", model._default_manager.all()).filter(pk=object_id).first() if known else None
    if target is None:
        raise Http404
    return target


def _verb(request: HttpRequest, target: Model) -> tuple[dict[str, str], str]:
    verbs = verbs_of(target)
    asked = request.GET.get("verb", "")
    return verbs, asked if asked in verbs else "change" if "change" in verbs else next(iter(verbs))


def _people(request: HttpRequest, verb: str, target: Model) -> QuerySet[Any]:
    people = people_who_may(verb, target)
    for word in words_sought(request).split():
        people = people.filter(
            Q(first_name__icontains=word) | Q(last_name__icontains=word) | Q(username__icontains=word) | Q(email__icontains=word)
        )
    return people.order_by(*NAME_ORDER)
