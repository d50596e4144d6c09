"""A spreadsheet on its way in, walked by a data steward in a browser, with a worker that does the work."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from backoffice.permissions import Role
from recipients.models import Import, ImportRow, RecipientGroup
from tests.flows.conftest import Visitor
from tests.makers import make_group, make_person, make_recipient
from tests.recipients.importing.conftest import members
from tests.recipients.imports.test_nasty_files import FOLDER, OUTCOMES

pytestmark = pytest.mark.django_db(transaction=True)
WAIT = 20_000  # ms, for a worker that has just started


@pytest.fixture
def night() -> RecipientGroup:
    make_person("ben", employee_number="00043")
    return make_group(
        "Night shift", code="N", people=(make_person("ann", employee_number="00042"),), recipients=(make_recipient(code="SEC"),)
    )


@pytest.fixture
def frank(visitor) -> Visitor:
    return visitor(make_person("frank", role=Role.STEWARD))


def upload(page: Page, file: Path, mode: str) -> None:
    page.goto("/admin/recipients/import/")
    page.get_by_role("link", name="Add").first.click()
    page.get_by_label("Spreadsheet", exact=True).set_input_files(file)
    page.get_by_label(mode, exact=True).check()
    page.get_by_role("button", name="Upload and check").click()


def test_a_messy_file_is_mended_imported_and_taken_back(frank, night, worker, tmp_path):
    page = frank.page
    file = tmp_path / "Nights (final) v2.csv"
    file.write_text("sep=;\nGROUP_code;E-Mail;Note\nN;ben@example.org;\nN;bem@example.org;typo\n", encoding="utf-8-sig")
    upload(page, file, "Replace")
    expect(page.get_by_role("heading", name="1 row is wrong")).to_be_visible(timeout=WAIT)
    cell = page.get_by_role("cell", name=re.compile("bem@example.org"))
    expect(cell).to_contain_text("Nobody has this e-mail address.")
    frank.check_accessible()

    with page.expect_download() as download:
        page.get_by_role("link", name="Download only the wrong rows").click()
    mended = tmp_path / "mended.csv"
    mended.write_text(download.value.path().read_text(encoding="utf-8-sig").replace("bem@", "ann@"))
    page.get_by_label("The same rows, mended").set_input_files(mended)
    page.get_by_role("button", name="Upload the mended rows").click()
    expect(page.get_by_role("heading", name="Add 1 member?")).to_be_visible(timeout=WAIT)
    expect(page.get_by_text("Recipients stay in the groups")).to_be_visible()
    frank.check_accessible()

    page.get_by_role("button", name="Add 1 member").click()
    expect(page.get_by_role("heading", name="Imported", exact=True)).to_be_visible(timeout=WAIT)
    assert members(night) == {"ann", "ben", night.recipientgrouprecipient_set.get().recipient.code}
    frank.check_accessible()

    page.get_by_role("link", name="Undo…").click()
    expect(page.get_by_text("1 member that it added is taken out.")).to_be_visible()
    frank.check_accessible()
    page.get_by_role("button", name="Undo the import").click()
    expect(page.get_by_role("heading", name="Imported, and undone")).to_be_visible(timeout=WAIT)
    assert "ben" not in members(night)


def test_a_file_from_windows_is_looked_at_before_it_is_read(frank, night, worker, tmp_path):
    page = frank.page
    file = tmp_path / "windows.csv"
    file.write_bytes("Group code,Group name,Employee number\nN,Équipe de nuit,00043\n".encode("cp1252"))
    upload(page, file, "Add")
    expect(page.get_by_text("Équipe de nuit")).to_be_visible(timeout=WAIT)
    frank.check_accessible()
    page.get_by_role("button", name="The names read well: go on like this").click()
    expect(page.get_by_role("heading", name="Add 1 member?")).to_be_visible(timeout=WAIT)


def test_the_upload_page_works_on_a_phone(frank, night):
    frank.page.set_viewport_size({"width": 320, "height": 700})
    frank.open("/admin/recipients/import/add/")
    assert frank.page.evaluate("document.documentElement.scrollWidth") <= 320
    frank.check_accessible()
    assert not Import.objects.exists()


# One for each way in which the page says it; `tests/recipients/importing/test_nasty_files.py` reads them all.
SEEN = (
    "unbalanced_quote.csv",
    "misspelt_header.csv",
    "title_rows.csv",
    "page.csv",
    "short_row.csv",
)


def test_files_of_the_fixtures_say_in_the_browser_what_their_table_says(frank, night, worker):
    page = frank.page
    rows = {row["file"]: row for row in OUTCOMES}
    for name in SEEN:
        upload(page, FOLDER / name, "Replace")
        expect(page.get_by_text(rows[name]["words"]).first).to_be_visible(timeout=WAIT)
    frank.check_accessible()
    assert not Import.objects.exclude(state__in=("unreadable", "checked")).exists()
    assert len(members(night)) == 2  # header or not, nobody was removed


def test_reading_can_be_stopped_and_leaves_nothing(frank, night, worker, tmp_path):
    file = tmp_path / "long.csv"
    file.write_text("Group code,Employee number\n" + "N,00043\n" * 900_000)
    upload(frank.page, file, "Add")
    expect(frank.page.get_by_text("Reading and checking rows")).to_be_visible(timeout=WAIT)
    frank.page.get_by_role("button", name="Stop").click()
    expect(frank.page.get_by_role("heading", name="Nothing was changed")).to_be_visible(timeout=WAIT)
    assert not ImportRow.objects.exists()
