"""What differs between two versions, field by field; in texts, word by word."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

from diff_match_patch import diff_match_patch
from django.db import models
from django.utils.html import format_html, format_html_join
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from audit.records import BOOKKEEPING
from backoffice.richtext import plain_text
from backoffice.richtext_field import RichTextField

type Read = Callable[[Any, Any], str]  # a version, a field -> its value in words
type Piece = tuple[int, str]  # removed (-1), kept (0) or added (1), and the text

SECONDS = 1.0  # for one text; what is not found by then is told as one large change
CONTEXT = 40  # characters kept on each side of a change when the rest is left out
_WORDS = re.compile(r"\w+|\s+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class FieldDifference:
    name: str
    label: str
    old: str  # what was removed is marked
    new: str  # what was added is marked
    note: str = ""


def differing(old: Any, new: Any) -> list[Any]:
    """The fields that say something to a reader and differ."""
    fields = (f for f in new.tracked_fields if not f.primary_key and f.name not in BOOKKEEPING)
    return [f for f in fields if getattr(old, f.attname) != getattr(new, f.attname)]


def differences(old: Any, new: Any, read: Read, *, brief: bool = False) -> list[FieldDifference]:
    """`brief` leaves out what is far from any change of a text."""
    return [_difference(field, old, new, read, brief=brief) for field in differing(old, new)]


def _difference(field: Any, old: Any, new: Any, read: Read, *, brief: bool) -> FieldDifference:
    label = capfirst(str(field.verbose_name))
    if not is_text(field):
        return FieldDifference(field.name, label, read(old, field) or "—", read(new, field) or "—")
    before, now = text_of(old, field), text_of(new, field)
    note = _("Only the formatting differs; the words are the same.") if before == now else ""
    pieces = word_diff(before, now)
    return FieldDifference(field.name, label, marked(pieces, "del", brief=brief) or "—", marked(pieces, "ins", brief=brief) or "—", note)


def is_text(field: Any) -> bool:
    return isinstance(field, (models.CharField, models.TextField)) and not field.choices and not isinstance(field, models.FileField)


def text_of(row: Any, field: Any) -> str:
    value = getattr(row, field.attname) or ""
    return plain_text(value) if isinstance(field, RichTextField) else value


def word_diff(old: str, new: str) -> list[Piece]:
    """By words, not letters: each different word is one letter of an alphabet made for the two texts."""
    alphabet: dict[str, str] = {}
    numbers = count(1)
    codes = []
    for text in (old, new):
        for word in _WORDS.findall(text):
            if word not in alphabet:
                alphabet[word] = chr(next(numbers))
        codes.append("".join(alphabet[word] for word in _WORDS.findall(text)))
    words = {code: word for word, code in alphabet.items()}
    engine = diff_match_patch()
    engine.Diff_Timeout = SECONDS
    found = engine.diff_main(*codes, False)
    engine.diff_cleanupSemantic(found)
    return [(kind, "".join(words[code] for code in text)) for kind, text in found]


def marked(pieces: Iterable[Piece], tag: str, *, brief: bool = False) -> str:
    """One side of a difference: “del” shows what was there before, “ins” what is there now."""
    wanted = {"del": -1, "ins": 1}[tag]
    pieces = [(kind, text) for kind, text in pieces if kind in {0, wanted}]
    return format_html_join("", "{}", ((part,) for part in _parts(pieces, tag, brief=brief)))


def _parts(pieces: list[Piece], tag: str, *, brief: bool) -> Iterator[str]:
    for number, (kind, text) in enumerate(pieces):
        if kind and tag == "del":
            yield format_html("<del>{}</del>", text)
        elif kind:
            yield format_html("<ins>{}</ins>", text)
        else:
            yield _shortened(text, first=number == 0, last=number == len(pieces) - 1) if brief else text


def _shortened(text: str, *, first: bool, last: bool) -> str:
    """Text that did not change, but for what is near a change."""
    if len(text) <= 2 * CONTEXT:
        return text
    before = "" if first else text[:CONTEXT].rpartition(" ")[0] + " "
    behind = "" if last else " " + text[-CONTEXT:].partition(" ")[2]
    return f"{before}…{behind}"
