"""`python -m tests.screenshots [ADDRESS]`: take the README's pictures from a running demo, and change nothing in it.

The address is http://localhost:8000 unless given here or by DEMO_URL. The pictures go to docs/images.
"""

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Browser, Error, Page, Route, sync_playwright

from backoffice.demo import cast

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "images"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--font-render-hinting=none"]
DESK, LOW_DESK, PHONE = (1440, 900), (1440, 560), (390, 844)
LARGEST = 200_000  # bytes of a picture

DRAFT = "Volunteers wanted for the Keldmoor reservoir path"
IN_REVIEW = "Near miss at Leeds bay 4: keep pedestrians and trucks apart"
APPROVED = "Confined spaces: nobody enters before the rescue team has answered"
PUBLISHED = "Free flu vaccination: clinics at every main site"
ACKNOWLEDGED = "Stop using yellow 2-tonne web slings from batch WS-4471"
TO_ACKNOWLEDGE = "Winter driving: checks before you set off and when not to go"


@dataclass(frozen=True, slots=True)
class Picture:
    """`go` brings the page of `person`, who has signed in already, to what is to be seen."""

    name: str
    person: str
    go: Callable[[Page], object]
    size: tuple[int, int] = DESK
    dark: bool = False


def today(page: Page) -> None:
    page.goto("/admin/")


def write(page: Page) -> None:
    _open_notice(page, DRAFT)
    page.locator(".ProseMirror").wait_for()


def audience(page: Page) -> None:
    _open_notice(page, DRAFT)
    page.get_by_role("link", name="Audience", exact=True).click()
    page.get_by_role("link", name=re.compile("^In more than once")).click()
    page.get_by_role("table").scroll_into_view_if_needed()
    page.mouse.wheel(0, 260)


def approval(page: Page) -> None:
    _open_notice(page, IN_REVIEW)
    page.get_by_role("link", name="Approval", exact=True).click()


def publish(page: Page) -> None:
    _open_notice(page, APPROVED)
    page.get_by_role("link", name=re.compile("^Publish to")).click()
    page.get_by_role("button", name=re.compile("^Publish to")).wait_for()


def delivery(page: Page) -> None:
    _open_notice(page, PUBLISHED)
    page.get_by_role("link", name="Delivery", exact=True).click()


def readers(page: Page) -> None:
    _open_notice(page, ACKNOWLEDGED)
    page.get_by_role("link", name="Readers", exact=True).click()


def group(page: Page) -> None:
    page.goto("/admin/recipients/recipientgroup/?q=Night+shift")
    page.get_by_role("link", name="Night shift", exact=True).click()


def spreadsheet(page: Page) -> None:
    page.goto("/admin/recipients/import/")
    page.get_by_role("link", name="Import 1", exact=True).click()
    page.get_by_role("heading", name=re.compile("rows are wrong")).wait_for()


def spreadsheet_preview(page: Page) -> None:
    spreadsheet(page)
    page.get_by_role("heading", name="What would happen").scroll_into_view_if_needed()
    page.mouse.wheel(0, 560)
    page.wait_for_timeout(200)


def access(page: Page) -> None:
    page.goto("/admin/recipients/recipient/?q=Facilities")
    page.get_by_role("link", name="Facilities", exact=True).click()
    page.get_by_role("link", name="Access", exact=True).click()


def inbox(page: Page) -> None:
    page.goto("/inbox/")


def notice(page: Page) -> None:
    inbox(page)
    page.get_by_role("link", name=TO_ACKNOWLEDGE).click()
    page.get_by_role("button", name="I have read and understood this notice").scroll_into_view_if_needed()


def timeline(page: Page) -> None:
    page.goto("/admin/audit/entry/")


def history(page: Page) -> None:
    _open_notice(page, ACKNOWLEDGED)
    page.get_by_role("link", name="History", exact=True).click()


def compare(page: Page) -> None:
    history(page)
    page.locator("input[name=old]").last.check()
    page.get_by_role("button", name="Compare the two versions").click()
    page.wait_for_load_state()


def seals(page: Page) -> None:
    page.goto("/admin/audit/seals/")


PICTURES = (
    Picture("timeline", "carol", timeline),
    Picture("history", "carol", history),
    Picture("compare", "carol", compare),
    Picture("seals", "carol", seals),
    Picture("today", "alice", today),
    Picture("today-dark", "alice", today, dark=True),
    Picture("write", "alice", write),
    Picture("audience", "alice", audience),
    Picture("approval", "erin", approval),
    Picture("publish", "erin", publish, size=LOW_DESK),
    Picture("delivery", "alice", delivery),
    Picture("readers", "carol", readers),
    Picture("group", "frank", group),
    Picture("access", "grace", access),
    Picture("import-problems", "frank", spreadsheet),
    Picture("import-preview", "frank", spreadsheet_preview),
    Picture("inbox-phone", "dave", inbox, size=PHONE),
    Picture("notice-phone", "dave", notice, size=PHONE),
)


def _open_notice(page: Page, title: str) -> None:
    page.goto(f"/admin/notices/notice/?q={quote(' '.join(title.split()[:3]))}")
    page.get_by_role("link", name=title, exact=True).click()
    page.get_by_role("navigation", name="Pages of this notice").wait_for()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.screenshots", description=__doc__)
    parser.add_argument("address", nargs="?", default=os.environ.get("DEMO_URL", "http://localhost:8000"))
    parser.add_argument("--only", default="", help="the beginning of a name, such as inbox")
    options = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    chosen = [picture for picture in PICTURES if picture.name.startswith(options.only)]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            return _take_all(browser, options.address, chosen)
        finally:
            browser.close()


def _take_all(browser: Browser, address: str, pictures: Iterable[Picture]) -> int:
    failed = 0
    for picture in pictures:
        try:
            path = _take(browser, address, picture)
        except Error as error:
            failed += 1
            sys.stdout.write(f"✗ {picture.name}: {error.message.splitlines()[0]} Does the demo run at {address}?\n")
        else:
            size = path.stat().st_size
            sys.stdout.write(f"✓ {path.name}, {size // 1000} kB{', too large for a README' if size > LARGEST else ''}\n")
    return 1 if failed else 0


def _take(browser: Browser, address: str, picture: Picture) -> Path:
    width, height = picture.size
    context = browser.new_context(
        base_url=address,
        viewport={"width": width, "height": height},
        color_scheme="dark" if picture.dark else "light",
        reduced_motion="reduce",
        locale="en-GB",
        timezone_id="Europe/London",
    )
    context.set_default_timeout(15_000)
    page = context.new_page()
    _sign_in(page, picture.person)
    context.route("**/*", _let_only_reading_pass)
    picture.go(page)
    page.wait_for_load_state("networkidle")
    page.evaluate("document.fonts.ready")
    page.mouse.move(0, 0)
    path = FOLDER / f"{picture.name}.png"
    page.screenshot(path=path, animations="disabled", caret="hide")
    context.close()
    return path


def _sign_in(page: Page, person: str) -> None:
    page.goto("/sign-in/")
    page.get_by_label("Username").fill(person)
    page.get_by_label("Password").fill(cast.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile("/(admin|inbox)/$"))


def _let_only_reading_pass(route: Route) -> None:
    """A picture of an unread notice does not make it read."""
    if route.request.method in {"GET", "HEAD"}:
        route.continue_()
    else:
        route.abort()


if __name__ == "__main__":
    sys.exit(main())
