"""The other pages of a group: who is in it, deleting it, the trash, and the way back."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from audit.pages.list_exports import offered
from backoffice.admin.paginator import page_of
from backoffice.permissions import may_somewhere, visible
from recipients.admin import member_pages
from recipients.admin.forms import RestoreGroupForm
from recipients.dtos import Address
from recipients.models import RecipientGroup
from recipients.repositories import AudienceRepository
from recipients.services import RecipientGroupService
from recipients.services.groups import code_is_taken_by


def people(model_admin: Any, request: HttpRequest, object_id: int) -> HttpResponse:
    group = model_admin.object_or_404(request, object_id)
    return member_pages.people(model_admin, request, group, Address.of(groups=[group.pk]), exported="group_people")


def delete(model_admin: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    group = model_admin.object_or_404(request, object_id)
    model_admin.require(request, "delete", group)

    def act(data: dict[str, Any]) -> HttpResponse:
        RecipientGroupService.delete(group.pk, actor=request.user, reason=data["reason"])
        messages.success(request, _("“%(name)s” is in the trash.") % {"name": group})
        return redirect(model_admin.own_url("changelist"))

    count = AudienceRepository.summary(Address.of(groups=[group.pk])).total
    question = [
        _("“%(name)s” moves to the trash with its members. You can restore it from there.") % {"name": group},
        _("%(count)d people are in it now; none of them is changed.") % {"count": count},
        _("Notices that were sent to it stay on record, but readers no longer find them through this group."),
    ]
    return member_pages.confirm(model_admin, request, group, title=_("Delete"), question=question, act=act)


def deleted_groups(user: Any) -> QuerySet[RecipientGroup]:
    """What `user` sees in the trash, the last deleted first."""
    return visible(user, "view", RecipientGroup.all_objects.deleted()).select_related("deleted_by").order_by("-deleted_at", "-pk")


def trash(model_admin: Any, request: HttpRequest) -> HttpResponse:
    if not may_somewhere(request.user, "view", RecipientGroup):
        raise PermissionDenied
    page = page_of(request, deleted_groups(request.user))
    restorable = set(
        visible(request.user, "delete", RecipientGroup.all_objects.filter(pk__in=[g.pk for g in page.object_list])).values_list(
            "pk", flat=True
        )
    )
    context = model_admin.page_context(request, None, _("Deleted groups")) | {"page": page, "restorable": restorable}
    context["list_exports"] = offered(request, "deleted_groups")
    return TemplateResponse(request, "recipients/admin/group_trash.html", context)


def restore(model_admin: Any, request: HttpRequest, object_id: int) -> HttpResponse:
    group = model_admin.object_or_404(request, object_id, rows=RecipientGroup.all_objects.deleted())
    model_admin.require(request, "delete", group)

    def act(data: dict[str, Any]) -> HttpResponse:
        RecipientGroupService.restore(group.pk, actor=request.user, code=data["code"])
        messages.success(request, _("“%(name)s” is back, with the members it had.") % {"name": group})
        return redirect(model_admin.own_url("change", group.pk))

    question = [_("“%(name)s” comes back with the members it had. Nobody is told.") % {"name": group}]
    if other := code_is_taken_by(group):
        question.append(
            _("The group “%(other)s” has its code “%(code)s” now, so “%(name)s” needs another one.")
            % {"other": other, "code": group.code, "name": group}
        )
    form = RestoreGroupForm(request.POST or None, initial={"code": group.code})
    return member_pages.confirm(
        model_admin,
        request,
        group,
        title=_("Restore"),
        question=question,
        act=act,
        form=form,
        danger=False,
        back=model_admin.own_url("trash"),
    )
