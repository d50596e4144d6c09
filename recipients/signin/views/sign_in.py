"""The one sign-in: a password, then a code where one is due."""

from typing import Any

from django.conf import settings
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_http_methods

from backoffice.views import home_of
from recipients.signin import steps
from recipients.signin.forms import CodeForm
from recipients.signin.services import CodeRefusedError, TwoFactorService
from recipients.signin.throttle import code_limits, log_refusal
from recipients.signin.views.pages import page, show, too_often


@method_decorator(page, name="dispatch")
class SignInView(LoginView):
    template_name = "backoffice/sign_in.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and not self._is_refused():
            # Not `redirect`, which would look for a view of that name.
            return HttpResponseRedirect(self.get_success_url())
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        person = form.get_user()
        return steps.begin(self.request, person, then=self.get_redirect_url() or home_of(person))

    def form_invalid(self, form: Any) -> HttpResponse:
        if getattr(self.request, "axes_locked_out", False):
            return HttpResponse(status=429)  # django-axes puts our page in its place
        return super().form_invalid(form)

    def get_form_kwargs(self) -> dict:
        return super().get_form_kwargs() | {"label_suffix": ""}

    def get_context_data(self, **kwargs: Any) -> dict:
        own = {"refused": self._is_refused(), "organisation": settings.ORGANISATION_NAME, "provider": settings.OIDC_NAME}
        return super().get_context_data(**kwargs) | own

    def _is_refused(self) -> bool:
        """Someone is signed in and was sent here from the back office, which is not theirs."""
        person: Any = self.request.user
        return person.is_authenticated and not person.is_staff and self.get_redirect_url().startswith(reverse("admin:index"))


@page
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """The second step."""
    person, then = steps.pending(request)
    if person is None:
        return redirect("login")
    form = CodeForm(request.POST or None, label_suffix="")
    if request.method == "POST" and form.is_valid():
        try:
            TwoFactorService.check(person, form.cleaned_data["code"], code_limits(request, person))
        except CodeRefusedError as error:
            log_refusal(request, "the code is wrong", person.get_username())
            if error.until:
                return too_often(request, error.until)
            form.add_error("code", error)
        else:
            return steps.finish(request, person, then=then, passed="code")
    return show(request, "signin/code.html", {"form": form})
