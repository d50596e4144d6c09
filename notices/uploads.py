"""Files that people attach: how large, of what kind, and what they really are."""

import hashlib
from pathlib import PurePath

import puremagic
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils.text import get_valid_filename
from django.utils.translation import gettext as _

from notices.models import Attachment

# What may be attached: the ending, the type it is served as, and what the first bytes must be.
# "" is plain text, which has no mark of its own: it must decode and hold no control characters.
KINDS = {
    ".pdf": ("application/pdf", (".pdf",)),
    ".png": ("image/png", (".png",)),
    ".jpg": ("image/jpeg", (".jpg", ".jpeg", ".jfif")),
    ".jpeg": ("image/jpeg", (".jpg", ".jpeg", ".jfif")),
    ".docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", (".docx",)),
    ".xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", (".xlsx",)),
    ".pptx": ("application/vnd.openxmlformats-officedocument.presentationml.presentation", (".pptx",)),
    ".odt": ("application/vnd.oasis.opendocument.text", (".odt",)),
    ".ods": ("application/vnd.oasis.opendocument.spreadsheet", (".ods",)),
    ".txt": ("text/plain", ()),
    ".csv": ("text/csv", ()),
}
LONGEST_NAME = 150
SAMPLE = 64 * 1024
SPACE = ord(" ")  # the first character that shows; those before it are controls


def attachment_from(upload: UploadedFile) -> Attachment:
    """An unsaved attachment holding `upload`, checked.

    Raises:
        ValidationError: too large, empty, of a kind that is not allowed, or not what its name says.
    """
    name = _clean_name(upload.name or "")
    if not upload.size:
        raise ValidationError(_("“%(name)s” is empty.") % {"name": name})
    if upload.size > settings.ATTACHMENT_MAX_BYTES:
        raise ValidationError(
            _("“%(name)s” is %(size)s. The limit is %(limit)s: make it smaller, or link to it.")
            % {"name": name, "size": filesizeformat(upload.size), "limit": filesizeformat(settings.ATTACHMENT_MAX_BYTES)}
        )
    content_type = _checked_type(name, upload)
    return Attachment(file=upload, name=name, content_type=content_type, size=upload.size, sha256=_digest(upload))


def _clean_name(name: str) -> str:
    path = PurePath(get_valid_filename(PurePath(name.replace("\\", "/")).name or "file"))
    return path.stem[:LONGEST_NAME] + path.suffix[:10]


def _checked_type(name: str, upload: UploadedFile) -> str:
    ending = PurePath(name).suffix.lower()
    if ending not in KINDS:
        allowed = ", ".join(kind.lstrip(".") for kind in KINDS)
        raise ValidationError(
            _("“%(name)s” is of a kind that cannot be attached. Use one of: %(allowed)s.") % {"name": name, "allowed": allowed}
        )
    content_type, marks = KINDS[ending]
    upload.seek(0)
    head = upload.read(SAMPLE)
    if not (_is_one_of(head, name, marks) if marks else _is_text(head)):
        raise ValidationError(
            _("“%(name)s” is not what its name says. Save it again as %(kind)s and attach that.")
            % {"name": name, "kind": ending.lstrip(".")}
        )
    return content_type


def _is_one_of(head: bytes, name: str, marks: tuple[str, ...]) -> bool:
    try:
        found = puremagic.magic_string(head, filename=name)
    except puremagic.PureError:
        return False
    return any(match.extension in marks and match.byte_match for match in found)


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # The sample may end within a character; anything earlier, or in a file that is read whole, is not text.
        if len(head) < SAMPLE or error.start < len(head) - 4:
            return False
        text = head[: error.start].decode("utf-8-sig")
    return not any(ord(character) < SPACE and character not in "\t\n\r\f" for character in text)


def _digest(upload: UploadedFile) -> str:
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    upload.seek(0)
    return digest.hexdigest()
