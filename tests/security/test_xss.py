"""What people type is text, on every page, in every mail and in every file: nothing of it is ever run."""

import csv
import io
import re
from datetime import timedelta

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.attribution import acting
from audit.exports.columns import DANGEROUS
from backoffice.richtext import render_rich_text
from notices.mail.texts import NoticeMailer
from notices.models import Attachment, Category, Delivery, Favourite, Notice
from notices.services import NoticeService
from notices.services.amending import AmendedText
from notices.services.publishing import Confirmation
from recipients.models import Recipient, RecipientGroup, RoleAssignment, User
from recipients.services import RecipientGroupService
from tests.makers import make_category, make_draft, make_group, make_person, make_published, make_recipient
from tests.security.xss import SHIPPED, problems, texts_of, vectors

VECTORS = vectors()
# Long enough for a name, and out of every context at once.
# Out of every context at once, and short enough for a name.
WORST = [text for text in VECTORS if text.startswith(("'\"-->", "xss\"'"))]


def hostile_world(text: str, number: int, alice) -> dict:
    """One of each thing, with `text` in every field that holds text."""
    person = make_person(
        f"{text[:120]}{number}", first_name=text[:150], last_name=text[:150], job_title=text[:120],
        email=f"{number}-{text[:60]}@example.org", employee_number=f"{text[:24]}{number}",
    )  # fmt: skip
    recipient = make_recipient(text[:200], members=(person,))
    recipient.code, recipient.email = f"{text[:50]}{number}", f"{text[:60]}@example.org"
    recipient.save()
    person.roleassignment_set.update(role=text[:80])
    group = make_group(text[:200], recipients=(recipient,), people=(person,))
    RecipientGroup.objects.filter(pk=group.pk).update(code=f"{text[:50]}{number}", description=text)
    category = make_category(f"{text[:70]}{number}", description=text)
    audience = {"recipients": (recipient,), "groups": (group,), "people": (person,)}
    with acting(alice, reason=text):
        draft = make_draft(text[:200], author=alice, category=category, content=f"<p>Look: {text}</p>{text}", **audience)
        notice = make_published(
            text[:200], author=alice, category=category, content=f"<p>Look</p>{text}", requires_acknowledgement=True, **audience
        )
    file = ContentFile(b"who,when", name="x")
    attachment = Attachment.objects.create(notice=notice, file=file, name=f"{text[:150]}.csv", content_type="text/csv", size=8)
    Delivery.objects.filter(notice=notice).update(state="failed", reason=text)
    NoticeService.acknowledge(notice, person)
    Favourite.objects.create(notice=notice, user=person)
    return {"person": person, "recipient": recipient, "group": group, "category": category, "draft": draft, "notice": notice} | {
        "attachment": attachment
    }


@pytest.fixture
def root(db):
    return make_person("root", staff=True, is_superuser=True)


@pytest.fixture
def signed_in(root):
    client = Client()
    client.force_login(root)
    return client


def body(answer) -> str:
    assert answer.status_code in {200, 400, 404, 409, 410}, answer.status_code
    return answer.content.decode()


def refuse_script(answer, about) -> str:
    text = body(answer)
    assert problems(text) == [], about
    return text


def test_the_shipped_list_has_many_texts_of_every_class():
    lines = SHIPPED.read_text().splitlines()
    assert sum(line.startswith("# ") for line in lines) > 14
    assert len(VECTORS) >= 70


@pytest.mark.parametrize("text", texts_of(SHIPPED))
def test_the_reader_of_pages_would_notice(text):
    """Unescaped, and put where it belongs, each text is found: or it is harmless as HTML and belongs elsewhere."""
    places = (text, f'<p title="{text}">', f"<p title='{text}'>", f"<p title={text}>", f'<a href="{text}">', f"<script>'{text}'</script>")
    places += (f"<textarea>{text}", f"<title>{text}", f"<!-- {text}", f'<b x-data="{text}">')
    assert any(problems(place) for place in places)


@pytest.mark.parametrize("text", VECTORS)
def test_rich_text_keeps_nothing_that_runs(text):
    for written in (text, f"<p>{text}</p>", f"<table><tr><td>{text}", f'<a href="{text}">here</a>', f"<ul><li>{text}</ul>{text}"):
        assert problems(render_rich_text(written)) == []


def fill_the_lists(alice) -> None:
    """A row of every list for every text."""
    texts = list(enumerate(VECTORS))
    people = [
        User(username=f"{t[:120]}{n}", first_name=t[:150], last_name=t[:150], job_title=t[:120], email=f"{n}{t[:60]}@example.org")
        for n, t in texts
    ]
    with acting(alice, reason=WORST[0]):
        people = User.objects.bulk_create(people)
        recipients = Recipient.objects.bulk_create(Recipient(code=f"{t[:50]}{n}", name=t[:200]) for n, t in texts)
        RecipientGroup.objects.bulk_create(RecipientGroup(code=f"{t[:50]}{n}", name=t[:200], description=t) for n, t in texts)
        categories = Category.objects.bulk_create(Category(name=f"{t[:70]}{n}", description=t) for n, t in texts)
        Group.objects.bulk_create(Group(name=f"{t[:140]}{n}") for n, t in texts)
        RoleAssignment.objects.bulk_create(
            RoleAssignment(user=person, recipient=recipient, role=person.first_name[:80])
            for person, recipient in zip(people, recipients, strict=True)
        )
        rows = zip(VECTORS, categories, people, strict=True)
        Notice.objects.bulk_create(
            Notice(title=t[:200], content=f"<p>{t}</p>", category=c, created_by=p, status_reason=t, is_deleted=n % 4 == 0)
            for n, (t, c, p) in enumerate(rows)
        )


def test_no_list_of_the_back_office_runs_what_is_in_it(alice, signed_in):
    """Every text in every field of every list, and the timeline that tells of it."""
    fill_the_lists(alice)
    names = [f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist" for model in admin.site._registry]
    seen = ""
    for name in [*names, "admin:index", "admin:audit_access"]:
        for page in range(1, 2 + len(VECTORS) // 25):
            answer = signed_in.get(reverse(name), {"p": page}, follow=True)
            seen += refuse_script(answer, (name, page))
            if name in {"admin:index", "admin:audit_access", "admin:audit_entry_changelist"}:
                break  # they are not turned by numbers
    assert seen.count("alert(&#x27;XSS&#x27;)") > 3 * len(VECTORS)  # they were there, escaped


def pages_of(world: dict, root) -> list[str]:
    """Every page about one of each thing."""
    notice, draft, person = world["notice"], world["draft"], world["person"]
    tabs = ("change", "audience", "delivery", "readers", "history")
    found = [reverse(f"admin:notices_notice_{tab}", args=[one.pk]) for one in (notice, draft) for tab in tabs]
    found += [reverse("admin:notices_notice_act", args=[draft.pk, slug]) for slug in ("publish", "schedule", "trash")]
    found += [reverse("admin:notices_notice_act", args=[notice.pk, slug]) for slug in ("withdraw", "send-again", "pause", "cancel-mails")]
    found.append(reverse("admin:notices_notice_mail_again", args=[notice.pk, notice.delivery_set.first().pk]))
    hostile = AmendedText(title=f"{notice.title[:190]} again", content=f"<p>{notice.title} again</p>")
    NoticeService.save_amendment(notice.pk, hostile, actor=root)
    NoticeService.amend(notice.pk, kind="typo", reason=notice.title, actor=root, seen=Confirmation(1, 0))
    NoticeService.save_amendment(notice.pk, hostile, actor=root)
    found += [reverse(f"admin:notices_notice_{page}", args=[notice.pk]) for page in ("amend", "amend_review")]
    for name, key in (("user", "person"), ("recipient", "recipient"), ("recipientgroup", "group")):
        found += [reverse(f"admin:recipients_{name}_{page}", args=[world[key].pk]) for page in ("change", "history")]
    for name, key in (("recipient", "recipient"), ("recipientgroup", "group")):
        found.append(reverse(f"admin:recipients_{name}_people", args=[world[key].pk]))
        found += [reverse(f"admin:recipients_{name}_delete", args=[world[key].pk]), reverse("admin:recipients_recipientgroup_trash")]
    found += [reverse("admin:notices_category_change", args=[world["category"].pk]), reverse("admin:notices_trashednotice_changelist")]
    found += [reverse(f"admin:recipients_user_{page}", args=[person.pk]) for page in ("export", "anonymise")]
    found.append(reverse("admin:recipients_roleassignment_change", args=[person.roleassignment_set.get().pk]))
    found.append(reverse("admin:audit_entry_changelist"))
    for one, name in ((notice, "notices_notice"), (world["group"], "recipients_recipientgroup"), (person, "recipients_user")):
        first, last = one.history.earliest("history_id").history_id, one.history.latest("history_id").history_id
        found.append(f"{reverse(f'admin:{name}_history_compare', args=[one.pk])}?from={first}&to={last}")
        moment = timezone.localtime() + timedelta(minutes=1)
        found.append(f"{reverse(f'admin:{name}_history_as_of', args=[one.pk])}?at_0={moment:%Y-%m-%d}&at_1={moment:%H:%M}")
    return found


@pytest.mark.parametrize("text", WORST[:1])
def test_no_page_about_one_thing_runs_what_is_in_it(alice, root, signed_in, text):
    world = hostile_world(text, 0, alice)
    NoticeService.delete(make_draft(text[:200], author=alice).pk, actor=alice)
    RecipientGroupService.delete(make_group(text[:200]).pk, actor=root, reason=text)
    with acting(root, reason=text):
        world["person"].last_name = text[:100] + " again"
        world["person"].save()
        RecipientGroup.objects.filter(pk=world["group"].pk).update(name="Was " + text[:150])
    for address in pages_of(world, root):
        refuse_script(signed_in.get(address, follow=True), address)


@pytest.mark.parametrize("text", WORST)
def test_neither_does_the_inbox_of_the_person(alice, text):
    world = hostile_world(text, 0, alice)
    reader = Client()
    reader.force_login(world["person"])
    notice = reverse("inbox:notice", args=[world["notice"].pk])
    pages = [reverse("inbox:index"), f"{reverse('inbox:index')}?q=xss", notice, reverse("inbox:account"), "/admin/"]
    shown = "".join(refuse_script(reader.get(address, follow=True), address) for address in pages)
    assert "XSS" in shown
    NoticeService.withdraw(world["notice"].pk, actor=alice, reason=text)
    refuse_script(reader.get(notice), "withdrawn")
    download = reader.get(reverse("inbox:attachment", args=[world["notice"].pk, world["attachment"].pk]))
    assert download.status_code == 410


@pytest.mark.parametrize("text", WORST[1:])
def test_what_an_address_asks_for_is_not_run_either(alice, dave, signed_in, text):
    """Searches, filters, pages that do not exist, and where the sign-in would lead."""
    make_published(author=alice, people=(dave,))
    names = ("notices_notice", "recipients_user", "recipients_recipient", "recipients_recipientgroup", "audit_entry", "notices_category")
    for name in names:
        address = reverse(f"admin:{name}_changelist")
        for asked in ({"q": text}, {"e": text, "p": text, "o": text}, {"status__exact": text, "thing": text, "operation": text}):
            refuse_script(signed_in.get(address, asked, follow=True), (name, *asked))
    reader = Client()
    reader.force_login(dave)
    for address in (reverse("inbox:index"), "/sign-in/", reverse("inbox:account")):
        refuse_script(reader.get(address, {"q": text, "next": text, "filter": text}, follow=True), address)
    refuse_script(Client().get("/sign-in/", {"next": text}), "next")
    for client in (signed_in, reader):
        for start in ("/", "/inbox/", "/admin/"):
            refuse_script(client.get(start + text.replace("/", "").replace("?", "").replace("#", ""), follow=True), start)


@pytest.mark.parametrize("text", VECTORS)
def test_the_mail_is_text_too(alice, mailbox, text):
    category = make_category(text[:80])
    notice = make_draft(text[:200], author=alice, content=f"<p>Look</p>{text}", category=category)
    with NoticeMailer(notice) as mailer:
        outcome = mailer.send(7, text[:100], "dave@example.org")
    assert outcome.state == "sent"
    message = mailbox.messages[-1]
    html = message.get_body(["html"]).get_content()
    assert problems(html) == []
    assert message.get_body(["plain"]).get_content_type() == "text/plain"


@pytest.mark.django_db(transaction=True)  # an export reads on a connection of its own
def test_exports_hold_text_and_no_formula(alice, signed_in):
    for text in VECTORS:
        with acting(alice, reason=text):
            make_recipient(text[:200])
    answer = signed_in.post(reverse("admin:audit_export"), {"format": "csv"})
    assert answer["Content-Type"].startswith("text/csv")
    assert answer["Content-Disposition"].startswith("attachment")
    rows = list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    numbers = re.compile(r"-?\d+")
    assert len(rows) > len(VECTORS)
    assert not [cell for row in rows for cell in row if cell and cell[0] in DANGEROUS and not numbers.fullmatch(cell)]
    assert any("alert('XSS')" in cell for row in rows for cell in row)
