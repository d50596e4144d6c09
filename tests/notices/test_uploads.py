"""What may be attached is decided by its size and its first bytes; nothing is unpacked, and nothing large is read."""

import hashlib
import io
import struct
import tracemalloc
import zipfile
import zlib
from contextlib import contextmanager

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile

from notices.uploads import KINDS, attachment_from

MB = 1024 * 1024
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"


def zipped(parts: dict[str, str | bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def office(main: str, content_type: str, content: str) -> bytes:
    """The least that Word or Excel opens."""
    types = "http://schemas.openxmlformats.org/package/2006/content-types"
    return zipped(
        {
            "[Content_Types].xml": (
                f'<?xml version="1.0"?><Types xmlns="{types}">'
                '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
                f'<Override PartName="/{main}" ContentType="{content_type}"/></Types>'
            ),
            "_rels/.rels": (
                f'<?xml version="1.0"?><Relationships xmlns="{RELATIONSHIPS}">'
                f'<Relationship Id="r1" Type="{OFFICE}" Target="{main}"/></Relationships>'
            ),
            main: f'<?xml version="1.0"?>{content}',
        }
    )


def open_document(mimetype: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("mimetype", mimetype, zipfile.ZIP_STORED)
        archive.writestr("content.xml", "<office:document-content/>", zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0\xff\0\0")) + chunk(b"IEND", b"")


WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SLIDES = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
SAMPLES = {
    "letter.docx": office("word/document.xml", f"{WORD}.main+xml", "<w:document/>"),
    "rota.xlsx": office("xl/workbook.xml", f"{SHEET}.main+xml", "<workbook/>"),
    "talk.pptx": office("ppt/presentation.xml", f"{SLIDES}.main+xml", "<p:presentation/>"),
    "letter.odt": open_document("application/vnd.oasis.opendocument.text"),
    "rota.ods": open_document("application/vnd.oasis.opendocument.spreadsheet"),
    "map.png": png(),
    "photo.jpg": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9",
    "photo.JPEG": b"\xff\xd8\xff\xe1\x00\x18Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00\xff\xd9",
    "plan.pdf": b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n",
    "notes.txt": "Zoë’s list:\n\tone\r\n".encode(),
    "people.csv": "\N{ZERO WIDTH NO-BREAK SPACE}name,place\nZoë,Leeds\n".encode(),
}


@contextmanager
def most_memory():
    """Yields a function that says, afterwards, how many bytes were taken at once."""
    tracemalloc.start()
    peak = 0
    try:
        yield lambda: peak
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", SAMPLES)
def test_a_real_file_of_an_allowed_kind_is_accepted_as_what_it_is(name):
    content = SAMPLES[name]
    attachment = attachment_from(SimpleUploadedFile(name, content))

    assert (attachment.name, attachment.size) == (name, len(content))
    assert attachment.content_type == KINDS["." + name.rpartition(".")[2].lower()][0]
    assert attachment.sha256 == hashlib.sha256(content).hexdigest()
    assert attachment.file.read() == content  # from its beginning: nothing was used up by looking


@pytest.mark.parametrize("ending", [".docx", ".xlsx", ".png", ".jpg", ".pdf", ".odt"])
@pytest.mark.parametrize(
    "content", [b"MZ\x90\x00", b"<html><script>alert(1)</script>", b"\0" * 100, b"a"], ids=["exe", "html", "nothing", "a"]
)
def test_another_file_under_such_a_name_is_refused(ending, content):
    with pytest.raises(ValidationError, match="is not what its name says"):
        attachment_from(SimpleUploadedFile(f"file{ending}", content))


@pytest.mark.parametrize("name", ["a.zip", "a.html", "a.svg", "a.exe", "a.docm", "a.xlsx.exe", "noending", ".xlsx", "a.pdf\x00.exe"])
def test_a_kind_that_is_not_on_the_list_is_refused(name):
    with pytest.raises(ValidationError, match="of a kind that cannot be attached"):
        attachment_from(SimpleUploadedFile(name, SAMPLES["rota.xlsx"]))


@pytest.mark.parametrize("name", ["plan.pdf", "rota.xlsx", "notes.txt"])
def test_a_file_far_over_the_limit_is_refused_without_being_read(name, monkeypatch):
    with TemporaryUploadedFile(name, "application/octet-stream", 200 * MB, None) as upload:
        upload.file.truncate(200 * MB)  # takes no room on the disk
        monkeypatch.setattr(upload.file, "read", lambda *_: pytest.fail("It was read."))
        with most_memory() as most, pytest.raises(ValidationError) as refusal:
            attachment_from(upload)

    assert refusal.value.messages == [f"“{name}” is 200.0\xa0MB. The limit is 10.0\xa0MB: make it smaller, or link to it."]
    assert most() < MB


def test_a_file_at_the_limit_is_taken_in_small_pieces():
    with TemporaryUploadedFile("plan.pdf", "application/pdf", 10 * MB, None) as upload:
        upload.file.write(SAMPLES["plan.pdf"])
        upload.file.truncate(10 * MB)
        with most_memory() as most:
            assert attachment_from(upload).size == 10 * MB

    assert most() < 2 * MB


def test_a_zip_bomb_is_never_unpacked(monkeypatch):
    """It stays the small opaque file that it is: whoever opens it does so on a machine of their own."""
    sheet = {"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<workbook/>", "xl/worksheets/sheet1.xml": b" " * 200 * MB}
    bomb = zipped(sheet)
    assert len(bomb) < MB
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_args, **_named: pytest.fail("It was unpacked."))
    monkeypatch.setattr(zlib, "decompressobj", lambda *_args: pytest.fail("It was unpacked."))
    with most_memory() as most:
        attachment = attachment_from(SimpleUploadedFile("rota.xlsx", bomb))

    assert (attachment.size, attachment.content_type) == (len(bomb), SHEET)
    assert most() < 2 * MB
