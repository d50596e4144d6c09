"""The filters of the timeline: an allow-list, with a sentence for every value that cannot be."""

import re
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.timezone import make_aware
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.models import Entry
from audit.sentences.rows import model_of
from audit.sentences.words import plural_of
from audit.sources import Source
from audit.timeline.criteria import Criteria, Place
from audit.triggers.recording import audited_models

LARGEST = 2**63 - 1
UNATTRIBUTED = "unattributed"
KINDS = {"created": Entry.Kind.CREATED, "changed": Entry.Kind.CHANGED, "deleted": Entry.Kind.DELETED}
PAGING = frozenset({"before"})


def _models() -> list[tuple[str, str]]:
    labels = ((model._meta.label_lower, capfirst(plural_of(model))) for model in audited_models())
    return [("", _("Everything")), *sorted(labels, key=lambda choice: choice[1])]


class PersonChoice(AutocompleteSelect):
    """Only what can be an id is looked up; the field refuses the rest."""

    def optgroups(self, name: str, value: list[str], attr: dict[str, Any] | None = None) -> list:
        return super().optgroups(name, [pk for pk in value if _number(pk) is not None], attr)


class TimelineForm(forms.Form):
    q = forms.CharField(label=gettext_lazy("Words"), required=False, max_length=100, help_text=gettext_lazy("In names and reasons"))
    person: Any = forms.ModelChoiceField(
        label=gettext_lazy("Person"),
        required=False,
        queryset=None,
        error_messages={"invalid_choice": gettext_lazy("There is no such person. Choose one from the list.")},
    )
    model = forms.ChoiceField(label=gettext_lazy("Kind of thing"), required=False, choices=_models)
    kind = forms.ChoiceField(
        label=gettext_lazy("What happened"),
        required=False,
        choices=[("", gettext_lazy("Anything")), *((word, kind.label) for word, kind in KINDS.items())],
    )
    source = forms.ChoiceField(
        label=gettext_lazy("Through"),
        required=False,
        choices=[("", gettext_lazy("Anything")), (UNATTRIBUTED, Source.NONE.label), *(c for c in Source.choices if c[0])],
    )
    since = forms.DateField(label=gettext_lazy("From"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    until = forms.DateField(label=gettext_lazy("Until"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    # Chosen by links.
    thing = forms.CharField(required=False, widget=forms.HiddenInput)
    through = forms.CharField(required=False, max_length=1000, widget=forms.HiddenInput)
    operation = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        person: Any = self.fields["person"]
        person.widget = PersonChoice(Entry._meta.get_field("user"), admin.site, attrs={"data-placeholder": _("Anyone")})
        person.queryset = get_user_model()._base_manager.all()
        self.unknown = sorted(set(data) - self.fields.keys() - PAGING)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if self.unknown:
            raise ValidationError(_("The timeline cannot be filtered by “%(name)s”.") % {"name": self.unknown[0][:100]})
        if data.get("since") and data.get("until") and data["until"] < data["since"]:
            self.add_error("until", _("“Until” is before “from”. Choose the same day or a later one."))
        return data

    def clean_thing(self) -> tuple[Any, int] | None:
        value = self.cleaned_data["thing"]
        if not value:
            return None
        label, _colon, pk = value.partition(":")
        model, number = model_of(label), _number(pk)
        if model is None or number is None:
            raise ValidationError(_("This address names no thing that has a timeline. Follow a link to one."))
        return model, number

    def clean_operation(self) -> int | None:
        value = self.cleaned_data["operation"]
        if not value:
            return None
        number = _number(value)
        if number is None:
            raise ValidationError(_("This address names no action. Follow a link to one."))
        return number

    def criteria(self) -> Criteria:
        data = self.cleaned_data
        source = {"": None, UNATTRIBUTED: ""}.get(data["source"], data["source"])
        return Criteria(
            words=data["q"],
            person_id=data["person"] and data["person"].pk,
            thing=data["thing"],
            model=data["model"],
            kind=KINDS[data["kind"]] if data["kind"] else "",
            source=source,
            source_detail=data["through"],
            operation=data["operation"],
            since=data["since"] and _midnight(data["since"]),
            until=data["until"] and _midnight(data["until"] + timedelta(days=1)),
        )


def _number(text: str) -> int | None:
    """A number that the database can hold; negative ones are operations of unattributed writes."""
    if not re.fullmatch(r"-?[0-9]{1,19}", text, re.ASCII):
        return None
    number = int(text)
    return number if abs(number) <= LARGEST else None


def _midnight(day: Any) -> datetime:
    return make_aware(datetime.combine(day, time()))


def place_of(text: str) -> Place | None:
    """Where the page before ended; anything that is no place begins at the newest."""
    moment, _underscore, entry = text.partition("_")
    number = _number(entry)
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        return None
    return Place(at, number) if number is not None and at.tzinfo is not None else None


def as_text(row: Any) -> str:
    """The place of anything that is listed by time and number."""
    return f"{row.at.isoformat()}_{row.pk}"
