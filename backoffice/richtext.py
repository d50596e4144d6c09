"""Rich text: one allow-list for what an author may write, wherever it is stored or shown.

`RichTextField` cleans on every way into the database, and `render_rich_text` cleans once more on the
way out, so that text from an older allow-list or a hand-written UPDATE is harmless too.
"""

import html
import re
from functools import lru_cache
from html.parser import HTMLParser

import nh3
from django.core.exceptions import ValidationError
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

TAGS = frozenset(
    {"a", "blockquote", "br", "em", "h2", "h3", "h4", "li", "ol", "p", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul"}
)
SCHEMES = frozenset({"http", "https", "mailto"})
# In characters of HTML. Parsing deeply nested lists takes quadratic time: 100,000 characters of
# them take two seconds, a million take minutes. So forms refuse longer texts before they parse.
MAX_LENGTH = 100_000
_SPAN = re.compile(r"[2-9]|[1-9][0-9]")


def _attribute(tag: str, name: str, value: str) -> str | None:
    """A span of one says nothing, and one of millions would freeze the browser."""
    return value if name not in {"colspan", "rowspan"} or _SPAN.fullmatch(value) else None


_cleaner = nh3.Cleaner(
    tags=set(TAGS),
    clean_content_tags={"script", "style", "iframe", "svg", "math", "template", "noscript"},
    # "*" has to be named: nh3 would add its own `title` and `lang` for every tag.
    attributes={"*": set(), "a": {"href"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}},
    attribute_filter=_attribute,
    url_schemes=set(SCHEMES),
    url_relative="deny",  # would lead nowhere in a mail
    link_rel="noopener noreferrer",
    strip_comments=True,
)
_text_only = nh3.Cleaner(tags=set())
_ROUNDS = 6


# A save asks several times for the same text: form, model, database, history.
@lru_cache(maxsize=16)
def sanitise(text: str) -> str:
    """Keep what the allow-list names. Text without any content becomes the empty string."""
    clean = _settled(text.encode(errors="replace").decode())  # lone surrogates, which neither nh3 nor PostgreSQL takes
    words = html.unescape(_text_only.clean(clean))
    return clean if any(char.isprintable() and not char.isspace() for char in words) else ""


def _settled(text: str) -> str:
    """Clean until nothing changes: links in links in tables read differently once written out.

    What a browser makes of the result is then what was checked. Text that never settles loses its tags.
    """
    for _round in range(_ROUNDS):
        before, text = text, _cleaner.clean(text)
        if text == before:
            return text
    return _text_only.clean(text)


def render_rich_text(text: str) -> SafeString:
    """The one place that marks author's HTML as safe, right after cleaning it."""
    return mark_safe(sanitise(text))  # noqa: S308 - cleaned in this very line


def plain_text(text: str) -> str:
    """The same content as text for a mail's plain part or an excerpt; links keep their address.

    It is text: what the author wrote as `&lt;b&gt;` comes back as `<b>`. Escape it to show it on a page.
    """
    parser = _PlainText()
    parser.feed(sanitise(text))
    parser.close()
    parser.end_line()
    return "\n".join(parser.lines)


class _PlainText(HTMLParser):
    """Turns cleaned HTML into lines: bullets, numbers, `> ` before quotations, `|` between cells."""

    _BLOCKS = TAGS - {"a", "br", "em", "strong", "td", "th"}
    _SPACED = frozenset({"p", "h2", "h3", "h4", "blockquote", "table", "ul", "ol"})

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self._line: list[str] = []
        self._margins: list[list[str]] = []  # of each open item or quotation: before its next line, before later ones
        self._before: list[list[str]] = []  # those of the last line
        self._lists: list[int | None] = []  # the last number of each open list; None: bullets
        self._cells = 0  # open ones
        self._columns = 0  # cells so far in this row
        self._gap = False
        self._href = ""
        self._link: list[str] = []

    def end_line(self, *, even_if_empty: bool = False) -> None:
        text = re.sub(r"\s+", " ", "".join(self._line)).strip()
        self._line = []
        if not text and not even_if_empty:
            return
        if self._gap and self.lines:
            shared = (new[1] for old, new in zip(self._before, self._margins, strict=False) if old is new)
            self.lines.append("".join(shared).rstrip())
        self._gap = False
        self._before = self._margins.copy()
        self.lines.append(("".join(now for now, _later in self._margins) + text).rstrip())
        for margin in self._margins:
            margin[0] = margin[1]

    def handle_data(self, data: str) -> None:
        self._line.append(data)
        if self._href:
            self._link.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._block(tag)
        match tag:
            case "br":
                self._break()
            case "a":
                self._href, self._link = dict(attrs).get("href") or "", []
            case "td" | "th" | "tr":
                self._start_cell(tag)
            case "ul" | "ol":
                self._lists.append(0 if tag == "ol" else None)
            case "li":
                bullet = self._bullet()
                self._margins.append([bullet, " " * len(bullet)])
            case "blockquote":
                self._margins.append(["> ", "> "])

    def handle_endtag(self, tag: str) -> None:
        self._block(tag)
        match tag:
            case "a":
                self._end_link()
            case "td" | "th":
                self._cells -= 1
            case "ul" | "ol":
                self._lists.pop()
            case "li" | "blockquote":
                self._margins.pop()

    def _block(self, tag: str) -> None:
        """A block begins or ends here. Inside a cell everything stays on the line of the row."""
        if tag not in self._BLOCKS:
            return
        if self._cells:
            self._line.append(" ")
            return
        self.end_line()
        if tag in self._SPACED and not self._lists:
            self._gap = True

    def _break(self) -> None:
        if self._cells:
            self._line.append(" ")
        else:
            self.end_line(even_if_empty=True)

    def _start_cell(self, tag: str) -> None:
        """A cell or a row begins. A table in a cell is part of that cell."""
        if tag == "tr":
            self._columns = self._columns if self._cells else 0
            return
        if not self._cells:
            self._line.append(" | " if self._columns else "")
            self._columns += 1
        self._cells += 1

    def _bullet(self) -> str:
        if not self._lists or self._lists[-1] is None:
            return "- "
        self._lists[-1] += 1
        return f"{self._lists[-1]}. "

    def _end_link(self) -> None:
        address = self._href.removeprefix("mailto:")
        if address and "".join(self._link).strip() not in {self._href, address}:
            self._line.append(f" ({address})")
        self._href = ""


def check_length(text: str) -> None:
    if len(text) > MAX_LENGTH:
        raise ValidationError(
            _("The text is too long: %(length)d characters with its formatting, and %(most)d are allowed. Shorten it or attach a file."),
            code="max_length",
            params={"length": len(text), "most": MAX_LENGTH},
        )
