"""Rich text in a model: clean on every way into the database."""

from typing import Any

from django.db import models

from backoffice.richtext import check_length, sanitise
from backoffice.richtext_widget import RichTextFormField, RichTextWidget


class RichTextField(models.TextField):
    """A text field that never holds HTML outside the allow-list, whichever way it is written.

    Expressions such as `Concat` are beyond its reach; `render_rich_text` cleans what they wrote.
    """

    def clean(self, value: Any, model_instance: models.Model | None) -> str:
        # Cleaned first, so that text which is empty after cleaning counts as missing.
        text = self.to_python(value) or ""
        check_length(text)
        return super().clean(sanitise(text), model_instance)

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = super().pre_save(model_instance, add)
        if isinstance(value, str):
            value = sanitise(value)
            setattr(model_instance, self.attname, value)
        return value

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        return super().get_db_prep_save(sanitise(value) if isinstance(value, str) else value, connection)

    def formfield(self, **kwargs: Any) -> Any:
        """Always the editor: unfold's admin asks for a plain text area for every kind of `TextField`."""
        return super().formfield(**kwargs | {"form_class": RichTextFormField, "widget": RichTextWidget})
