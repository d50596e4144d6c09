"""Uploads that are meant to hurt: by their size, their number, their name or the way they are packed."""

import base64
import gzip
import io
import time
import tracemalloc
import zipfile

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from notices.models import Attachment
from tests.makers import make_draft

MB = 1024 * 1024


@pytest.fixture
def author(alice, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    client = Client()
    client.force_login(alice)
    return client


@pytest.fixture
def draft(alice):
    return make_draft(author=alice)


def form(draft, count: int) -> dict:
    own = {"title": draft.title, "content": draft.content, "start_date": str(draft.start_date), "version": draft.version}
    return own | {"attachments-TOTAL_FORMS": count, "attachments-INITIAL_FORMS": 0}


def upload(author, draft, *files: SimpleUploadedFile):
    data = form(draft, len(files)) | {f"attachments-{number}-file": file for number, file in enumerate(files)}
    return author.post(reverse("admin:notices_notice_change", args=[draft.pk]), data)


def kept() -> set[str]:
    """What lies on the disk, below the folder of attachments or beside it."""
    root = django_settings.MEDIA_ROOT
    return {path.relative_to(root).as_posix() for path in root.parent.rglob("*") if path.is_file() and path.is_relative_to(root)}


def beside() -> set[str]:
    root = django_settings.MEDIA_ROOT
    return {path.name for path in root.parent.rglob("*") if path.is_file() and not path.is_relative_to(root)}


@pytest.mark.parametrize(
    "name",
    [
        "../../../etc/cron.d/x.txt",
        "..\\..\\x.txt",
        "/etc/passwd.txt",
        "C:\\x.txt",
        "....//....//x.txt",
        "%2e%2e%2fx.txt",
        "x.txt\x00.png",
        "x\x00.txt",
        "-rf.txt",
        ".txt",
        "x" * 400 + ".txt",
        "\u202etxt.exe.txt",
        "a\r\nSet-Cookie: b.txt",
        "<b>.txt",
        "'\"`$(id).txt",
    ],
)
def test_nothing_of_a_name_reaches_the_disk_or_a_header(author, draft, name):
    answer = upload(author, draft, SimpleUploadedFile("x.txt", b"harmless", content_type="text/plain"))
    assert answer.status_code == 302
    draft.refresh_from_db()
    file = SimpleUploadedFile("y.txt", b"harmless", content_type="text/plain")
    file._name = name
    answer = upload(author, draft, file)
    assert answer.status_code in {200, 302, 400}

    assert beside() == set()
    assert all(path.startswith("attachments/") and len(path) == len("attachments/") + 32 for path in kept())
    for attachment in draft.attachments.all():
        assert not set(attachment.name) & set('/\\\x00\r\n"<>')
        assert len(attachment.name) <= 200
        download = author.get(reverse("admin:notices_notice_attachment", args=[draft.pk, attachment.pk]))
        assert download.getvalue() == b"harmless"
        assert download["Content-Disposition"].startswith("attachment; filename")
        assert "Set-Cookie" not in download.headers


def test_a_file_over_the_limit_is_refused_and_leaves_nothing(author, draft, settings):
    settings.ATTACHMENT_MAX_BYTES = MB
    answer = upload(author, draft, SimpleUploadedFile("big.txt", b"x" * (MB + 1)))
    assert answer.status_code == 200
    assert "The limit is" in answer.text
    assert not Attachment.objects.exists()
    assert kept() == set()


def test_ten_thousand_small_files_are_refused_at_once(author, draft):
    """Django reads no more than DATA_UPLOAD_MAX_NUMBER_FILES of them."""
    boundary = "x" * 20
    one = f'--{boundary}\r\nContent-Disposition: form-data; name="f{{}}"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\na\r\n'
    body = "".join(one.format(number) for number in range(10_000)) + f"--{boundary}--\r\n"
    begun = time.monotonic()
    answer = author.post(
        reverse("admin:notices_notice_change", args=[draft.pk]), body.encode(), content_type=f"multipart/form-data; boundary={boundary}"
    )
    assert answer.status_code == 400
    assert time.monotonic() - begun < 10
    assert not Attachment.objects.exists()


def test_ten_thousand_fields_are_refused(author, draft):
    answer = author.post(reverse("admin:notices_notice_change", args=[draft.pk]), {f"f{n}": "x" for n in range(10_000)})
    assert answer.status_code == 400


def test_more_files_than_a_form_takes_are_refused_in_words_or_not_at_all(author, draft):
    files = [SimpleUploadedFile(f"{n}.txt", b"x") for n in range(100)]
    assert upload(author, draft, *files).status_code in {302, 400}
    assert len(kept()) == Attachment.objects.count() <= 100


@pytest.mark.parametrize("width", [4, 76], ids=["short lines", "usual lines"])
def test_a_file_in_base64_takes_no_more_than_its_size(author, draft, width):
    """CVE-2026-108147, CVE-2026-33034: parts in Base64 with much white space took memory and time beyond measure."""
    content = base64.b64encode(b"harmless " * 20_000).decode()
    lines = "\r\n".join(content[n : n + width] for n in range(0, len(content), width)) + "\r\n" + " \r\n" * 50_000
    boundary = "x" * 20
    fields = "".join(f'--{boundary}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in form(draft, 1).items())
    part = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="attachments-0-file"; filename="a.txt"\r\n'
        f"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n{lines}\r\n--{boundary}--\r\n"
    )
    begun = time.monotonic()
    tracemalloc.start()
    answer = author.post(
        reverse("admin:notices_notice_change", args=[draft.pk]),
        (fields + part).encode(),
        content_type=f"multipart/form-data; boundary={boundary}",
    )
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert answer.status_code in {302, 400}
    assert time.monotonic() - begun < 20
    assert peak < 60 * MB


def bombs() -> dict[str, bytes]:
    layers = b"\0" * (20 * MB)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", layers)
        archive.writestr("../../evil.txt", "x")
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    xml = f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a0 "ha">{entities}]><a>&a9;</a>'
    return {
        "bomb.docx": packed.getvalue(), "bomb.xlsx": packed.getvalue(), "bomb.odt": packed.getvalue(), "bomb.txt": gzip.compress(layers),
        "laugh.txt": xml.encode(), "laugh.svg": xml.encode(), "bomb.zip": packed.getvalue(), "page.html": b"<script>alert(1)</script>",
        "polyglot.png": b"GIF89a/*<script>alert(1)</script>*/", "page.pdf": b"<html>%PDF-1.7", "run.csv": b"MZ\x90\x00",
    }  # fmt: skip


@pytest.mark.parametrize("name", bombs())
def test_what_is_packed_stays_packed_and_what_lies_stays_out(author, draft, name, monkeypatch):
    def unpack(*arguments, **named):
        pytest.fail("Something was unpacked.")

    content = bombs()[name]
    monkeypatch.setattr(zipfile.ZipFile, "open", unpack)
    monkeypatch.setattr(zipfile.ZipFile, "read", unpack)
    monkeypatch.setattr(gzip, "decompress", unpack)
    answer = upload(author, draft, SimpleUploadedFile(name, content))
    assert answer.status_code in {200, 302}
    for attachment in draft.attachments.all():
        assert attachment.size == len(content)
        assert attachment.content_type not in {"text/html", "image/svg+xml"}
    if name.rpartition(".")[2] in {"svg", "zip", "html", "png", "pdf"} or name in {"bomb.txt", "run.csv"}:
        assert not draft.attachments.exists()
    assert beside() == set()


def test_a_file_on_the_disk_is_for_the_application_alone(author, draft):
    upload(author, draft, SimpleUploadedFile("x.txt", b"harmless"))
    (path,) = kept()
    assert (django_settings.MEDIA_ROOT / path).stat().st_mode & 0o137 == 0
