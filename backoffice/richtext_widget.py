"""The editor in forms: django-prose-editor, loaded by a module of ours so that no inline script is needed.

Without JavaScript the text area stays, and takes plain text or HTML.
"""

from typing import Any

from django import forms
from django.forms.widgets import Script
from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget

from backoffice.richtext import check_length, sanitise


class RichTextWidget(UnfoldAdminTextareaWidget):
    class Media:
        css = {"all": ["django_prose_editor/editor.css", "backoffice/richtext.css"]}
        js = [Script("backoffice/richtext.js", type="module")]

    def get_context(self, name: str, value: Any, attrs: dict | None) -> dict:
        context = super().get_context(name, value, attrs)
        # The module imports the library from here: an import by name could not know the hashed address.
        context["widget"]["attrs"]["data-richtext"] = static("django_prose_editor/editor.js")
        return context

    def use_required_attribute(self, initial: Any) -> bool:
        return False  # the browser would refuse to submit without saying why: the editor hides the text area


class RichTextFormField(forms.CharField):
    widget = RichTextWidget
    default_error_messages = {"required": _("Write something: the text is empty.")}

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        check_length(text)
        return sanitise(text)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare what would be stored; forms send every new line as two characters."""
        return not self.disabled and sanitise(initial or "") != sanitise(data or "")
