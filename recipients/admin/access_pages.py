"""The Access page of one object: who holds which right on it and why, giving rights and taking them."""

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.access import record_view
from audit.pages.review import may_review, review_url
from backoffice.admin.confirmation import ask
from backoffice.admin.paginator import page_of
from backoffice.permissions import may, visible
from recipients.admin.grant_forms import GrantForm, RevokeForm
from recipients.exceptions import RecipientError
from recipients.grants import PERSON, ROLE, Grant, GrantRepository
from recipients.models import User
from recipients.services import GrantService
from recipients.services.access import sees_rights_of, sees_rights_on
from recipients.services.grants import may_revoke

HERE, EVERYWHERE = "", "everywhere"
PARTS = ((HERE, gettext_lazy("On this one")), (EVERYWHERE, gettext_lazy("On all of them")))
TAB = ("access", gettext_lazy("Access"))


class AccessPagesMixin:
    """The Access page of each object of a kind whose rights are kept in tables of their own."""

    opts: Any

    def get_urls(self) -> list:
        admin = cast("Any", self)
        name = f"{self.opts.app_label}_{self.opts.model_name}_access"
        own = [
            path("<int:object_id>/access/", admin.own_page(access), name=name),
            path("<int:object_id>/access/<slug:slug>/revoke/", admin.own_page(revoke), name=f"{name}_revoke"),
        ]
        return own + super().get_urls()

    def access_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        """What the head of the page needs."""
        return cast("Any", self).page_context(request, obj, str(obj), "access")

    def shows_tab(self, request: HttpRequest, name: str, object_id: Any) -> bool:
        admin = cast("Any", self)
        if name != TAB[0]:
            return super().shows_tab(request, name, object_id)
        if may_review(request.user):
            return True
        return visible(request.user, "grant", admin.model._base_manager.filter(pk=object_id)).exists()


def access(admin: Any, request: HttpRequest, object_id: int) -> HttpResponse:
    target = admin.object_or_404(request, object_id)
    if not sees_rights_on(request.user, target):
        raise PermissionDenied
    record_view(request, page="access review", model=target._meta.label_lower, object_id=target.pk)
    form = GrantForm(request, target, site=admin.admin_site) if may(request.user, "grant", target) else None
    if request.method == "POST":
        if form is None:
            raise PermissionDenied
        if form.is_valid() and (new := form.save()) is not None:
            messages.success(request, _done(form.cleaned_data["to"], new))
            return redirect(admin.own_url("access", target.pk))
    context = admin.access_context(request, target) | _table(request, target, may_revoke_some=form is not None)
    context |= {"form": form, "head": admin.history_head, "target": target, "review_url": review_url(request.user, target)}
    media = admin.media + form.media if form else admin.media
    return TemplateResponse(request, "recipients/admin/access.html", context | {"media": media, "opens": _opens(admin, request)})


def _done(holder: User | Group, new: list[str]) -> str:
    if not new:
        return _("%(holder)s had that right already. Nothing changed.") % {"holder": holder}
    return _("%(holder)s may do this from now on: %(rights)s.") % {"holder": holder, "rights": ", ".join(new)}


def _table(request: HttpRequest, target: Model, *, may_revoke_some: bool) -> dict[str, Any]:
    """Those who were granted something on this one; or those who may do it to all of the kind anyway."""
    part = EVERYWHERE if request.GET.get("through") == EVERYWHERE else HERE
    rows = GrantRepository.everywhere(target) if part else GrantRepository.on(target)
    page = page_of(request, rows)
    context: dict[str, Any] = {"part": part, "parts": PARTS, "page": page, "kind": target._meta.verbose_name_plural}
    if part:
        return context | {"holdings": GrantRepository.held(page.object_list, target), "superusers": GrantRepository.superusers()}
    grants = GrantRepository.told(page.object_list, target)
    return context | {"grants": [(grant, may_revoke_some and may_revoke(request.user, grant.verb, grant.holder)) for grant in grants]}


def _opens(admin: Any, request: HttpRequest) -> dict[str, str]:
    """The lists whose pages this person may open: a name leads there."""
    admins = {PERSON: admin.admin_site.get_model_admin(User), ROLE: admin.admin_site.get_model_admin(Group)}
    shown = {kind: own for kind, own in admins.items() if own.has_view_permission(request) and sees_rights_of(request.user)}
    return {kind: own.view_name("grants") for kind, own in shown.items()}


def revoke(admin: Any, request: HttpRequest, object_id: int, slug: str) -> HttpResponse:
    target = admin.object_or_404(request, object_id)
    if not may(request.user, "grant", target):
        raise PermissionDenied
    grant = GrantRepository.find(target, slug)
    if grant is None:
        messages.error(request, _("This right is not there, or no longer. Look at the list again."))
        return redirect(admin.own_url("access", target.pk))
    if not may_revoke(request.user, grant.verb, grant.holder):
        raise PermissionDenied
    form, problem, back = RevokeForm(request.POST or None), "", _back(admin, request, target, grant)
    if request.method == "POST" and form.is_valid():
        try:
            GrantService.revoke(target, verb=grant.verb, to=grant.holder, actor=request.user, reason=form.cleaned_data["reason"])
        except RecipientError as error:
            problem = str(error)
        else:
            messages.success(request, _("The right is taken from %(holder)s.") % {"holder": grant.holder})
            return redirect(back)
    context = admin.admin_site.each_context(request) | {"title": _("Take a right away"), "opts": admin.opts, "original": target}
    return ask(
        request,
        context,
        form=form,
        heading=_("Take a right away"),
        button=_("Take it away"),
        back=back,
        danger=True,
        sentences=_question(grant, target),
        problem=problem,
    )


def _question(grant: Grant, target: Model) -> list[str]:
    names = {"holder": grant.holder, "name": target, "right": grant.words}
    if grant.kind == ROLE:
        first = _("The role “%(holder)s” was granted this on “%(name)s”: %(right)s.")
        last = _("It is taken away at once, from everyone who has the role. What the role may do to all of them stays.")
    else:
        first = _("%(holder)s was granted this on “%(name)s”: %(right)s.")
        last = _("It is taken away at once. What %(holder)s may do by a role, or to all of them, stays.")
    return [first % names, last % names]


def _back(admin: Any, request: HttpRequest, target: Model, grant: Grant) -> str:
    """To where the link was."""
    if request.GET.get("from") == "grants" and sees_rights_of(request.user):
        return admin.admin_site.get_model_admin(type(grant.holder)).own_url("grants", grant.holder.pk)
    return admin.own_url("access", target.pk)
