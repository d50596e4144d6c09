"""Addresses to which mail comes back: found on the list of people, mended on the page of the person."""

from collections.abc import Iterable
from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display

from recipients.admin import member_pages
from recipients.mail_codes import in_words
from recipients.models import AddressProblem, User
from recipients.services import AddressService
from recipients.services.access import may_change_person

FAILS = "fails"
NONE = "none"


class AddressFilter(DropdownFilter):
    title = _("e-mail address")
    parameter_name = "address"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        return ((FAILS, _("Does not work")), (NONE, _("Has none")))

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() == FAILS:
            return queryset & User.objects.whose_address_fails()
        return queryset.filter(email="") if self.value() == NONE else queryset


class AddressMixin:
    """For the admin of people."""

    @display(description=_("mail"), label={AddressProblem.Cause.REFUSED: "danger", AddressProblem.Cause.REPEATED: "warning"})
    def mail(self, person: User) -> Any:
        """Nothing, while it arrives as far as anybody knows."""
        problem = _problem_of(person)
        return (problem.cause, _now("Address does not work")) if problem else ""

    @admin.display(description=_("mail to this address"))
    def mail_comes_back(self, person: User) -> str:
        problem = person.address_problem
        words = _now("%(cause)s, since %(day)s. %(words)s No mail is sent there; notices are in the inbox. Correct the address above.")
        day = date_format(localtime(problem.since))
        return words % {"cause": problem.get_cause_display(), "day": day, "words": in_words(problem.code)}

    @admin.display(description=_("if it is right"))
    def address_works(self, person: User) -> str:
        url = cast("Any", self).own_url("address_works", person.pk)
        return format_html('<a class="bo-link" href="{}">{}</a>', url, _now("The address works again"))

    def address_fields(self, request: HttpRequest, person: User) -> tuple[str, ...]:
        """What the page of this person says about their address."""
        if _problem_of(person) is None:
            return ()
        return ("mail_comes_back", "address_works") if may_change_person(request.user, person) else ("mail_comes_back",)

    def address_urls(self) -> list:
        page = cast("Any", self).own_page(works_again)
        return [path("<int:object_id>/address-works/", page, name="recipients_user_address_works")]


def works_again(model_admin: Any, request: HttpRequest, object_id: int) -> HttpResponse:
    person = cast("User", model_admin.object_or_404(request, object_id))
    if not may_change_person(request.user, person):
        raise PermissionDenied

    def act(data: dict[str, Any]) -> HttpResponse:
        AddressService.works_again(person.pk, actor=request.user, reason=data["reason"])
        messages.success(request, _now("Mail is sent to %(email)s again, from the next notice on.") % {"email": person.email})
        return redirect(model_admin.own_url("change", person.pk))

    question = (
        _("Mail to %(email)s came back, so none is sent there. From now on it is tried again, with the next notice.")
        % {"email": person.email},
        _("What was not sent meanwhile is not sent afterwards: it is in the inbox."),
        _("Say in the reason how you know that it works. A wrong address you correct on the page of the person instead."),
    )
    return member_pages.confirm(model_admin, request, person, title=_("The address works again"), question=question, act=act, danger=False)


def _problem_of(person: User) -> AddressProblem | None:
    return getattr(person, "address_problem", None)
