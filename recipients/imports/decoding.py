"""Bytes to text, piece by piece. Nothing is guessed: what is not Unicode is shown to a person, who decides."""

import codecs
from collections.abc import Iterator
from pathlib import Path

from django.utils.translation import gettext as _

from recipients.imports.problems import StructureProblem, shown

PIECE = 64 * 1024  # bytes; rows of one piece stay in the processor's cache
SAMPLES = 5
BY_HAND = "cp1252"  # the one encoding that a person may choose

BOMS = (  # UTF-32 first: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def detect(path: Path, head: bytes, chosen: str = "") -> tuple[str, int]:
    """The encoding to read with, and how many bytes of mark stand before the text.

    Raises:
        StructureProblem: `chosen` is not on offer or does not fit, or it is Unicode of a kind we do not read.
    """
    if chosen and codecs.lookup(chosen).name not in {"utf-8", BY_HAND}:
        raise StructureProblem("encoding", _("Files are read as UTF-8, UTF-16 or, when you say so, cp1252. Choose one of these."))
    mark, encoding = next(((mark, name) for mark, name in BOMS if head.startswith(mark)), (b"", ""))
    if encoding == "utf-32" or (not mark and b"\0" in head and _is_wide(head)):
        raise StructureProblem("encoding", _("This text is UTF-32, or UTF-16 without its mark. Save it as “CSV UTF-8”."))
    if chosen and codecs.lookup(chosen).name == BY_HAND and (mark or _is_unicode_after_all(path)):
        raise StructureProblem("encoding", _("This file is Unicode. Read as cp1252, its names would be spoilt; leave the encoding open."))
    if not encoding:
        encoding = codecs.lookup(chosen).name if chosen else "utf-8"
    return encoding, len(mark)


def pieces(path: Path, encoding: str, skip: int) -> Iterator[str]:
    """The text, decoded strictly.

    Raises:
        StructureProblem: bytes that are no text, NUL, or the mark of another file's beginning; with the line.
    """
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    done = 0  # characters
    with path.open("rb") as file:
        file.seek(skip)
        while True:
            data = file.read(PIECE)
            held = decoder.getstate()[0]
            try:
                text = decoder.decode(data, final=not data)
            except UnicodeDecodeError as error:
                whole = held + data
                done += len(whole[: error.start].decode(encoding, "replace"))
                raise _undecodable(path, encoding, _line_at(path, encoding, skip, done), whole[error.start : error.start + 1]) from error
            if "\0" in text or "\ufeff" in text:
                at = min(index for index in (text.find("\0"), text.find("\ufeff")) if index >= 0)
                raise _stray(text[at], _line_at(path, encoding, skip, done + at))
            done += len(text)
            if text:
                yield text
            if not data:
                return


def _line_at(path: Path, encoding: str, skip: int, characters: int) -> int:
    """On which line a character stands. Counted only once something is wrong, for counting takes time."""
    lines = LineCount()
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        file.seek(skip)
        while characters > 0 and (text := file.read(min(characters, PIECE))):
            lines.add(text)
            characters -= len(text)
    return lines.now


class LineCount:
    """On which line of a text that comes in pieces one stands. LF, CRLF and CR each end a line."""

    def __init__(self) -> None:
        self.now = 1
        self._after_return = False

    def add(self, text: str) -> None:
        if not text:
            return
        self.now += text.count("\n")
        if "\r" in text:
            self.now += text.count("\r") - text.count("\r\n")
        if self._after_return and text[0] == "\n":
            self.now -= 1
        self._after_return = text[-1] == "\r"


def _is_wide(head: bytes) -> bool:
    even, odd = head[::2].count(0), head[1::2].count(0)
    return max(even, odd) * 3 > len(head) // 2 and min(even, odd) * 3 < max(even, odd)  # of Latin text, every second byte is zero


def _is_unicode_after_all(path: Path) -> bool:
    decoder, other_than_ascii = codecs.getincrementaldecoder("utf-8")("strict"), False
    with path.open("rb") as file:
        while data := file.read(PIECE):
            try:
                other_than_ascii |= not decoder.decode(data).isascii()
            except UnicodeDecodeError:
                return False
    return other_than_ascii


def _stray(char: str, line: int) -> StructureProblem:
    if char == "\0":
        message = _("Line %(line)d holds a NUL byte, so the file is damaged or not text. Open it in your spreadsheet and save it again.")
        return StructureProblem("nul", message % {"line": line}, line=line)
    message = _("Line %(line)d holds a byte order mark: two files were joined there. Import them one by one, or delete the mark.")
    return StructureProblem("bom", message % {"line": line}, line=line)


def _undecodable(path: Path, encoding: str, line: int, byte: bytes) -> StructureProblem:
    facts = {"line": line, "byte": byte.hex().upper(), "encoding": encoding.upper()}
    if encoding == "utf-8":
        sample = _sample(path)
        if sample:
            message = _(
                "Line %(line)d is not UTF-8 (byte %(byte)s). If the lines below read well, import the file again as cp1252 (Windows); "
                "if not, save it as “CSV UTF-8”."
            )
            return StructureProblem("encoding", message % facts, line=line, sample=sample, suggestion=BY_HAND)
    message = _("Line %(line)d is not %(encoding)s (byte %(byte)s). Open the file in your spreadsheet and save it as “CSV UTF-8”.")
    return StructureProblem("encoding", message % facts, line=line)


def _sample(path: Path) -> list[str]:
    """Lines with other than plain letters, read as cp1252; none when some of them are UTF-8, for then nothing reads all of it."""
    sample: list[str] = []
    with path.open("rb") as file:
        while raw := file.readline(PIECE):
            if raw.isascii():
                continue
            try:
                raw.decode("utf-8")
            except UnicodeDecodeError:
                pass
            else:
                return []
            try:
                text = raw.decode(BY_HAND)
            except UnicodeDecodeError:
                return []
            if len(sample) < SAMPLES:
                sample.append(shown(text.strip(), most=200))
    return sample
