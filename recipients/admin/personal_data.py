"""What the law lets people ask for: all that is held on them, and to be forgotten."""

from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from backoffice import clock
from recipients.admin import member_pages
from recipients.services import PersonService


def export(model_admin: Any, request: HttpRequest, object_id: int) -> HttpResponse:
    person = model_admin.object_or_404(request, object_id)
    model_admin.require(request, "export", person)

    def act(data: dict[str, Any]) -> Any:
        archive = PersonService.export(person.pk, actor=request.user, reason=data["reason"])
        name = f"person-{person.pk}-{timezone.localdate(clock.now()):%Y-%m-%d}.zip"
        return FileResponse(archive, as_attachment=True, filename=name, content_type="application/zip")

    question = (
        _("A ZIP file with all that is held on %(name)s: account, roles, places, groups, notices, mails, readings and the history.")
        % {"name": person},
        _("It is for the person, or for whoever decides on their request. Hand it over safely, and delete it afterwards."),
        _("That you took it, and why, stays on record."),
    )
    return member_pages.confirm(model_admin, request, person, title=_("Export personal data"), question=question, act=act, danger=False)


def anonymise(model_admin: Any, request: HttpRequest, object_id: int) -> HttpResponse:
    person = model_admin.object_or_404(request, object_id)
    model_admin.require(request, "anonymise", person)

    def act(data: dict[str, Any]) -> HttpResponse:
        former = PersonService.anonymise(person.pk, actor=request.user, reason=data["reason"])
        messages.success(request, _now("The personal data are erased. The account is called “%(name)s” from now on.") % {"name": former})
        return redirect(model_admin.own_url("change", person.pk))

    versions = person.history.count()
    question = (
        _("Name, username, e-mail, employee number and job title go: from the account, and from all %(count)d versions in its history.")
        % {"count": versions},
        _("This cannot be undone, by anybody."),
        _("What the person read, acknowledged, wrote, changed and belonged to stays on record, under the number %(number)d.")
        % {"number": person.pk},
        _("The seals of the history stay valid. That something was erased, when, by whom and why, stays on record too."),
        _("Reasons and texts that people wrote in their own words are not searched for the name."),
    )
    return member_pages.confirm(model_admin, request, person, title=_("Erase personal data"), question=question, act=act)
