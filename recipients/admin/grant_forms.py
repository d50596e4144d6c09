"""The form that gives rights on one object, and the one that takes a right away."""

from typing import Any

from django import forms
from django.contrib.auth.models import Group
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget

from backoffice.admin.confirmation import ReasonForm
from backoffice.admin.widgets import OneByAutocomplete
from backoffice.permissions import may_somewhere, visible
from recipients.exceptions import RecipientError, StaleGrants
from recipients.grants import COLUMNS, PERSON, ROLE, GrantRepository, tables_of
from recipients.models import User
from recipients.services import GrantService
from recipients.services.grants import grantable

HOLDERS = {PERSON: (User, gettext_lazy("Person")), ROLE: (Group, gettext_lazy("Or a role: everyone who has it"))}


SAY_WHY = gettext_lazy("Say why. The reason is kept in the history.")


class VerbsWidget(forms.CheckboxSelectMultiple):
    template_name = "recipients/admin/verbs.html"


class GrantForm(forms.Form):
    """Offers the people and roles that this person may see, and the rights that they may give."""

    verbs = forms.MultipleChoiceField(
        label=gettext_lazy("May"), widget=VerbsWidget, error_messages={"required": gettext_lazy("Tick at least one right.")}
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason (kept in the history)"),
        max_length=500,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        error_messages={"required": SAY_WHY},
    )
    seen = forms.IntegerField(widget=forms.HiddenInput)

    field_order = (PERSON, ROLE, "verbs", "reason")

    def __init__(self, request: HttpRequest, target: Model, *, site: Any) -> None:
        self.actor, self.target = request.user, target
        super().__init__(request.POST or None, initial={"seen": GrantRepository.last_change(target)})
        for kind, (model, label) in HOLDERS.items():
            if may_somewhere(self.actor, "view", model):
                widget = OneByAutocomplete(tables_of(target)[kind]._meta.get_field(COLUMNS[kind]), site)
                rows = visible(self.actor, "view", model._default_manager.all())
                self.fields[kind] = forms.ModelChoiceField(rows, label=label, required=False, widget=widget)
        verbs: Any = self.fields["verbs"]
        verbs.choices = list(grantable(self.actor, target).items())
        self.order_fields(self.field_order)

    @property
    def has_holders(self) -> bool:
        return bool(HOLDERS.keys() & self.fields.keys())

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        chosen = [data[kind] for kind in HOLDERS if data.get(kind)]
        if len(chosen) == 1:
            data["to"] = chosen[0]
        elif chosen:
            self.add_error(ROLE, _("Choose a person or a role, not both: each right is given to one of them."))
        elif not HOLDERS.keys() & self.errors.keys():
            self.add_error(PERSON if PERSON in self.fields else None, _("Choose who gets the right."))
        return data

    def save(self) -> list[str] | None:
        """The words of what is new; None if it could not be done, and then the form says why."""
        data = self.cleaned_data
        try:
            new = GrantService.grant_all(
                self.target, verbs=data["verbs"], to=data["to"], actor=self.actor, reason=data["reason"], seen=data["seen"]
            )
        except StaleGrants as error:
            # Sending it once more is then a decision: the form carries what the page shows now.
            posted: Any = self.data.copy()
            posted["seen"] = str(GrantRepository.last_change(self.target))
            self.data = posted
            self.add_error(None, error)
        except RecipientError as error:
            self.add_error(None, error)
        else:
            words = dict(self.fields["verbs"].choices)
            return [words[verb] for verb in new]
        return None


class RevokeForm(ReasonForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = True
        self.fields["reason"].error_messages["required"] = SAY_WHY
