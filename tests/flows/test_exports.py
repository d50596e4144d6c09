"""A list taken away in a browser: a short one at once, a long one when a worker has made it."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from audit.pages import list_exports
from tests.audit.exported import rows_of, sheet_of
from tests.makers import make_draft

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def page(visitor, alice):
    for number in range(4):
        make_draft(f"Drill {number}", author=alice)
    make_draft("Canteen", author=alice, content="<p>Soup.</p>")
    page = visitor(alice).page
    page.goto("/admin/notices/notice/?q=drill")
    return page


def export(page, button: str) -> None:
    page.locator("details.bo-export summary").click()
    page.get_by_role("form", name="Export: Notices").get_by_role("button", name=button).click()


@pytest.mark.parametrize(("button", "read"), [("CSV", rows_of), ("Excel", sheet_of)])
def test_a_short_list_is_downloaded_with_the_filters_of_the_page(page, button, read):
    with page.expect_download() as waiting:
        export(page, button)
    assert len(read(Path(waiting.value.path()).read_bytes())) == 4 + (button == "Excel")  # with its headings
    assert "-4-rows." in waiting.value.suggested_filename


def test_a_long_list_is_made_while_one_looks_on(page, worker, monkeypatch):
    monkeypatch.setattr(list_exports, "MOST_AT_ONCE", 2)
    export(page, "CSV")
    link = page.get_by_role("link", name=re.compile("^Download"))
    expect(link).to_be_visible(timeout=30_000)
    with page.expect_download() as waiting:
        link.click()
    rows = rows_of(Path(waiting.value.path()).read_bytes())
    assert [row["Title"] for row in rows] == [f"Drill {number}" for number in (3, 2, 1, 0)]
