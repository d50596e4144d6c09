"""What is asked on the way in and on the pages of one's account."""

from typing import Any

from django import forms
from django.contrib.auth.forms import PasswordResetForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from recipients.signin import counting
from recipients.signin.tasks import mail_reset
from recipients.signin.throttle import mail_limits


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autocapitalize": "off", "spellcheck": "false", "autofocus": True}),
        help_text=_("Six digits from the app on your phone, or one of your recovery codes."),
    )


class SetUpForm(CodeForm):
    password = forms.CharField(
        label=_("Your password"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )
    field_order = ("password", "code")

    def __init__(self, *args: Any, person: Any, ask_password: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person
        self.fields["code"].help_text = _("The six digits that the app shows now.")
        del self.fields["code"].widget.attrs["autofocus"]  # what to do before stands above it
        if not ask_password:
            del self.fields["password"]


class ForgottenForm(PasswordResetForm):
    """Answers the same whoever is meant: the mail is written in the background, by a task that is started in any case."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].help_text = _("The one in your staff record.")

    def save(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        email = self.cleaned_data["email"]
        mailbox, _place = mail_limits(request, email)
        people = [] if counting.standing([mailbox]).refused_until else list(self.get_users(email))
        counting.count_failure([mailbox])
        mail_reset.delay(people[0].pk if people else 0)
