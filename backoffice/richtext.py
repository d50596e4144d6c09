"""Rich text: one allow-list for what an author may write, wherever it is stored or shown.

The field cleans on every way into the database, and `render_rich_text` cleans once more on the
way out, so that text from an older allow-list or a hand-written UPDATE is harmless too.
"""

import html
import re
from typing import Any

import nh3
from django.db import models
from django.utils.safestring import SafeString, mark_safe

TAGS = frozenset(
    "a blockquote br em h2 h3 h4 li ol p strong table tbody td th thead tr ul".split()
)
_cleaner = nh3.Cleaner(
    tags=set(TAGS),
    clean_content_tags={"script", "style", "iframe", "svg", "math", "template", "noscript"},
    attributes={"a": {"href"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}},
    url_schemes={"http", "https", "mailto"},
    link_rel="noopener noreferrer",
    strip_comments=True,
)
_EMPTY = re.compile(r"\s*(<(p|h2|h3|h4|li|ul|ol|blockquote)>|</(p|h2|h3|h4|li|ul|ol|blockquote)>|<br>|&nbsp;|\s)*\s*")
_BLOCK_END = re.compile(r"</(p|h2|h3|h4|li|tr|blockquote|table|ul|ol)>|<br>")
_CELL_END = re.compile(r"</(td|th)>")
_LINK = re.compile(r'<a href="([^"]*)"[^>]*>(.*?)</a>', re.DOTALL)
_TAG = re.compile(r"<[^>]+>")


def sanitise(text: str) -> str:
    """Keep what the allow-list names. Text without any content becomes the empty string."""
    clean = _cleaner.clean(text)
    return "" if _EMPTY.fullmatch(clean) else clean


def render_rich_text(text: str) -> SafeString:
    """The one place that marks author's HTML as safe, right after cleaning it."""
    return mark_safe(sanitise(text))  # noqa: S308 - cleaned in this very line


def plain_text(text: str) -> str:
    """The same content as text for a mail's plain part or an excerpt; links keep their address."""
    text = sanitise(text)
    text = _LINK.sub(lambda m: f"{m[2]} ({m[1]})" if _TAG.sub("", m[2]) != m[1] else m[2], text)
    text = text.replace("<li>", "- ")
    text = _CELL_END.sub(" | ", text)
    text = _BLOCK_END.sub("\n", text)
    lines = (line.strip().removesuffix("|").rstrip() for line in html.unescape(_TAG.sub("", text)).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class RichTextField(models.TextField):
    """A text field that never holds HTML outside the allow-list, whichever way it is written."""

    def clean(self, value: Any, model_instance: models.Model | None) -> str:
        # Cleaned first, so that text which is empty after cleaning counts as missing.
        return super().clean(sanitise(value or ""), model_instance)

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        value = sanitise(super().pre_save(model_instance, add) or "")
        setattr(model_instance, self.attname, value)
        return value

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        return super().get_db_prep_save(sanitise(value) if isinstance(value, str) else value, connection)

    def formfield(self, **kwargs: Any) -> Any:
        from backoffice.richtext_widget import RichTextFormField, RichTextWidget  # noqa: PLC0415 - forms are not needed to use the model

        return super().formfield(**kwargs | {"form_class": RichTextFormField, "widget": RichTextWidget})
