"""Taking a lost phone's second step off an account."""

from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from recipients.admin import member_pages
from recipients.models import User
from recipients.services import PersonService
from recipients.services.access import may_change_person


def reset(model_admin: Any, request: HttpRequest, object_id: int) -> HttpResponse:
    person = cast("User", model_admin.object_or_404(request, object_id))
    if not may_change_person(request.user, person):
        raise PermissionDenied

    def act(data: dict[str, Any]) -> HttpResponse:
        PersonService.reset_second_step(person.pk, actor=request.user, reason=data["reason"])
        messages.success(request, _("%(name)s signs in with the password alone, until a new second step is set up.") % {"name": person})
        return redirect(model_admin.own_url("change", person.pk))

    question = (
        _("The phone and the recovery codes of %(name)s are worth nothing from then on, and %(name)s is signed out everywhere.")
        % {"name": person},
        _("Do this only if you know that it is really them who asks: call back, or see them. Say in the reason how you know."),
    )
    return member_pages.confirm(model_admin, request, person, title=_("Reset the second step"), question=question, act=act)
