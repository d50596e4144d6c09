"""Forms of the import pages."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from recipients.imports.columns import ColumnSet
from recipients.models import Import

ACCEPTED = ".csv,.tsv,.txt,.xlsx,text/csv,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class FileForm(forms.Form):
    file = forms.FileField(
        label=_("Spreadsheet"),
        allow_empty_file=True,  # the service says it in a sentence of its own
        max_length=1000,
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ACCEPTED}),
        error_messages={"required": _("Choose the file that holds your rows.")},
    )


class UploadForm(FileForm):
    mode = forms.ChoiceField(label=_("What to do with the rows"), widget=forms.RadioSelect, initial=Import.Mode.ADD)

    def __init__(self, *args: Any, modes: tuple[Import.Mode, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["mode"].choices = [(mode.value, mode.label) for mode in modes]


class ConfirmForm(forms.Form):
    """`typed` is asked for only where many members would be removed."""

    reading = forms.IntegerField(widget=forms.HiddenInput)
    sets_aside = forms.BooleanField(required=False)
    typed = forms.CharField(
        label=_("How many members would be removed?"),
        required=False,
        max_length=20,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric"}),
    )
    reason = forms.CharField(
        label=_("Reason (kept in the history)"), required=False, max_length=500, widget=UnfoldAdminTextareaWidget(attrs={"rows": 2})
    )
    mails_when_done = forms.BooleanField(label=_("Send me an e-mail when it is done"), required=False)


class AnswerForm(forms.Form):
    """What a file left open. Columns are mapped by a field for each title of the header."""

    encoding = forms.ChoiceField(required=False, choices=[("", ""), ("cp1252", "cp1252")])
    sheet = forms.CharField(required=False, max_length=255)

    def __init__(self, *args: Any, known: ColumnSet, titles: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", _("Guess")), ("-", _("Leave it out")), *((column.key, column.title) for column in known.columns)]
        self.titles = titles
        for number, title in enumerate(titles):
            self.fields[f"column-{number}"] = forms.ChoiceField(label=title, required=False, choices=choices)

    def mapping_fields(self) -> list[Any]:
        return [self[name] for name in self.fields if name.startswith("column-")]

    def mapping(self) -> dict[str, str]:
        """From a title to the key of a column, or to "" for one that is left out. What is to be guessed is not in it."""
        chosen = {title: self.cleaned_data[f"column-{number}"] for number, title in enumerate(self.titles)}
        return {title: "" if key == "-" else key for title, key in chosen.items() if key}
