"""The reader's own account: time zone, mails and password."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.views import PasswordChangeView
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from notices.inbox.forms import MailsForm, TimeZoneForm
from notices.inbox.pages import common_context, render_page
from recipients.models import User


@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    # A copy of the person: a refused form leaves what is not saved on its instance.
    person, data = User.objects.get(pk=request.user.pk), request.POST or None
    zone, mails = TimeZoneForm(data, instance=person), MailsForm(data, user=person)
    if request.method == "POST" and zone.is_valid() and mails.is_valid():
        with transaction.atomic():
            zone.save()
            mails.save()
        messages.success(request, _("Your choices are saved."))
        return redirect("inbox:account")
    return render_page(request, "inbox/account.html", {"form": zone, "mails": mails})


class PasswordChange(PasswordChangeView):
    template_name = "inbox/password_change.html"
    success_url = reverse_lazy("inbox:password_change_done")

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"label_suffix": ""}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | common_context(self.request)


@require_safe
def password_change_done(request: HttpRequest) -> HttpResponse:
    return render_page(request, "inbox/password_change_done.html")
