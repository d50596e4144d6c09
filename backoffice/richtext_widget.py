"""The editor in forms."""

from django import forms
from unfold.widgets import UnfoldAdminTextareaWidget


class RichTextWidget(UnfoldAdminTextareaWidget):
    pass


class RichTextFormField(forms.CharField):
    widget = RichTextWidget
