"""The history of anything that has one, by the name of its kind and its number: also when the thing itself is gone."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, reverse

from audit.admin.history_pages import as_of_page, compare_page, history_page, refuse_unless_read
from audit.admin.subject import Subject
from audit.object_history.points import rows_of
from audit.sentences.rows import model_of
from audit.sentences.words import words_of
from backoffice.permissions import may


def urls(site: admin.AdminSite) -> list:
    """For `BackofficeSite.add_pages`."""

    def page(route: str, name: str, show: Callable[[HttpRequest, Subject], HttpResponse]) -> Any:
        def view(request: HttpRequest, label: str, object_id: int) -> HttpResponse:
            return show(request, _subject(site, request, label, object_id))

        return path(f"audit/history/<str:label>/<int:object_id>/{route}", site.admin_view(view), name=name)

    return [
        page("", "audit_history", history_page),
        page("compare/", "audit_history_compare", compare_page),
        page("as-of/", "audit_history_as_of", as_of_page),
    ]


def _subject(site: admin.AdminSite, request: HttpRequest, label: str, pk: int) -> Subject:
    model = model_of(label.lower())
    last = rows_of(model, pk).first() if model is not None and pk <= 2**63 - 1 else None
    living = model._base_manager.filter(pk=pk).first() if last is not None else None
    allowed = request.user.has_perm("audit.view_entry") or (living is not None and may(request.user, "view", living))
    if model is None or last is None or not allowed:
        raise PermissionDenied if not request.user.has_perm("audit.view_entry") else Http404
    refuse_unless_read(request)
    words = words_of(model)
    name = words.name_of(last) if words.name_fields else f"{model._meta.verbose_name} {pk}"
    return Subject(
        model=model,
        pk=pk,
        title=name,
        base=reverse("admin:audit_history", args=[model._meta.label_lower, pk]),
        reader=request.user,
        context=site.each_context(request) | {"opts": model._meta, "is_gone": living is None},
        living=living,
    )
