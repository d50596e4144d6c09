"""The forms of a change of what is on show: its text, and what is decided on it."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSingleDateWidget, UnfoldAdminTextInputWidget

from backoffice import clock
from backoffice.admin.confirmation import ReasonForm
from backoffice.richtext_widget import RichTextFormField
from notices.admin.forms import RequiredReasonForm
from notices.models import AmendedFile, Amendment, Attachment, Notice
from notices.services.amending import AmendedText
from notices.uploads import attachment_from


class SeveralFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class UploadsField(forms.FileField):
    """Checked uploads, none or several, as unsaved attachments."""

    widget = SeveralFilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Attachment]:
        uploads: Any = data if isinstance(data, (list, tuple)) else [data] if data else []
        return [attachment_from(upload) for upload in uploads]


class FilesField(forms.MultipleChoiceField):
    widget = UnfoldAdminCheckboxSelectMultipleWidget

    def clean(self, value: Any) -> list[int]:
        return [int(pk) for pk in super().clean(value)]


class AmendmentForm(forms.Form):
    """What is to stand in the notice; at first what is on show, or what was written so far."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=200, widget=UnfoldAdminTextInputWidget)
    content = RichTextFormField(label=gettext_lazy("Text"))
    end_date = forms.DateField(
        label=gettext_lazy("On show until"),
        required=False,
        widget=UnfoldAdminSingleDateWidget,
        help_text=gettext_lazy("The last day on show. Empty: until it is withdrawn."),
    )
    due_date = forms.DateField(label=gettext_lazy("Acknowledge by"), required=False, widget=UnfoldAdminSingleDateWidget)
    taken_off = FilesField(label=gettext_lazy("Take off"), required=False)
    dropped = FilesField(label=gettext_lazy("Do not attach after all"), required=False)
    added = UploadsField(label=gettext_lazy("Attach more files"), required=False)
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, notice: Notice, change: Amendment | None, **kwargs: Any) -> None:
        self.notice, self.change = notice, change
        written: Notice | Amendment = change or notice
        files = list(change.files.all()) if change else []
        initial = {name: getattr(written, name) for name in Amendment.TEXT}
        initial |= {"version": change.version if change else 0, "taken_off": [f.takes_off for f in files if f.takes_off]}
        super().__init__(*args, initial=initial, **kwargs)
        if not notice.requires_acknowledgement:
            del self.fields["due_date"]
        self._offer("taken_off", notice.attachments.all())
        self._offer("dropped", [file for file in files if file.takes_off is None])

    def _offer(self, name: str, files: Any) -> None:
        field: Any = self.fields[name]
        field.choices = [(file.pk, file.name) for file in files]
        if not field.choices:
            del self.fields[name]

    def clean_due_date(self) -> Any:
        due = self.cleaned_data["due_date"]
        if due and due != self.notice.due_date and due < clock.today():
            raise forms.ValidationError(_("That day has passed. Choose today or a later day."))
        return due

    def text(self) -> AmendedText:
        data = {name: value for name, value in self.cleaned_data.items() if name != "version"}
        return AmendedText(**{"due_date": self.notice.due_date} | data)

    def add_refusal(self, error: forms.ValidationError) -> None:
        """Beside the field that it is about, if the page shows that. A stale form carries on from what is there now."""
        if not hasattr(error, "error_dict"):
            return self.add_error(None, error)
        for name, errors in error.error_dict.items():
            self.add_error(name if name in self.fields else None, errors)
        return None

    def go_on_from(self, change: Amendment | None) -> None:
        """Saving once more is then a decision: the next form carries the version it was told about."""
        posted: Any = self.data.copy()
        posted[self.add_prefix("version")] = str(change.version if change else 0)
        self.data = posted


class KindForm(ReasonForm):
    """What kind of change it is, and why it is made."""

    kind = forms.ChoiceField(
        label=gettext_lazy("What kind of change is it?"),
        choices=Amendment.Kind.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Say what kind of change it is.")},
    )
    field_order = ("kind", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reason = self.fields["reason"]
        reason.required, reason.label = True, _("Why is it changed?")
        reason.help_text = _("Kept in the history. Readers see it too, unless it is a typo.")


# What may be done on the page that shows the change, and what it asks for.
FORMS: dict[str, type[forms.Form]] = {
    "make": KindForm,
    "hand-in": KindForm,
    "approve": ReasonForm,
    "return": RequiredReasonForm,
    "discard": forms.Form,
}


def added_file(change: Amendment | None, file_id: int) -> AmendedFile | None:
    return change.files.filter(pk=file_id, takes_off=None).first() if change else None
