"""A new password by mail: Django's own views, under our look."""

from typing import Any

from django.conf import settings
from django.contrib.auth import views
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator

from audit.attribution import acting
from recipients.signin import counting
from recipients.signin.browsers import remember_browser
from recipients.signin.forms import ForgottenForm
from recipients.signin.throttle import mail_limits
from recipients.signin.views.pages import page, show, too_often


class OurLook:
    def get_form_kwargs(self) -> dict:
        return super().get_form_kwargs() | {"label_suffix": ""}

    def get_context_data(self, **kwargs: Any) -> dict:
        return super().get_context_data(**kwargs) | {"organisation": settings.ORGANISATION_NAME}


@method_decorator(page, name="dispatch")
class ForgottenView(OurLook, views.PasswordResetView):
    template_name = "signin/forgotten.html"
    form_class = ForgottenForm

    def form_valid(self, form: Any) -> HttpResponse:
        _mailbox, place = mail_limits(self.request, form.cleaned_data["email"])
        if until := counting.standing([place]).refused_until:
            return too_often(self.request, until)
        counting.count_failure([place])
        return super().form_valid(form)


@page
def sent(request: HttpRequest) -> HttpResponse:
    return show(request, "signin/forgotten_sent.html", {"minutes": settings.PASSWORD_RESET_TIMEOUT // 60})


@method_decorator(page, name="dispatch")
class NewPasswordView(OurLook, views.PasswordResetConfirmView):
    template_name = "signin/new_password.html"
    user: Any

    def form_valid(self, form: Any) -> HttpResponse:
        """Whoever holds the link is the person. Their browser is known from now on: they can sign in whatever others try."""
        with acting(self.user):
            response = super().form_valid(form)
        remember_browser(self.request, response, self.user.get_username())
        return response


@page
def changed(request: HttpRequest) -> HttpResponse:
    return show(request, "signin/new_password_set.html")
