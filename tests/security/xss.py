"""The texts that try to become script, and the reader that finds out whether one did."""

import os
import re
from html.parser import HTMLParser
from pathlib import Path

SHIPPED = Path(__file__).with_name("xss_vectors.list")
# Attributes that a browser, Alpine or htmx evaluates.
EVALUATED = re.compile(r"x-|@|:|hx-|v-", re.IGNORECASE)
ADDRESSES = frozenset({"href", "src", "action", "formaction", "xlink:href", "data", "poster", "srcdoc", "background", "content", "ping"})
CODE = re.compile(r"[\x00-\x20]*(j\s*a\s*v\s*a|v\s*b)\s*s\s*c\s*r\s*i\s*p\s*t\s*:|[\x00-\x20]*data:text", re.IGNORECASE)
MARK = re.compile(r"xss|alert\(", re.IGNORECASE)
OURS = ("/static/", "/admin/jsi18n/")  # where our pages have their scripts from
NEVER = frozenset({"base", "embed", "object", "applet", "frame", "marquee", "math"})


def vectors() -> list[str]:
    """The shipped texts, and those of the file that XSS_VECTORS names."""
    name = os.environ.get("XSS_VECTORS", "")
    return texts_of(SHIPPED, *([Path(name)] if name else []))


def texts_of(*files: Path) -> list[str]:
    lines = [line for file in files for line in file.read_text(errors="replace").splitlines()]
    found = [re.sub(r"\\u([0-9a-f]{4})", lambda m: chr(int(m[1], 16)), line) for line in lines if line and line != "#" and line[:2] != "# "]
    return [text.replace("\0", "") for text in dict.fromkeys(found) if text.strip()]


class Page(HTMLParser):
    """Finds whatever a browser, or a script of ours, would run on a page and that a stored text brought along."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.shown: list[str] = []
        self._script: str | None = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        where = self.get_starttag_text() or tag
        given = {name: value or "" for name, value in attrs}
        if tag in NEVER:
            self.found.append(where)
        if tag == "script":
            self._script = given.get("type", "")
            if "src" in given and not given["src"].startswith(OURS):
                self.found.append(where)
        if tag in {"link", "iframe", "img", "meta"} and MARK.search(str(given)):
            self.found.append(where)
        for name, value in given.items():
            self._attribute(name, value, where)

    def _attribute(self, name: str, value: str, where: str) -> None:
        runs = name.startswith("on") or (name in ADDRESSES and CODE.match(value))
        brought = (name == "style" or EVALUATED.match(name)) and MARK.search(value)
        if runs or brought:
            self.found.append(where)

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._script = None

    def handle_data(self, data: str) -> None:
        self.shown.append(data)
        if self._script is not None and self._script != "application/json" and data.strip():
            self.found.append(f"<script>{data[:200]}")


def problems(text: str) -> list[str]:
    return Page(text).found
