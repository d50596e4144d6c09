"""All rights that one person, or one role, holds on single objects; each leads to where it can be taken away."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext_lazy

from audit.access import record_view
from audit.access_review.people import GrantOnOne, grants_held_by, told
from audit.access_review.verbs import verb_in
from audit.pages.review import may_review
from backoffice.admin.paginator import page_of
from backoffice.permissions import visible
from recipients.grants import PERSON, ROLE, given_by, kind_of, tables_of
from recipients.services.access import sees_rights_of
from recipients.services.grants import GRANT, may_revoke

TAB = ("grants", gettext_lazy("Rights on single things"))


class HoldingsMixin:
    opts: Any

    def get_urls(self) -> list:
        name = f"{self.opts.app_label}_{self.opts.model_name}_grants"
        page = path("<int:object_id>/grants/", cast("Any", self).own_page(holdings), name=name)
        return [page, *super().get_urls()]

    def shows_tab(self, request: HttpRequest, name: str, object_id: Any) -> bool:
        if name == TAB[0]:
            return sees_rights_of(request.user)
        return super().shows_tab(request, name, object_id)


def holdings(admin: Any, request: HttpRequest, object_id: int) -> HttpResponse:
    holder = admin.object_or_404(request, object_id)
    if request.method not in {"GET", "HEAD"} or not sees_rights_of(request.user):
        raise PermissionDenied
    record_view(request, page="access review", model=holder._meta.label_lower, object_id=holder.pk)
    page = page_of(request, grants_held_by(holder))
    is_person = kind_of(holder) == PERSON
    context = admin.page_context(request, holder, str(holder), "grants") | {
        "holder": holder,
        "is_person": is_person,
        "page": page,
        "rows": _lines(admin.admin_site, request, holder, list(page.object_list)),
        "review_url": reverse("admin:audit_review_person", args=[holder.pk]) if is_person and may_review(request.user) else "",
    }
    return TemplateResponse(request, "recipients/admin/grants.html", context)


def _lines(site: Any, request: HttpRequest, holder: Any, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each with who gave it, and with the address where it can be taken away, if this person may."""
    grants = told(rows, reader=request.user)
    tables = [_table(grant, ROLE if row["role"] else PERSON) for row, grant in zip(rows, grants, strict=True)]
    given = given_by((table, row["grant_id"]) for table, row in zip(tables, rows, strict=True) if table is not None)
    decided = _decided_by(request.user, (grant for grant, table in zip(grants, tables, strict=True) if table is not None))
    kind, lines = kind_of(holder), []
    for row, grant, table in zip(rows, grants, tables, strict=True):
        line = {"grant": grant, **given.get((table, row["grant_id"]), {})}
        if table is not None and grant.thing:
            own = site.get_model_admin(grant.model)
            line["url"] = own.own_url("access", grant.object_id)
            is_own = (kind == ROLE) == bool(row["role"])  # what comes with a role is taken from the role
            decides = is_own and (grant.model, grant.object_id) in decided
            if decides and may_revoke(request.user, verb_in(row["codename"], grant.model), holder):
                line["revoke"] = own.own_url("access_revoke", grant.object_id, f"{kind}-{row['grant_id']}")
        lines.append(line)
    return lines


def _table(grant: GrantOnOne, kind: str) -> Any:
    """None if rights on single objects of this kind have no table of their own, and so no page."""
    try:
        return tables_of(grant.model)[kind] if grant.model is not None else None
    except LookupError:
        return None


def _decided_by(user: Any, grants: Iterable[GrantOnOne]) -> set[tuple[Any, str]]:
    """Those objects about whose rights `user` decides: one query for each kind."""
    ids = defaultdict(set)
    for grant in grants:
        ids[grant.model].add(grant.object_id)
    return {
        (model, str(pk))
        for model, pks in ids.items()
        for pk in visible(user, GRANT, model._default_manager.filter(pk__in=pks)).values_list("pk", flat=True)
    }
