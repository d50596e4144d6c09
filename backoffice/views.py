"""The one sign-in, and the way from it to the right site."""

from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect


def home(request: HttpRequest) -> HttpResponse:
    """Writers go to the back office, everyone else to the inbox."""
    return redirect("admin:index" if request.user.is_active and getattr(request.user, "is_staff", False) else "inbox:index")


class SignInView(LoginView):
    template_name = "backoffice/sign_in.html"

    def dispatch(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        # Someone who is signed in and lands here asked for a page that is not theirs; say so.
        self.refused = request.user.is_authenticated and request.method == "GET" and "next" in request.GET
        if request.user.is_authenticated and not self.refused:
            return redirect("home")
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs) -> dict:
        return super().get_context_data(**kwargs) | {"refused": self.refused}
