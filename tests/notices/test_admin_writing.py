"""The form of a notice: what it accepts, what it refuses, in which words."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils.timezone import localdate as today  # when the cases are collected there is no database

from notices.models import Attachment, Notice
from notices.services import NoticeService
from tests.makers import make_draft, make_published, make_recipient

ADD = reverse("admin:notices_notice_add")
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def filled(**changes):
    """What a browser posts for a valid notice, with `changes`."""
    day = today().strftime("%d/%m/%Y")
    form = {
        "title": "Fire drill",
        "content": "<p>At ten.</p>",
        "category": "",
        "start_date": day,
        "end_date": "",
        "due_date": "",
        "version": "0",
    }
    return form | {"attachments-TOTAL_FORMS": "0", "attachments-INITIAL_FORMS": "0"} | changes


def day(offset):
    return (today() + timedelta(days=offset)).strftime("%d/%m/%Y")


@pytest.fixture
def author(client, alice):
    client.force_login(alice)
    return client


def errors(response):
    assert response.status_code == 200, response.get("Location")
    form = response.context["adminform"].form
    return " ".join(str(message) for messages in form.errors.values() for message in messages)


def test_saving_leads_on_to_choosing_the_audience(author, alice):
    response = author.post(ADD, filled())

    notice = Notice.objects.get()
    assert response["Location"] == reverse("admin:notices_notice_audience", args=[notice.pk])
    assert (notice.created_by, notice.status, notice.content) == (alice, "draft", "<p>At ten.</p>")
    assert notice.history.get().history_user == alice


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"end_date": day(-1)}, "The end is before the start."),
        ({"due_date": day(-1), "requires_acknowledgement": "on"}, "That day has passed."),
        ({"due_date": day(3)}, "A day to acknowledge by is set."),
        ({"title": "x" * 10_000}, "at most 200 characters"),
        ({"title": ""}, "This field is required."),
        ({"content": "<p></p>"}, "the text is empty"),
        ({"content": "<script>alert(1)</script>"}, "the text is empty"),
        ({"start_date": "31/02/2027"}, "Enter a valid date."),
        ({"category": "999"}, "Select a valid choice."),
    ],
)
def test_what_cannot_be_saved_is_named_and_changes_nothing(author, changes, message):
    response = author.post(ADD, filled(**changes))

    assert message in errors(response)
    assert not Notice.objects.exists()


def test_hostile_html_is_cleaned_on_the_way_in(author):
    author.post(ADD, filled(content='<p onclick="x()">Hello <img src=x onerror=alert(1)><a href="javascript:alert(1)">you</a></p>'))

    assert Notice.objects.get().content in (
        '<p>Hello <a rel="noopener noreferrer">you</a></p>',
        "<p>Hello <a>you</a></p>",
        "<p>Hello you</p>",
    )


def upload(author, name, data):
    file = SimpleUploadedFile(name, data)
    return author.post(ADD, filled(**{"attachments-TOTAL_FORMS": "1", "attachments-0-file": file}))


def test_an_attachment_is_kept_under_a_name_of_ours_with_its_digest(author):
    upload(author, "../../plan.pdf", PDF)

    attachment = Attachment.objects.get()
    assert (attachment.name, attachment.content_type, attachment.size) == ("plan.pdf", "application/pdf", len(PDF))
    assert attachment.file.name.startswith("attachments/")
    assert "plan" not in attachment.file.name
    assert len(attachment.sha256) == 64
    assert attachment.history.exists()


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("plan.pdf", b"MZ\x90\x00 an executable", "is not what its name says"),
        ("photo.png", PDF, "is not what its name says"),
        ("notes.txt", b"\x00\x01\x02binary", "is not what its name says"),
        ("tool.exe", b"MZ", "of a kind that cannot be attached"),
        ("page.html", b"<script>alert(1)</script>", "of a kind that cannot be attached"),
        ("plan.pdf", b"", "empty"),
    ],
)
def test_an_attachment_that_lies_is_refused_and_nothing_is_saved(author, name, data, message):
    response = upload(author, name, data)

    assert response.status_code == 200
    assert message in response.content.decode()
    assert not Notice.objects.exists()


def test_an_attachment_over_the_limit_is_refused_with_the_limit(author, settings):
    settings.ATTACHMENT_MAX_BYTES = 10

    response = upload(author, "plan.pdf", PDF)

    assert "The limit is" in response.content.decode()
    assert not Attachment.objects.exists()


def test_a_published_notice_is_shown_and_not_edited(author, alice, dave):
    notice = make_published(author=alice, people=(dave,))
    address = reverse("admin:notices_notice_change", args=[notice.pk])

    assert author.get(address).status_code == 200
    assert author.post(address, filled(title="Other")).status_code == 403
    notice.refresh_from_db()
    assert notice.title == "Fire drill"


def test_a_form_opened_before_someone_elses_change_is_refused_once(author, alice, grace):
    notice = make_draft(author=alice)
    address = reverse("admin:notices_notice_change", args=[notice.pk])
    opened = str(notice.version)
    theirs = Notice.objects.get(pk=notice.pk)
    theirs.title = "Theirs"
    NoticeService.save_changes(theirs, actor=grace, version=theirs.version)

    refused = author.post(address, filled(title="Mine", version=opened))
    told = errors(refused)
    again = author.post(address, filled(title="Mine", version=refused.context["adminform"].form["version"].value()))

    assert "Grace Tester saved this notice" in told
    assert "Title: theirs is “Theirs”." in told
    assert again.status_code == 302
    notice.refresh_from_db()
    assert notice.title == "Mine"


def test_only_who_may_change_notices_saves_one(client, alice, carol, erin):
    notice = make_draft(author=alice)
    address = reverse("admin:notices_notice_change", args=[notice.pk])
    for reader_only in (carol, erin):
        client.force_login(reader_only)
        assert client.get(address).status_code == 200
        assert client.post(address, filled(title="Mine")).status_code == 403
        assert client.post(ADD, filled()).status_code == 403
    client.force_login(alice)
    assert client.post(address, filled(title="Mine", version=notice.version)).status_code == 302  # same set-up


def test_an_attachment_is_given_to_whoever_may_see_its_notice(client, author, alice, bob):
    upload(author, "plan.pdf", PDF)
    attachment = Attachment.objects.get()
    address = reverse("admin:notices_notice_attachment", args=[attachment.notice_id, attachment.pk])

    response = author.get(address)
    assert response.getvalue() == PDF
    assert response["Content-Disposition"] == 'attachment; filename="plan.pdf"'
    client.force_login(bob)
    assert client.get(address).status_code == 404


def test_audience_is_chosen_among_what_exists(author, alice, dave):
    notice = make_draft(author=alice)
    leeds = make_recipient("Site Leeds", members=(dave,))
    address = reverse("admin:notices_notice_audience", args=[notice.pk])

    author.post(address, {"recipients": [leeds.pk], "version": notice.version})
    assert list(notice.recipients.all()) == [leeds]
    response = author.post(address, {"recipients": [leeds.pk, 99_999], "version": notice.version + 1})
    assert "99999 is not one of the available choices" in response.content.decode()
    stale = author.post(address, {"recipients": [], "version": notice.version})
    assert "was changed by Alice Tester since you opened this page" in stale.content.decode()
    assert list(notice.recipients.all()) == [leeds]
