"""The page that asks before something is done: in sentences, with a reason that is kept."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget

type Text = str | Promise


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason (kept in the history)"),
        required=False,
        max_length=500,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
    )


def ask(
    request: HttpRequest,
    context: dict[str, Any],
    *,
    form: forms.Form,
    heading: Text,
    button: Text,
    back: str,
    danger: bool,
    sentences: Iterable[Text] = (),
    problem: str = "",
    template: str = "backoffice/confirm.html",
) -> TemplateResponse:
    """`problem` says why what was confirmed could not be done."""
    question = {"form": form, "heading": heading, "button": button, "back": back, "danger": danger}
    answer = {"sentences": sentences, "problem": problem}
    return TemplateResponse(request, template, context | question | answer, status=409 if problem else 200)
