"""The one sign-in, and the way from it to the right site."""

from django.conf import settings
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.csp import CSP
from django.utils.decorators import method_decorator
from django.views.decorators.csp import csp_override

# For pages of our own making: nothing inline, nothing evaluated, nothing from elsewhere.
STRICT_CSP: dict[str, list[str]] = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
    "base-uri": [CSP.NONE],
}


def home(request: HttpRequest) -> HttpResponse:
    """Writers go to the back office, everyone else to the inbox."""
    return redirect("admin:index" if request.user.is_active and getattr(request.user, "is_staff", False) else "inbox:index")


@method_decorator(csp_override(STRICT_CSP), name="dispatch")
class SignInView(LoginView):
    template_name = "backoffice/sign_in.html"

    def dispatch(self, request: HttpRequest, *args, **kwargs) -> HttpResponseBase:
        if request.user.is_authenticated and not self._is_refused():
            # Not `redirect`, which would look for a view of that name.
            return HttpResponseRedirect(self.get_success_url())
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict:
        return super().get_form_kwargs() | {"label_suffix": ""}

    def get_context_data(self, **kwargs) -> dict:
        return super().get_context_data(**kwargs) | {"refused": self._is_refused(), "organisation": settings.ORGANISATION_NAME}

    def _is_refused(self) -> bool:
        """Someone is signed in and was sent here from the back office, which is not theirs."""
        person = self.request.user
        return person.is_authenticated and not person.is_staff and self.get_redirect_url().startswith(reverse("admin:index"))
