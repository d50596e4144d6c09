"""The path of a notice from draft to acknowledged, walked by its people in a browser."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from backoffice.clock import today
from notices.models import Delivery, Notice, ReadAcknowledgment
from tests.flows.conftest import Visitor
from tests.makers import make_category, make_draft, make_group, make_person, make_recipient
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def organisation(alice, dave):
    crew = tuple(make_person() for _ in range(5))
    gone = make_person("gone", is_active=False)
    leeds = make_recipient("Site Leeds", members=(dave, *crew, gone))
    make_group("Night shift", recipients=(leeds,), people=(make_person("zoe"),))
    make_category("Facilities", requires_acknowledgement=True)
    make_person("victor", first_name="Victor", last_name="Visitor")


def write_notice(author: Visitor, tmp_path) -> None:
    page = author.page
    page.goto("/admin/notices/notice/")
    page.get_by_role("link", name="Add").first.click()
    page.get_by_label("Title").fill("Car park closed")
    page.get_by_label("Category").select_option(label="Facilities")
    editor = page.locator(".ProseMirror")
    editor.click()
    editor.press_sequentially("The north car park is closed on Monday.", delay=5)
    expect(page.get_by_label("Must be acknowledged")).to_be_checked()  # the category asks for it
    page.get_by_label("Acknowledge by").fill((today() + timedelta(days=7)).strftime("%d/%m/%Y"))
    page.get_by_label("Acknowledge by").press("Escape")
    page.get_by_role("link", name=re.compile("Add another")).click()
    rota = tmp_path / "rota.csv"
    rota.write_text("day,who\nMonday,Ann\n")
    page.locator("#id_attachments-0-file").set_input_files(rota)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Choose who gets it")).to_be_visible()


def choose(author: Visitor, label: str, name: str) -> None:
    field = author.page.locator(".bo-field", has_text=label)
    field.locator(".select2-search__field").click()
    field.locator(".select2-search__field").press_sequentially(name[:4], delay=20)
    author.page.locator(".select2-results__option", has_text=name).click()


def publish_from(page) -> None:
    page.get_by_role("link", name="Publish to 8 people").click()
    expect(page.get_by_text("goes on show for 8 people")).to_be_visible()
    page.get_by_role("button", name="Publish to 8 people").click()


@pytest.mark.timeout(240)
def test_a_notice_goes_from_draft_to_acknowledged(visitor, organisation, worker, mailbox, alice, dave, tmp_path):
    author = visitor(alice)
    author.page.goto("/")
    expect(author.page).to_have_url(re.compile("/admin/$"))
    author.check_accessible()

    write_notice(author, tmp_path)
    author.check_accessible()
    choose(author, "Recipients: departments", "Site Leeds")
    choose(author, "Recipient groups", "Night shift")
    choose(author, "Single people", "Visitor")
    author.page.get_by_role("button", name="Save and show the people").click()

    expect(author.page.get_by_role("heading", name="8 people will get it")).to_be_visible()
    expect(author.page.get_by_text("1 is left out: the account is inactive.")).to_be_visible()
    expect(author.page.get_by_text("6 are reached in more than one way and told once.")).to_be_visible()
    expect(author.page.get_by_role("row", name=re.compile("Dave.*Site Leeds, Night shift"))).to_be_visible()
    expect(author.page.get_by_role("row", name=re.compile("Victor.*named"))).to_be_visible()
    author.check_accessible()

    publish_from(author.page)
    expect(author.page.get_by_text("is published to 8 people")).to_be_visible()
    # The page counts by itself while the worker mails.
    expect(author.page.locator(".bo-figure-sent dd")).to_have_text("8")
    author.check_accessible()
    assert sorted(mailbox.recipients) == sorted(Delivery.objects.values_list("person__email", flat=True))

    [mail] = mailbox.to(dave.email)
    assert "The north car park is closed on Monday." in mail.get_body(("plain",)).get_content()
    link = re.search(r"http://\S+/inbox/notices/\d+/", mail.get_body(("plain",)).get_content())[0]

    reader = visitor(viewport={"width": 390, "height": 844})
    reader.page.goto(link)
    reader.page.get_by_label("Username").fill("dave")
    reader.page.get_by_label("Password").fill("correct horse battery staple")
    reader.check_accessible()
    reader.page.get_by_role("button", name="Sign in").click()
    expect(reader.page.get_by_role("heading", name="Car park closed")).to_be_visible()
    reader.check_accessible()
    reading = eventually(lambda: ReadAcknowledgment.objects.filter(user=dave).first())
    assert reading.acknowledged_at is None  # opening is not acknowledging
    reader.page.get_by_role("button", name="I have read and understood this notice").click()
    expect(reader.page.get_by_text("You acknowledged this on")).to_be_visible()
    with reader.page.expect_download() as download:
        reader.page.get_by_role("link", name="rota.csv").click()
    assert download.value.path().read_text().startswith("day,who")

    author.page.reload()
    expect(author.page.locator(".bo-figures")).to_contain_text("Acknowledged1")
    author.page.get_by_role("link", name="Readers", exact=True).click()
    expect(author.page.get_by_text("1 of 8 have opened it. 1 have acknowledged it.")).to_be_visible()
    author.check_accessible()

    withdraw_delete_and_restore(author)
    assert len(mailbox.recipients) == 8  # restoring sent nothing
    reader.page.goto(link)
    expect(reader.page.get_by_text("withdrawn").first).to_be_visible()


def withdraw_delete_and_restore(author: Visitor) -> None:
    page = author.page
    page.get_by_role("link", name="Withdraw").click()
    page.get_by_label("Reason").fill("The work was moved.")
    author.check_accessible()
    page.get_by_role("button", name="Withdraw").click()
    expect(page.get_by_text("“Car park closed” is withdrawn.")).to_be_visible()
    page.get_by_role("link", name="Delete", exact=True).click()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("“Car park closed” is in the trash.")).to_be_visible()

    page.get_by_role("link", name="Trash").click()
    row = page.get_by_role("row", name=re.compile("Car park closed.*Alice"))
    author.check_accessible()
    row.get_by_role("link", name="Restore").click()
    expect(page.get_by_text("Nothing is sent, and nobody is told again.")).to_be_visible()
    page.get_by_role("button", name="Restore").click()
    expect(page.get_by_text("is restored. Nothing was sent.")).to_be_visible()


def test_two_tabs_publish_once(visitor, organisation, alice, dave):
    notice = make_draft(author=alice, people=(dave,))
    first, second = visitor(alice), visitor(alice)
    for one in (first, second):
        one.page.goto(f"/admin/notices/notice/{notice.pk}/do/publish/")
    for one in (first, second):
        one.page.get_by_role("button", name="Publish to 1 person").click()

    expect(first.page.get_by_text("is published to 1 person")).to_be_visible()
    expect(second.page.get_by_text("“Fire drill” is already published.")).to_be_visible()
    assert Delivery.objects.count() == 1


def test_a_bulk_act_judges_each_notice_on_its_own(visitor, organisation, alice, dave):
    good = [make_draft(f"Good {number}", author=alice, people=(dave,)) for number in range(3)]
    bad = make_draft("Addressed to nobody", author=alice)
    author = visitor(alice)
    author.page.goto("/admin/notices/notice/")
    author.check_accessible()
    for box in author.page.locator("input.action-select").all():
        box.check()
    author.page.locator("select[name=action]").select_option(label="Publish")
    author.page.get_by_role("button", name="Run").click()
    author.check_accessible()
    author.page.get_by_role("button", name="Publish").click()

    expect(author.page.get_by_text("3 published, 1 refused: “Addressed to nobody” addresses nobody.")).to_be_visible()
    assert Notice.objects.filter(pk__in=[n.pk for n in good], status="published").count() == 3
    bad.refresh_from_db()
    assert bad.status == "draft"


def test_the_second_of_two_editors_is_told_what_differs(visitor, organisation, alice, grace):
    notice = make_draft(author=alice)
    first, second = visitor(alice), visitor(grace)
    for one in (first, second):
        one.page.goto(f"/admin/notices/notice/{notice.pk}/change/")
    first.page.get_by_label("Title").fill("Fire drill on Tuesday")
    first.page.get_by_role("button", name="Save", exact=True).click()
    expect(first.page.get_by_text("was changed successfully")).to_be_visible()
    second.page.get_by_label("Title").fill("Fire drill on Wednesday")
    second.page.get_by_role("button", name="Save", exact=True).click()

    expect(second.page.get_by_text("Alice Tester saved this notice")).to_be_visible()
    expect(second.page.get_by_text("Title: theirs is “Fire drill on Tuesday”.")).to_be_visible()
    expect(second.page.get_by_label("Title")).to_have_value("Fire drill on Wednesday")  # what was typed is kept
    notice.refresh_from_db()
    assert notice.title == "Fire drill on Tuesday"
