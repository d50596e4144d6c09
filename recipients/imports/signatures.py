"""What a file is by its first bytes. Its name and what the browser said of it count for nothing."""

import re
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from recipients.imports.problems import StructureProblem


class Format(StrEnum):
    TEXT = "text"
    WORKBOOK = "workbook"


HEAD = 4096

SIGNATURES = (
    (b"\x1f\x8b", gettext_lazy("a gzip archive")),
    (b"\x89PNG\r\n", gettext_lazy("a PNG picture")),
    (b"GIF8", gettext_lazy("a GIF picture")),
    (b"\xff\xd8\xff", gettext_lazy("a JPEG picture")),
    (b"%PDF", gettext_lazy("a PDF document")),
    (b"{\\rtf", gettext_lazy("an RTF document")),
    (b"7z\xbc\xaf\x27\x1c", gettext_lazy("a 7z archive")),
    (b"Rar!\x1a\x07", gettext_lazy("a RAR archive")),
    (b"BZh", gettext_lazy("a bzip2 archive")),
    (b"\xfd7zXZ\x00", gettext_lazy("an xz archive")),
    (b"\x28\xb5\x2f\xfd", gettext_lazy("a zstd archive")),
    (b"\x7fELF", gettext_lazy("a program")),
    (b"PAR1", gettext_lazy("a Parquet file")),
    (b"SQLite format 3\x00", gettext_lazy("a database")),
)

TEXTS = (
    (re.compile(rb"<(!doctype html|html|table|head|body|meta)\b", re.IGNORECASE), gettext_lazy("a web page (HTML)")),
    (re.compile(rb"<\?xml|<\w+[\s>]"), gettext_lazy("an XML file")),
    (re.compile(rb"""\{\s*("|\})|\[\s*(\{|\[|"|\d|\])"""), gettext_lazy("a JSON file")),
    (
        re.compile(rb"(Received|Return-Path|Delivered-To|MIME-Version|Message-ID|From|Subject): .*\r?\n[\w-]+: "),
        gettext_lazy("an e-mail"),
    ),
    (re.compile(rb"BEGIN:V(CALENDAR|CARD)"), gettext_lazy("a calendar or contact file")),
)

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP = b"PK\x03\x04"
TAR_MAGIC, TAR_AT = b"ustar", 257


def recognise(head: bytes) -> Format:
    """Say how to read the file that starts so.

    Raises:
        StructureProblem: it is empty, or something else than a spreadsheet; the message names what.
    """
    if head.startswith(ZIP):
        return Format.WORKBOOK
    if head.startswith(OLE):
        raise StructureProblem("type", _ole())
    name = _name(head)
    if name:
        message = _("This is %(what)s, whatever its name says. Open your spreadsheet and save it as CSV or Excel workbook (.xlsx).")
        raise StructureProblem("type", message % {"what": name})
    return Format.TEXT


def _name(head: bytes) -> str:
    for magic, name in SIGNATURES:
        if head.startswith(magic):
            return str(name)
    if head[TAR_AT : TAR_AT + len(TAR_MAGIC)] == TAR_MAGIC:
        return _("a tar archive")
    if head.startswith(b"MZ") and b"\0" in head[:64]:
        return _("a program")
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return next((str(name) for pattern, name in TEXTS if pattern.match(start)), "")


def _ole() -> str:
    return _(
        "This is an old Excel file (.xls), or a workbook protected by a password. "
        "Open it in Excel and save it as Excel workbook (.xlsx) without a password, or as CSV."
    )
